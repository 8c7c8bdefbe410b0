/* known_hosts as a command reads it: points judged once, never not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/local.h"
#include "keys/public.h"
#include "tests/unit/wire/verify/pair.h"
#include "tests/unit/wire/verify/scratch.h"

/* A point of order 4, which libsodium lets nobody verify with by itself. */
#define SMALL_POINT                                                            \
	"0000000000000000000000000000000000000000000000000000000000000000"

static void
line_make(const struct public_key *key, const char *host, char *out, size_t n)
{
	char text[PUBLIC_LINE_MAX];

	public_format(key, "", text);
	assert_true((size_t)snprintf(out, n, "%s %s\n", host, text) < n);
}

/* A key of the large group with a bit of the small one in it. */
static void
mixed_make(struct public_key *key)
{
	uint8_t small[32];
	struct pair pair;

	pair_make(&pair, KEY_ED25519, 1);
	assert_int_equal(
	    sodium_hex2bin(small, 32, SMALL_POINT, 64, NULL, NULL, NULL), 0);
	*key = pair.key;
	assert_int_equal(
	    crypto_core_ed25519_add(key->bytes, pair.key.bytes, small), 0);
}

static bool
reads(struct scratch *scratch, char error[static CTL_ERROR_MAX])
{
	char path[PATH_MAX], cache[PATH_MAX];
	struct settings settings = { .known_hosts = path, .cache = cache };
	struct known_hosts *known;

	strcpy(path, scratch_path(scratch, "known_hosts"));
	strcpy(cache, scratch_path(scratch, "cache"));
	known = local_known_hosts(&settings, error);
	if (known == NULL)
		return false;
	known_hosts_free(known);
	return true;
}

static void
write_line(struct scratch *scratch, const struct public_key *key)
{
	char line[PUBLIC_LINE_MAX + 16];

	line_make(key, "a.example.com", line, sizeof line);
	scratch_write(scratch, "known_hosts", line, strlen(line));
	chmod(scratch_path(scratch, "known_hosts"), 0600);
}

/* What was refused is refused again; nothing of it is remembered. */
static void
bad_point_refused(void **state)
{
	char error[CTL_ERROR_MAX];
	struct public_key mixed;

	mixed_make(&mixed);
	write_line(*state, &mixed);
	for (int i = 0; i < 2; i++) {
		assert_false(reads(*state, error));
		assert_non_null(strstr(error, "known_hosts:1:"));
	}
}

/* A file that passed does not vouch for the next one. */
static void
each_text_is_judged(void **state)
{
	char error[CTL_ERROR_MAX];
	struct public_key mixed;
	struct pair pair;

	pair_make(&pair, KEY_ED25519, 2);
	write_line(*state, &pair.key);
	assert_true(reads(*state, error));
	assert_int_equal(
	    access(scratch_path(*state, "cache/judged-known-hosts"), R_OK), 0);
	assert_true(reads(*state, error));
	mixed_make(&mixed);
	write_line(*state, &mixed);
	assert_false(reads(*state, error));
}

/* Others' word on what was judged does not count. */
static void
open_cache_is_not_believed(void **state)
{
	const char *judged = "cache/judged-known-hosts";
	char error[CTL_ERROR_MAX], line[PUBLIC_LINE_MAX + 16];
	uint8_t digest[crypto_hash_sha256_BYTES];
	struct public_key mixed;

	mixed_make(&mixed);
	write_line(*state, &mixed);
	line_make(&mixed, "a.example.com", line, sizeof line);
	crypto_hash_sha256(digest, (const uint8_t *)line, strlen(line));
	scratch_write(*state, judged, digest, sizeof digest);
	chmod(scratch_path(*state, judged), 0666);
	assert_false(reads(*state, error));
	chmod(scratch_path(*state, judged), 0600);
	assert_true(reads(*state, error));
}

static int
teardown(void **state)
{
	unlink(scratch_path(*state, "cache/judged-known-hosts"));
	rmdir(scratch_path(*state, "cache"));
	return scratch_teardown(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_point_refused),
		cmocka_unit_test(each_text_is_judged),
		cmocka_unit_test(open_cache_is_not_believed),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, scratch_setup, teardown);
}
