#include "ctl/hellos.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/slurp.h"
#include "ctl/local.h"
#include "wire/request.h"
#include "wire/sign.h"

/* The file: this line, then a string host and a string envelope for each. */
static const char magic[] = "amiral hellos 1\n";
#define MAGIC_LEN (sizeof magic - 1)

static void
row_clear(struct hello_row *row)
{
	if (row->envelope == NULL)
		return;
	free(row->envelope);
	hello_clear(&row->hello);
	*row = (struct hello_row){ .envelope = NULL };
}

/*
 * Whose hello it is, by name and key. In a rotation two keys sign, the old
 * one first: any that the host is known by will do, a revoked one never.
 */
static bool
key_is_current(const struct known_hosts *known, size_t host,
    const struct envelope *envelope, struct public_key *key)
{
	const char *name = known_hosts_name(known, host);
	bool found = false;

	for (unsigned i = 0; i < envelope->signatures; i++) {
		const struct public_key *k = &envelope->signature[i].key;
		enum status status = known_hosts_check(known, name, k);

		if (status == STATUS_REVOKED)
			return false;
		if (status == STATUS_OK && !found) {
			*key = *k;
			found = true;
		}
	}
	return found;
}

/* An envelope whose signatures were verified, now or when it was cached. */
static bool
read_row(const struct hellos *h, size_t host, const struct envelope *envelope,
    struct hello_row *out)
{
	struct hello_row row = { .envelope = NULL };

	if (!key_is_current(h->known, host, envelope, &row.key) ||
	    hello_parse(envelope->payload, envelope->payload_len, &row.hello) !=
		STATUS_OK)
		return false;
	if (strcmp(row.hello.hostname, known_hosts_name(h->known, host)) != 0 ||
	    strcmp(row.hello.fleet, h->fleet) != 0 ||
	    row.hello.signatures != envelope->signatures) {
		hello_clear(&row.hello);
		return false;
	}
	*out = row;
	return true;
}

static void
store_row(struct hellos *h, size_t host, const struct hello_row *row,
    const uint8_t *bytes, size_t len)
{
	row_clear(&h->rows[host]);
	h->rows[host] = *row;
	h->rows[host].len = len;
	h->rows[host].envelope = malloc(len);
	if (h->rows[host].envelope == NULL)
		fatal("out of memory");
	memcpy(h->rows[host].envelope, bytes, len);
}

/* An entry that is not a known host's any more is left out. */
static bool
load_entry(void *arg, const char *name, const uint8_t *bytes, size_t len)
{
	struct hellos *h = arg;
	long host = known_hosts_find(h->known, name);
	struct envelope envelope;
	struct hello_row row;

	if (host >= 0 &&
	    envelope_read(bytes, len, ENVELOPE_HELLO, &envelope) == STATUS_OK &&
	    read_row(h, (size_t)host, &envelope, &row))
		store_row(h, (size_t)host, &row, bytes, len);
	else
		h->changed = true;
	return true;
}

/* One entry of the file; false to look no further. */
typedef bool entry_fn(
    void *arg, const char *name, const uint8_t *bytes, size_t len);

static void
each_entry(const char *text, size_t len, entry_fn *fn, void *arg)
{
	char name[HOSTNAME_MAX + 1];
	const uint8_t *bytes;
	struct cursor c;
	size_t size;

	if (len < MAGIC_LEN || memcmp(text, magic, MAGIC_LEN) != 0)
		return;
	cursor_init(&c, text + MAGIC_LEN, len - MAGIC_LEN);
	while (!c.bad && !cursor_done(&c)) {
		cursor_text(&c, name, sizeof name);
		bytes = cursor_string(&c, &size);
		if (bytes != NULL && !fn(arg, name, bytes, size))
			return;
	}
}

/* The digest of nothing is kept: the file is trusted because it is ours. */
static void
read_cache(const char *path, entry_fn *fn, void *arg)
{
	char error[FILE_ERROR_MAX];
	struct stat st;
	char *text;
	size_t len;
	int fd;

	if (access(path, F_OK) != 0)
		return;
	fd = file_open(path, FILE_SECRET, HELLOS_FILE_MAX, error);
	if (fd == -1) {
		log_warning("%s", error);
		return;
	}
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    (text = slurp(fd, HELLOS_FILE_MAX, &len)) != NULL) {
		each_entry(text, len, fn, arg);
		free(text);
	}
	close(fd);
}

void
hellos_init(struct hellos *h, const struct known_hosts *known,
    const char *directory, const char *fleet)
{
	*h = (struct hellos){ .known = known, .fleet = fleet };
	h->rows = calloc(known_hosts_count(known) + 1, sizeof *h->rows);
	if (h->rows == NULL)
		fatal("out of memory");
	if (directory == NULL)
		return;
	if (asprintf(&h->path, "%s/%s", directory, fleet) == -1)
		fatal("out of memory");
	read_cache(h->path, load_entry, h);
}

static void
note_rotation(struct hellos *h, size_t host, const struct public_key *old,
    const struct public_key *new, bool over)
{
	struct rotation *grown =
	    reallocarray(h->rotations, h->rotation_count + 1, sizeof *grown);

	if (grown == NULL)
		fatal("out of memory");
	h->rotations = grown;
	grown[h->rotation_count++] =
	    (struct rotation){ host, *old, *new, over };
}

/* Redis forgets a hello after HELLO_EXPIRY_MS: what is older is repeated. */
static bool
is_fresh(const struct hello *hello)
{
	return hello->at >= clock_wall_ms() - HELLO_EXPIRY_MS - REQUEST_SKEW_MS;
}

static void
say_repeated(const char *name, const struct envelope *envelope)
{
	char fingerprint[FINGERPRINT_SIZE];
	unsigned newest = envelope->signatures - 1;

	sign_fingerprint(&envelope->signature[newest].key, fingerprint);
	log_warning("%s: ALARM: an old hello that rotates its key to %s is "
		    "not followed: Redis repeats it, or the host's clock is "
		    "behind. A host that rotates says so each minute: set its "
		    "clock and ask again, or compare the fingerprint on the "
		    "host itself and change its line by hand",
	    name, fingerprint);
}

/*
 * Two lines: the old key, which must be the one that is known, vouches for
 * the new one. The first that comes is followed; a second one from the same
 * old key is an alarm. Where the newer of two known keys signs first, or
 * alone, the older one is done with. An old hello moves nothing.
 */
static void
look_at_keys(struct hellos *h, size_t host, const struct envelope *envelope)
{
	const struct hello *hello = &h->rows[host].hello;
	const char *name = known_hosts_name(h->known, host);
	const struct public_key *older = known_hosts_key(h->known, host);
	const struct public_key *first = &envelope->signature[0].key;
	const struct public_key *second = &envelope->signature[1].key;
	size_t keys = known_hosts_key_count(h->known, host);
	bool is_over;

	if (known_hosts_check(h->known, name, first) != STATUS_OK)
		return;
	is_over = keys == 2 && !public_key_equal(first, older);
	if (!is_over &&
	    (envelope->signatures == 1 ||
		known_hosts_check(h->known, name, second) == STATUS_OK))
		return;
	if (!is_fresh(hello))
		say_repeated(name, envelope);
	else if (is_over)
		note_rotation(h, host, older, first, true);
	else if (keys == 1 && !known_hosts_has_key(h->known, second))
		note_rotation(h, host, first, second, false);
	else
		log_warning("%s: ALARM: its key vouches for another key than "
			    "the one that it has rotated to, or for another "
			    "host's: it is not followed; somebody else may "
			    "have that key",
		    name);
}

void
hellos_take(struct hellos *h, size_t host, const uint8_t *bytes, size_t len)
{
	struct hello_row *old = &h->rows[host], row;
	struct envelope envelope;

	if (old->envelope != NULL && old->len == len &&
	    memcmp(old->envelope, bytes, len) == 0)
		return;
	h->verified++;
	if (envelope_read(bytes, len, ENVELOPE_HELLO, &envelope) != STATUS_OK ||
	    envelope_verify(&envelope, ENVELOPE_HELLO) != STATUS_OK ||
	    !read_row(h, host, &envelope, &row)) {
		h->rejected++;
		return;
	}
	/* One from the future would keep every true one out. */
	if (row.hello.at > clock_wall_ms() + REQUEST_SKEW_MS ||
	    (old->envelope != NULL && row.hello.at <= old->hello.at)) {
		hello_clear(&row.hello);
		h->rejected++;
		return;
	}
	store_row(h, host, &row, bytes, len);
	h->changed = true;
	look_at_keys(h, host, &envelope);
}

static uint8_t *
format(const struct hellos *h, size_t *len)
{
	size_t size = MAGIC_LEN, count = known_hosts_count(h->known);
	struct writer w;
	uint8_t *bytes;

	for (size_t i = 0; i < count; i++)
		if (h->rows[i].envelope != NULL)
			size += 8 + strlen(known_hosts_name(h->known, i)) +
				h->rows[i].len;
	if (size > HELLOS_FILE_MAX || (bytes = malloc(size)) == NULL)
		return NULL;
	writer_init(&w, bytes, size);
	writer_bytes(&w, magic, MAGIC_LEN);
	for (size_t i = 0; i < count; i++) {
		if (h->rows[i].envelope == NULL)
			continue;
		writer_text(&w, known_hosts_name(h->known, i));
		writer_string(&w, h->rows[i].envelope, h->rows[i].len);
	}
	*len = w.used;
	return bytes;
}

bool
hellos_save(struct hellos *h, char error[static CTL_ERROR_MAX])
{
	size_t len;
	uint8_t *bytes;
	bool good;

	if (!h->changed || h->path == NULL)
		return true;
	bytes = format(h, &len);
	if (bytes == NULL) {
		snprintf(error, CTL_ERROR_MAX,
		    "%.300s: too large: hellos are not remembered", h->path);
		return false;
	}
	local_make_directories(h->path);
	good = file_replace(h->path, 0600, bytes, len, error) == 0;
	free(bytes);
	h->changed = !good;
	return good;
}

const struct hello *
hellos_of(const struct hellos *h, size_t host)
{
	return h->rows[host].envelope != NULL ? &h->rows[host].hello : NULL;
}

void
hellos_clear(struct hellos *h)
{
	if (h->rows != NULL)
		for (size_t i = 0; i < known_hosts_count(h->known); i++)
			row_clear(&h->rows[i]);
	free(h->rows);
	free(h->rotations);
	free(h->path);
	*h = (struct hellos){ .rows = NULL };
}

/* Whose key somebody looks for, in the file. */
struct key_search {
	const char *fleet, *which;
	struct public_key *out;
	size_t found;
};

static bool
is_searched(const struct key_search *search, const char *name,
    const struct public_key *key)
{
	char fingerprint[FINGERPRINT_SIZE];

	sign_fingerprint(key, fingerprint);
	return strcmp(name, search->which) == 0 ||
	       strcmp(fingerprint, search->which) == 0;
}

static void
take_searched(struct key_search *search, const char *name,
    const struct envelope *envelope)
{
	for (unsigned i = 0; i < envelope->signatures; i++)
		if (is_searched(search, name, &envelope->signature[i].key))
			search->out[search->found++] =
			    envelope->signature[i].key;
}

static bool
search_entry(void *arg, const char *name, const uint8_t *bytes, size_t len)
{
	struct key_search *search = arg;
	struct envelope envelope;
	struct hello hello;

	if (envelope_read(bytes, len, ENVELOPE_HELLO, &envelope) != STATUS_OK ||
	    envelope.signatures > HELLO_KEYS_MAX ||
	    hello_parse(envelope.payload, envelope.payload_len, &hello) !=
		STATUS_OK)
		return true;
	if (strcmp(hello.hostname, name) == 0 &&
	    strcmp(hello.fleet, search->fleet) == 0)
		take_searched(search, name, &envelope);
	hello_clear(&hello);
	return search->found == 0;
}

size_t
hellos_find_keys(const char *directory, const char *fleet, const char *which,
    struct public_key out[static HELLO_KEYS_MAX])
{
	struct key_search search = { fleet, which, out, 0 };
	char *path;

	if (asprintf(&path, "%s/%s", directory, fleet) == -1)
		fatal("out of memory");
	read_cache(path, search_entry, &search);
	free(path);
	return search.found;
}
