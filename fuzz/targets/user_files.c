/*
 * Fuzz target: files of an operator's own that are read, changed and written
 * again: a byte says which, the rest is the file. What was read and changed
 * is read again with the change and nothing else.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/cast.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"
#include "keys/known_hosts_file.h"
#include "keys/token_record.h"
#include "tests/lib/place.h"

#define NEW_HOST "new.example.com"

static struct {
	char folder[PLACE_MAX];
	char path[PATH_MAX];
} place;

static void
place_remove(void)
{
	unlink(place.path);
	rmdir(place.folder);
}

/* One for the whole run: the tools want a folder that nobody else writes. */
static void
place_make(void)
{
	if (place.folder[0] != '\0')
		return;
	place_name(place.folder, "amiral-fuzz");
	MUST(mkdtemp(place.folder) != NULL);
	snprintf(place.path, sizeof place.path, "%s/file", place.folder);
	MUST(atexit(place_remove) == 0);
}

static void
place_put(const struct input *in)
{
	int fd = open(place.path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	MUST(fd != -1);
	MUST(write(fd, in->at, in->left) == (ssize_t)in->left);
	MUST(close(fd) == 0);
}

static void
use_record(struct token_record *r)
{
	const uint8_t digest[ENVELOPE_DIGEST_SIZE] = { 1, 2, 3 };
	char error[TOKEN_ERROR_MAX] = "";
	struct token_record again;

	MUST(token_record_use(r, digest, error));
	MUST(token_record_read(&again, place.path, error));
	MUST(token_record_has_used(&again, digest));
	MUST(token_record_left(&again) == token_record_left(r));
	MUST(again.expires == r->expires && again.uses == r->uses);
	MUST(strcmp(again.fleet, r->fleet) == 0);
	MUST(strcmp(again.host, r->host) == 0);
	MUST(memcmp(again.secret, r->secret, sizeof r->secret) == 0);
	token_record_clear(&again);
}

static void
check_record(void)
{
	char error[TOKEN_ERROR_MAX] = "";
	struct token_record r;

	if (token_record_read(&r, place.path, error)) {
		MUST(name_is_fleet(r.fleet) && glob_valid(r.host));
		MUST(r.uses >= 1 && r.uses <= TOKEN_USES_MAX);
		if (json_array_size(r.used) < TOKEN_USES_MAX)
			use_record(&r);
	} else {
		MUST(error[0] != '\0');
	}
	token_record_clear(&r);
}

/* What is not there is made: by nobody else's leave, and once. */
static void
check_new_record(const struct input *in)
{
	struct token_record r = { .uses = 1, .fleet = "paris-3f9c21aa" };
	char error[TOKEN_ERROR_MAX] = "";
	const uint8_t id[ENROLL_ID_SIZE] = { 0 };

	MUST(token_record_path(r.path, place.folder, id));
	snprintf(r.host, sizeof r.host, "%.*s", (int)(in->left % 256),
	    (const char *)in->at);
	if (token_record_create(&r, error)) {
		MUST(!token_record_create(&r, error) && error[0] != '\0');
		MUST(unlink(r.path) == 0);
	} else {
		MUST(error[0] != '\0');
	}
}

static void
check_known_hosts(void)
{
	char error[KNOWN_HOSTS_ERROR_MAX] = "";
	struct known_hosts_file file;
	size_t before;

	if (!known_hosts_file_open(&file, place.path, error)) {
		MUST(error[0] != '\0');
		return;
	}
	before = known_hosts_count(file.known);
	known_hosts_text_add(&file.content, NEW_HOST, cast_key(WWW01), false);
	if (known_hosts_file_write(&file, error)) {
		MUST(known_hosts_count(file.known) >= before);
		MUST(known_hosts_check(file.known, NEW_HOST, cast_key(WWW01)) !=
		     STATUS_HOST);
	} else {
		MUST(error[0] != '\0');
	}
	known_hosts_file_close(&file);
	MUST(known_hosts_file_open(&file, place.path, error));
	known_hosts_file_close(&file);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t which = input_u8(&in);

	fuzz_prepare();
	place_make();
	place_put(&in);
	if (which % 3 == 0)
		check_record();
	else if (which % 3 == 1)
		check_known_hosts();
	else
		check_new_record(&in);
	return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	if (size == 0 || data[0] % 3 != 0)
		return LLVMFuzzerMutate(data, size, max);
	return 1 + mutate_json(data + 1, size - 1, max - 1, seed);
}
