/*
 * What the fuzz targets' corpora hold and we accept, OpenSSH accepts. Its
 * argument is the directory of the corpora.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys/allowed_signers.h"
#include "keys/certificate.h"
#include "keys/known_hosts.h"
#include "keys/public.h"
#include "keys/secret.h"
#include "tests/unit/wire/verify/scratch.h"

#define NOW_MS 1800000000000

static const char *corpora;
static const struct scratch *scratch;
static unsigned accepted;

/* One input, with a NUL behind it. */
typedef void look_fn(const char *name, char *text, size_t len);

static void
look_at_file(const char *path, look_fn *look)
{
	char *text = calloc(1, SCRATCH_FILE_MAX + 1);
	FILE *file = fopen(path, "rb");
	size_t len;

	assert_non_null(text);
	assert_non_null(file);
	len = fread(text, 1, SCRATCH_FILE_MAX, file);
	fclose(file);
	look(path, text, len);
	free(text);
}

/* Some of a corpus has to be good, or nothing was asked. */
static void
look_at(const char *target, look_fn *look)
{
	char directory[PATH_MAX], path[2 * PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(directory, sizeof directory, "%s/%s", corpora, target);
	dir = opendir(directory);
	if (dir == NULL)
		fail_msg("%s is missing", directory);
	accepted = 0;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
		look_at_file(path, look);
	}
	closedir(dir);
	assert_true(accepted > 0);
}

static void
must_take(const char *name, const char *const command[])
{
	accepted++;
	if (scratch_run(scratch, NULL, "said", command) != 0)
		fail_msg(
		    "%s is refused by %s %s", name, command[0], command[1]);
}

static void
look_at_public(const char *name, char *text, size_t len)
{
	static const char *const command[] = { "ssh-keygen", "-l", "-f", "line",
		NULL };
	char line[PUBLIC_LINE_MAX], *rest = text;
	const char *type = strsep(&rest, " "), *base64 = strsep(&rest, " \n");
	struct public_key key;

	if (base64 == NULL || !public_from_text(&key, type, base64))
		if (!public_from_blob(&key, (const uint8_t *)text, len))
			return;
	public_format(&key, "", line);
	scratch_write(scratch, "line", line, strlen(line));
	must_take(name, command);
}

static void
look_at_secret(const char *name, char *text, size_t len)
{
	static const char *const command[] = { "ssh-keygen", "-y", "-P", "",
		"-f", "key", NULL };
	char line[PUBLIC_LINE_MAX], error[KEY_ERROR_MAX], *said;
	struct secret_key key;
	size_t said_len;

	remove(scratch_path(scratch, "key"));
	scratch_write(scratch, "key", text, len);
	if (secret_parse(&key, text, len, error) != 0)
		return;
	must_take(name, command);
	public_format(&key.public_key, "", line);
	said = scratch_read(scratch, "said", &said_len);
	assert_memory_equal(said, line, strcspn(line, "\n"));
	free(said);
	secret_free(&key);
}

static void
look_at_known_hosts(const char *name, char *text, size_t len)
{
	const char *command[] = { "ssh-keygen", "-F", NULL, "-f", "file",
		NULL };
	char error[KNOWN_HOSTS_ERROR_MAX];
	struct known_hosts *known = known_hosts_parse("file", text, len, error);

	if (known == NULL)
		return;
	scratch_write(scratch, "file", text, len);
	for (size_t i = 0; i < known_hosts_count(known); i++) {
		command[2] = known_hosts_name(known, i);
		must_take(name, command);
	}
	known_hosts_free(known);
}

static void
look_at_signers(const char *name, char *text, size_t len)
{
	const char *command[] = { "ssh-keygen", "-Y", "match-principals", "-I",
		NULL, "-f", "file", NULL };
	char error[ALLOWED_SIGNERS_ERROR_MAX];
	struct allowed_signers *signers =
	    allowed_signers_parse("file", text, len, error);

	if (signers == NULL)
		return;
	scratch_write(scratch, "file", text, len);
	for (size_t i = 0; i < allowed_signers_count(signers); i++)
		if (allowed_signers_check(signers,
			allowed_signers_key(signers, i), ENVELOPE_REQUEST,
			NOW_MS, &command[4]) == STATUS_OK)
			must_take(name, command);
	allowed_signers_free(signers);
}

static void
look_at_certificate(const char *name, char *text, size_t len)
{
	static const char *const command[] = { "ssh-keygen", "-L", "-f", "cert",
		NULL };
	struct certificate certificate;
	uint8_t blob[CERTIFICATE_MAX];

	scratch_write(scratch, "cert", text, len);
	if (certificate_line(text, blob, &len) == NULL)
		return;
	if (certificate_read(&certificate, blob, len) == CERTIFICATE_GOOD)
		must_take(name, command);
}

static void
public_lines(void **state)
{
	scratch = *state;
	look_at("public_key", look_at_public);
}

static void
secret_keys(void **state)
{
	scratch = *state;
	look_at("secret_key", look_at_secret);
}

static void
known_hosts(void **state)
{
	scratch = *state;
	look_at("known_hosts", look_at_known_hosts);
}

static void
allowed_signers(void **state)
{
	scratch = *state;
	look_at("allowed_signers", look_at_signers);
}

static void
certificates(void **state)
{
	scratch = *state;
	look_at("certificate", look_at_certificate);
}

int
main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(public_lines),
		cmocka_unit_test(secret_keys),
		cmocka_unit_test(known_hosts),
		cmocka_unit_test(allowed_signers),
		cmocka_unit_test(certificates),
	};

	if (argc != 2 || sodium_init() == -1)
		return 1;
	corpora = argv[1];
	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
