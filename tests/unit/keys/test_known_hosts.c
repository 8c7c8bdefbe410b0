/* known_hosts: what is refused and where, and who may speak for whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys/known_hosts.h"
#include "keys/public.h"
#include "tests/unit/wire/verify/pair.h"
#include "tests/unit/wire/verify/scratch.h"
#include "wire/verify/envelope.h"

#define MANY_HOSTS 3000
#define HOST_LINE  128

/* Replaced by key lines in the texts below: %1 to %9. */
static char *
expand(const char *text)
{
	char *out = calloc(1, 16384), line[PUBLIC_LINE_MAX];
	struct pair pair;
	size_t n = 0;

	assert_non_null(out);
	for (; *text != '\0'; text++) {
		if (text[0] != '%') {
			out[n++] = *text;
			continue;
		}
		pair_make(&pair, KEY_ED25519, (uint8_t) * ++text);
		public_format(&pair.key, "", line);
		n += (size_t)sprintf(out + n, "%s", line);
	}
	return out;
}

static struct known_hosts *
parse(const char *text, char *error)
{
	struct known_hosts *known;
	char *whole = expand(text);

	known = known_hosts_parse("kh", whole, strlen(whole), error);
	free(whole);
	return known;
}

static enum status
check(const struct known_hosts *known, const char *host, char number)
{
	struct pair pair;

	pair_make(&pair, KEY_ED25519, (uint8_t)number);
	return known_hosts_check(known, host, &pair.key);
}

#define RSA "AAAAB3NzaC1yc2EAAAADAQABAAAAAQM="

static const struct {
	const char *text, *start, *why;
} refusals[] = {
	{ "www\n", "kh:1: ", "missing" },
	{ "www ssh-ed25519\n", "kh:1: ", "missing" },
	{ "# a\n\nwww %1\nWWW %2\n", "kh:4: ", "lower-case" },
	{ "www. %1\n", "kh:1: ", "not a host name" },
	{ "a..b %1\n", "kh:1: ", "not a host name" },
	{ "-www %1\n", "kh:1: ", "not a host name" },
	{ "w\xc3\xa9 %1\n", "kh:1: ", "not a host name" },
	{ ",www %1\n", "kh:1: ", "not a host name" },
	{ "www, %1\n", "kh:1: ", "not a host name" },
	{ "../etc %1\n", "kh:1: ", "not a host name" },
	{ "\"www\" %1\n", "kh:1: ", "not a host name" },
	{ "* %1\n", "kh:1: ", "pattern" },
	{ "www* %1\n", "kh:1: ", "pattern" },
	{ "www? %1\n", "kh:1: ", "pattern" },
	{ "a,!b %1\n", "kh:1: ", "pattern" },
	{ "[www]:22 %1\n", "kh:1: ", "port" },
	{ "|1|c2FsdA==|aGFzaA== %1\n", "kh:1: ", "hashed" },
	{ "@revoked |1|c2FsdA==|aGFzaA== %1\n", "kh:1: ", "hashed" },
	{ "@revoked !www %1\n", "kh:1: ", "pattern" },
	{ "@revoked %1\n", "kh:1: ", "missing" },
	{ "@revoked www[12] %1\n", "kh:1: ", "not a host name" },
	{ "@Revoked * %1\n", "kh:1: ", "marker" },
	{ "@revoked @cert-authority * %1\n", "kh:1: ", "not a valid" },
	{ "@cert-authority |1|a|b %1\n", "kh:1: ", "hashed" },
	{ "@cert-authority * ssh-ed25519 AAAA\n", "kh:1: ", "not a valid" },
	{ "www ssh-ed25519 AAAAC3NzaC1lZDI1NTE5\n", "kh:1: ", "not a valid" },
	{ "www ssh-ed25519 "
	  "AAAAC3NzaC1lZDI1NTE5AAAAIAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	  "A\n",
	    "kh:1: ", "not a valid" },
	{ "www ssh-ed2551 " RSA "\n", "kh:1: ", "not a valid" },
	{ "www ssh-rsa AAAA!\n", "kh:1: ", "not a valid" },
	{ "WWW ssh-rsa " RSA "\n", "kh:1: ", "lower-case" },
	{ "a %1\nb %2\nc %1\n", "kh:3: ", "line 1" },
	{ "a %1\n\n# x\na %1\n", "kh:4: ", "line 1" },
	{ "# b\na %1\r\n", "kh:2: ", "newline alone" },
};

static void
refuses(void **state)
{
	char error[KNOWN_HOSTS_ERROR_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		error[0] = '\0';
		assert_null(parse(refusals[i].text, error));
		if (strncmp(error, refusals[i].start, 6) != 0 ||
		    strstr(error, refusals[i].why) == NULL)
			fail_msg("row %zu: %s", i, error);
	}
	assert_null(known_hosts_parse("kh", "a\0b", 3, error));
	assert_string_equal(error, "kh:1: a NUL byte: this is not a text file");
}

static void
accepts(void **state)
{
	char error[KNOWN_HOSTS_ERROR_MAX];
	struct known_hosts *known;

	(void)state;
	known = parse("@cert-authority *.example.com,x %9\n"
		      "www01,www01.example.com,10.0.0.1 %1\n"
		      "rotating %3\n"
		      "# comment\n \t\n"
		      "old ssh-rsa " RSA " skipped\n"
		      "  www02.example.com \t %2 with a comment\n"
		      "rotating %4",
	    error);
	assert_non_null(known);
	assert_int_equal(known_hosts_count(known), 5);
	assert_string_equal(known_hosts_name(known, 0), "10.0.0.1");
	assert_string_equal(known_hosts_name(known, 4), "www02.example.com");
	assert_int_equal(check(known, "www01", '1'), STATUS_OK);
	assert_int_equal(check(known, "www01.example.com", '1'), STATUS_OK);
	assert_int_equal(check(known, "www01.example.com", '2'), STATUS_HOST);
	assert_int_equal(check(known, "rotating", '3'), STATUS_OK);
	assert_int_equal(check(known, "rotating", '4'), STATUS_OK);
	assert_int_equal(check(known, "rotating", '5'), STATUS_HOST);
	assert_int_equal(check(known, "stranger", '4'), STATUS_HOST);
	assert_int_equal(check(known, "stranger", '5'), STATUS_UNKNOWN_KEY);
	assert_int_equal(check(known, "old", '5'), STATUS_UNKNOWN_KEY);
	assert_int_equal(
	    check(known, "a.example.com", '9'), STATUS_UNKNOWN_KEY);
	known_hosts_free(known);
}

/* The key beside which a wrong one is shown is the first line's. */
static void
first_key(void **state)
{
	char error[KNOWN_HOSTS_ERROR_MAX];
	struct known_hosts *known;
	struct pair pair;
	long i;

	(void)state;
	known = parse("b %5\na %4\na %3\na %9\n", error);
	assert_non_null(known);
	i = known_hosts_find(known, "a");
	assert_int_equal(i, 0);
	pair_make(&pair, KEY_ED25519, '4');
	assert_true(public_key_equal(known_hosts_key(known, 0), &pair.key));
	assert_int_equal(known_hosts_find(known, "b"), 1);
	assert_int_equal(known_hosts_find(known, "aa"), -1);
	assert_int_equal(known_hosts_find(known, ""), -1);
	assert_int_equal(known_hosts_find(known, "c"), -1);
	known_hosts_free(known);
}

static void
empty_file(void **state)
{
	char error[KNOWN_HOSTS_ERROR_MAX];
	struct known_hosts *known = parse("", error);

	(void)state;
	assert_non_null(known);
	assert_int_equal(known_hosts_count(known), 0);
	assert_int_equal(known_hosts_find(known, "a"), -1);
	assert_int_equal(check(known, "a", '1'), STATUS_UNKNOWN_KEY);
	known_hosts_free(known);
}

static void
revocation_wins(void **state)
{
	static const char *const texts[] = {
		"a %1\n@revoked * %1\nb %2\n",
		"@revoked a %1\na %1\nb %2\n",
		"@revoked other,*.x,?? %1\nb %2\na %1\n",
	};
	char error[KNOWN_HOSTS_ERROR_MAX];
	struct known_hosts *known;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		known = parse(texts[i], error);
		assert_non_null(known);
		assert_int_equal(check(known, "a", '1'), STATUS_REVOKED);
		assert_int_equal(check(known, "b", '1'), STATUS_REVOKED);
		assert_int_equal(check(known, "c", '1'), STATUS_REVOKED);
		assert_int_equal(check(known, "b", '2'), STATUS_OK);
		known_hosts_free(known);
	}
}

/* The other type of a key is another key, but revocation is of its secret. */
static void
types_differ(void **state)
{
	char error[KNOWN_HOSTS_ERROR_MAX];
	struct known_hosts *known = parse("a %1\n@revoked * %2\n", error);
	struct pair pair;

	(void)state;
	assert_non_null(known);
	pair_make(&pair, KEY_SK_ED25519, '1');
	assert_int_equal(known_hosts_check(known, "a", &pair.key), STATUS_HOST);
	pair_make(&pair, KEY_SK_ED25519, '2');
	assert_int_equal(
	    known_hosts_check(known, "a", &pair.key), STATUS_REVOKED);
	known_hosts_free(known);
}

static void
host_name(char name[32], unsigned i)
{
	snprintf(name, 32, "host%u.example.com", i * 7919 % MANY_HOSTS);
}

static void
host_pair(struct pair *pair, unsigned i)
{
	uint8_t seed[32] = { (uint8_t)i, (uint8_t)(i >> 8), 'h' };

	pair->key.type = KEY_ED25519;
	crypto_sign_seed_keypair(pair->key.bytes, pair->secret, seed);
}

static char *
many_hosts(void)
{
	char *text = malloc((size_t)MANY_HOSTS * HOST_LINE);
	char line[PUBLIC_LINE_MAX], name[32];
	struct pair pair;
	unsigned i;
	size_t n = 0;

	assert_non_null(text);
	for (i = 0; i < MANY_HOSTS; i++) {
		host_name(name, i);
		host_pair(&pair, i);
		public_format(&pair.key, "", line);
		n += (size_t)sprintf(text + n, "%s %s\n", name, line);
	}
	return text;
}

static void
every_host_is_found(void **state)
{
	char error[KNOWN_HOSTS_ERROR_MAX], name[32], *text = many_hosts();
	struct known_hosts *known;
	struct pair pair;
	unsigned i;

	(void)state;
	known = known_hosts_parse("kh", text, strlen(text), error);
	free(text);
	assert_non_null(known);
	assert_int_equal(known_hosts_count(known), MANY_HOSTS);
	for (i = 0; i < MANY_HOSTS; i++) {
		if (i > 0)
			assert_true(strcmp(known_hosts_name(known, i - 1),
					known_hosts_name(known, i)) < 0);
		host_name(name, i);
		host_pair(&pair, i);
		assert_int_equal(
		    known_hosts_check(known, name, &pair.key), STATUS_OK);
		host_name(name, (i + 1) % MANY_HOSTS);
		assert_int_equal(
		    known_hosts_check(known, name, &pair.key), STATUS_HOST);
	}
	known_hosts_free(known);
}

/*
 * A line with a bit off is refused, or says something else that ssh-keygen
 * reads as well: so many lines, so many fingerprints.
 */
static void
every_bit(void **state)
{
	const char *const command[] = { "ssh-keygen", "-l", "-f", "accepted",
		NULL };
	char error[KNOWN_HOSTS_ERROR_MAX], *line = expand("www,web %1\n");
	size_t i, len = strlen(line), used = 0, accepted = 0, listed = 0, n;
	char *text = malloc(len * len * 8 + 1), *shown;
	const struct scratch *s = *state;
	struct known_hosts *known;

	assert_non_null(text);
	for (i = 0; i < len * 8; i++) {
		line[i / 8] ^= (char)(1U << (i % 8));
		known = known_hosts_parse("kh", line, len, error);
		if (known != NULL && known_hosts_count(known) > 0) {
			assert_false(check(known, "www", '1') == STATUS_OK &&
				     check(known, "web", '1') == STATUS_OK);
			memcpy(text + used, line, len);
			used += len;
			if (line[len - 1] != '\n')
				text[used++] = '\n';
			accepted++;
		}
		known_hosts_free(known);
		line[i / 8] ^= (char)(1U << (i % 8));
	}
	assert_true(accepted > 0);
	scratch_write(s, "accepted", text, used);
	assert_int_equal(scratch_run(s, NULL, "listed", command), 0);
	shown = scratch_read(s, "listed", &n);
	for (i = 0; i < n; i++)
		listed += shown[i] == '\n';
	assert_int_equal(listed, accepted);
	free(shown);
	free(text);
	free(line);
}

/*
 * A whole file, each kind of line in it: no bit makes a stranger a host or an
 * authority, gives a revoked key a host, or another host's key to a.
 */
static void
every_bit_of_a_file(void **state)
{
	char error[KNOWN_HOSTS_ERROR_MAX],
	    *text = expand(
		"# mine\n\na,b %1\n@revoked * %2\n b %3 x\n"
		"@cert-authority *.c %4\nd ssh-rsa " RSA "\n@revoked e %5\n");
	static const char *const hosts[] = { "a", "b", "c", "d", "e", "x.c" };
	size_t len = strlen(text), taken = 0;
	struct known_hosts *known;
	struct pair stranger;

	(void)state;
	pair_make(&stranger, KEY_ED25519, '9');
	for (size_t bit = 0; bit < 8 * len; bit++) {
		text[bit / 8] ^= (char)(1 << bit % 8);
		known = known_hosts_parse("kh", text, len, error);
		text[bit / 8] ^= (char)(1 << bit % 8);
		if (known == NULL)
			continue;
		taken++;
		for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
			for (char key = '2'; key <= '9'; key++)
				assert_false(
				    check(known, hosts[i], key) == STATUS_OK &&
				    (key != '3' || hosts[i][0] == 'a'));
			assert_int_not_equal(known_hosts_authority(known,
						 hosts[i], &stranger.key),
			    STATUS_OK);
		}
		known_hosts_free(known);
	}
	assert_true(taken > 0 && taken < 8 * len);
	free(text);
}

static void
every_length(void **state)
{
	char error[KNOWN_HOSTS_ERROR_MAX], *line = expand("www %1\nb %2\n");
	size_t len, full = strlen(line),
		    first = strlen("\n") + (size_t)(strchr(line, '\n') - line);
	struct known_hosts *known;

	(void)state;
	for (len = 0; len <= full; len++) {
		known = known_hosts_parse("kh", line, len, error);
		if (len == 0 || (len >= first - 1 && len <= first) ||
		    len >= full - 1)
			assert_non_null(known);
		else
			assert_null(known);
		known_hosts_free(known);
	}
	free(line);
}

static void
keys_of_a_host(void **state)
{
	char error[KNOWN_HOSTS_ERROR_MAX];
	struct known_hosts *known =
	    parse("a %1\nb,c %2\nb %3\n@revoked * %4\n", error);
	static const struct {
		const char *host;
		size_t keys;
	} rows[] = { { "a", 1 }, { "b", 2 }, { "c", 1 } };
	struct pair pair;

	(void)state;
	assert_non_null(known);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		long host = known_hosts_find(known, rows[i].host);

		assert_true(host >= 0);
		assert_int_equal(
		    known_hosts_key_count(known, (size_t)host), rows[i].keys);
	}
	for (char number = '1'; number <= '5'; number++) {
		pair_make(&pair, KEY_ED25519, (uint8_t)number);
		assert_int_equal(
		    known_hosts_has_key(known, &pair.key), number <= '3');
	}
	known_hosts_free(known);
}

static enum status
authority(const struct known_hosts *known, const char *host, char number)
{
	struct pair pair;

	pair_make(&pair, KEY_ED25519, (uint8_t)number);
	return known_hosts_authority(known, host, &pair.key);
}

static void
authorities(void **state)
{
	char error[KNOWN_HOSTS_ERROR_MAX];
	struct known_hosts *known = parse("www %1\n", error);

	(void)state;
	assert_non_null(known);
	assert_false(known_hosts_has_authorities(known));
	known_hosts_free(known);
	known = parse("@cert-authority *.example.com,db %9\n"
		      "@cert-authority * %8\n@revoked * %8\n"
		      "@cert-authority w?b %9\nwww %1\n",
	    error);
	assert_non_null(known);
	assert_true(known_hosts_has_authorities(known));
	assert_int_equal(known_hosts_count(known), 1);
	assert_int_equal(authority(known, "a.example.com", '9'), STATUS_OK);
	assert_int_equal(authority(known, "a.b.example.com", '9'), STATUS_OK);
	assert_int_equal(authority(known, "db", '9'), STATUS_OK);
	assert_int_equal(authority(known, "web", '9'), STATUS_OK);
	assert_int_equal(
	    authority(known, "example.com", '9'), STATUS_UNKNOWN_KEY);
	assert_int_equal(authority(known, "www", '9'), STATUS_UNKNOWN_KEY);
	assert_int_equal(
	    authority(known, "a.example.com", '1'), STATUS_UNKNOWN_KEY);
	assert_int_equal(authority(known, "db", '8'), STATUS_REVOKED);
	/* It speaks for no host itself. */
	assert_int_equal(check(known, "db", '9'), STATUS_UNKNOWN_KEY);
	known_hosts_free(known);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(authorities),
		cmocka_unit_test(keys_of_a_host),
		cmocka_unit_test(refuses),
		cmocka_unit_test(accepts),
		cmocka_unit_test(first_key),
		cmocka_unit_test(empty_file),
		cmocka_unit_test(revocation_wins),
		cmocka_unit_test(types_differ),
		cmocka_unit_test(every_host_is_found),
		cmocka_unit_test(every_bit),
		cmocka_unit_test(every_bit_of_a_file),
		cmocka_unit_test(every_length),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
