/* Tokens as text, and the operator's record of one. */
#include "keys/token.h"

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

#include "keys/token_record.h"
#include "tests/unit/wire/verify/scratch.h"
#include "wire/json.h"

#define SIGNER "SHA256:Wutq8nITmWZbAv6Q5g3Ut+xhF94aYcpV21OyZMnm400"

static struct token
sample(void)
{
	struct token token = {
		.fleet = "paris-3f9c21aa",
		.url = "rediss://enrollee@redis.example.com:6380/0",
		.signer = SIGNER,
		.expires = 1763800000123,
		.serial = 8,
	};

	memset(token.id, 0x11, sizeof(token.id));
	memset(token.secret, 0xfe, sizeof(token.secret));
	return token;
}

static bool
parses(const char *text)
{
	char error[TOKEN_ERROR_MAX];
	struct token token;

	return token_parse(&token, text, error);
}

static void
assert_same(const struct token *a, const struct token *b)
{
	assert_string_equal(a->fleet, b->fleet);
	assert_string_equal(a->url, b->url);
	assert_string_equal(a->signer, b->signer);
	assert_memory_equal(a->id, b->id, sizeof(a->id));
	assert_memory_equal(a->secret, b->secret, sizeof(a->secret));
	assert_int_equal(a->expires, b->expires);
	assert_int_equal(a->serial, b->serial);
}

static void
test_round_trip(void **state)
{
	char text[TOKEN_TEXT_MAX], error[TOKEN_ERROR_MAX];
	struct token token = sample(), out;

	(void)state;
	assert_true(token_format(&token, text));
	assert_int_equal(strncmp(text, TOKEN_PREFIX, strlen(TOKEN_PREFIX)), 0);
	assert_int_equal(strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKL"
				      "MNOPQRSTUVWXYZ0123456789-_"),
	    strlen(text));
	assert_true(token_parse(&out, text, error));
	assert_same(&token, &out);
}

static void
test_longest(void **state)
{
	char text[TOKEN_TEXT_MAX], error[TOKEN_ERROR_MAX];
	struct token token = sample(), out;

	(void)state;
	memset(token.url, 'u', TOKEN_URL_MAX);
	memset(token.fleet, 'f', 64);
	memcpy(token.fleet + 64, "-0123abcd", 10);
	token.expires = token.serial = INT64_MAX;
	assert_true(token_format(&token, text));
	assert_true(token_parse(&out, text, error));
	assert_same(&token, &out);
}

static void
test_bad_members(void **state)
{
	static const char *const signers[] = { "", "SHA256:", SIGNER "=",
		"MD5:Wutq8nITmWZbAv6Q5g3Ut+xhF94aYcpV21OyZMnm400xxx",
		"SHA256:Wutq8nITmWZbAv6Q5g3Ut+xhF94aYcpV21OyZMnm40 " };
	char text[TOKEN_TEXT_MAX];
	struct token token = sample();

	(void)state;
	for (size_t i = 0; i < sizeof(signers) / sizeof(signers[0]); i++) {
		snprintf(token.signer, sizeof(token.signer), "%s", signers[i]);
		if (strlen(signers[i]) < sizeof(token.signer))
			assert_false(token_format(&token, text));
	}
	token = sample();
	token.url[0] = '\0';
	assert_true(token_format(&token, text));
	assert_false(parses(text));
	token = sample();
	token.fleet[0] = 'P';
	assert_true(token_format(&token, text));
	assert_false(parses(text));
	token = sample();
	token.expires = -1;
	assert_true(token_format(&token, text));
	assert_false(parses(text));
}

/* The checksum is of four bytes: any one flip or cut is seen. */
static void
test_damaged(void **state)
{
	char text[TOKEN_TEXT_MAX], copy[TOKEN_TEXT_MAX + 1];
	char error[TOKEN_ERROR_MAX];
	struct token token = sample(), out = { .serial = 5 };
	size_t len;

	(void)state;
	assert_true(token_format(&token, text));
	len = strlen(text);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		memcpy(copy, text, len + 1);
		copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
		assert_false(parses(copy));
	}
	for (size_t cut = 0; cut < len; cut++) {
		memcpy(copy, text, cut);
		copy[cut] = '\0';
		assert_false(parses(copy));
	}
	snprintf(copy, sizeof(copy), "%sA", text);
	assert_false(parses(copy));
	snprintf(copy, sizeof(copy), "%s=", text);
	assert_false(parses(copy));
	assert_false(token_parse(&out, copy, error));
	assert_int_equal(out.serial, 5);
	assert_null(strstr(error, text + strlen(TOKEN_PREFIX)));
}

/* Records */

static struct token_record
make_record(const struct scratch *scratch, const char *name)
{
	struct token_record record = { .fleet = "paris-3f9c21aa",
		.host = "www*",
		.expires = 1763800000123,
		.uses = 2 };
	char error[TOKEN_ERROR_MAX];

	memset(record.secret, 0xfe, sizeof(record.secret));
	snprintf(record.path, sizeof(record.path), "%s",
	    scratch_path(scratch, name));
	assert_true(token_record_create(&record, error));
	return record;
}

static void
test_record_is_kept(void **state)
{
	struct token_record made = make_record(*state, "kept"), read;
	char error[TOKEN_ERROR_MAX];
	struct stat st;

	assert_int_equal(stat(made.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_true(token_record_read(&read, made.path, error));
	assert_string_equal(read.fleet, made.fleet);
	assert_string_equal(read.host, made.host);
	assert_memory_equal(read.secret, made.secret, sizeof(read.secret));
	assert_int_equal(read.expires, made.expires);
	assert_int_equal(token_record_left(&read), 2);
	token_record_clear(&read);
	assert_false(token_record_create(&made, error));
}

static void
test_record_counts_uses(void **state)
{
	static const uint8_t digests[3][ENVELOPE_DIGEST_SIZE] = { { 1 }, { 2 },
		{ 3 } };
	struct token_record made = make_record(*state, "used"), read;
	char error[TOKEN_ERROR_MAX];

	for (int i = 0; i < 2; i++) {
		assert_true(token_record_read(&read, made.path, error));
		assert_int_equal(token_record_left(&read), 2 - i);
		assert_false(token_record_has_used(&read, digests[i]));
		assert_true(token_record_use(&read, digests[i], error));
		assert_true(token_record_has_used(&read, digests[i]));
		token_record_clear(&read);
	}
	assert_true(token_record_read(&read, made.path, error));
	assert_int_equal(token_record_left(&read), 0);
	assert_true(token_record_has_used(&read, digests[0]));
	assert_true(token_record_has_used(&read, digests[1]));
	assert_false(token_record_has_used(&read, digests[2]));
	token_record_clear(&read);
}

static bool
record_reads(const struct scratch *scratch, const char *text)
{
	char error[TOKEN_ERROR_MAX];
	struct token_record record;
	bool good;

	scratch_write(scratch, "odd", text, strlen(text));
	assert_int_equal(chmod(scratch_path(scratch, "odd"), 0600), 0);
	good = token_record_read(&record, scratch_path(scratch, "odd"), error);
	token_record_clear(&record);
	return good;
}

#define SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define HEAD   "{\"version\":1,\"fleet\":\"paris-3f9c21aa\","

static void
test_record_is_strict(void **state)
{
	static const char good[] =
	    HEAD "\"host\":\"*\",\"secret\":\"" SECRET
		 "\",\"expires\":1,\"uses\":1,\"used\":[\"" SECRET "\"]}";
	static const char *const bad[] = {
		"",
		"{}",
		HEAD "\"host\":\"[\",\"secret\":\"" SECRET
		     "\",\"expires\":1,\"uses\":1,\"used\":[]}",
		HEAD "\"host\":\"*\",\"secret\":\"" SECRET
		     "\",\"expires\":1,\"uses\":0,\"used\":[]}",
		HEAD "\"host\":\"*\",\"secret\":\"" SECRET
		     "\",\"expires\":1,\"uses\":10001,\"used\":[]}",
		HEAD "\"host\":\"*\",\"secret\":\"" SECRET
		     "\",\"expires\":1,\"uses\":1,\"used\":[1]}",
		HEAD "\"host\":\"*\",\"secret\":\"short\",\"expires\":1,"
		     "\"uses\":1,\"used\":[]}",
	};
	char text[sizeof(good)];

	assert_true(record_reads(*state, good));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(record_reads(*state, bad[i]));
	for (size_t cut = 0; cut < sizeof(good) - 1; cut++) {
		memcpy(text, good, cut);
		text[cut] = '\0';
		assert_false(record_reads(*state, text));
	}
}

static void
test_record_for_its_owner_alone(void **state)
{
	struct token_record made = make_record(*state, "open"), read;
	char error[TOKEN_ERROR_MAX];

	assert_int_equal(chmod(made.path, 0644), 0);
	assert_false(token_record_read(&read, made.path, error));
	assert_non_null(strstr(error, "chmod 600"));
	token_record_clear(&read);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_bad_members),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_record_is_kept),
		cmocka_unit_test(test_record_counts_uses),
		cmocka_unit_test(test_record_is_strict),
		cmocka_unit_test(test_record_for_its_owner_alone),
	};

	if (sodium_init() == -1)
		return 1;
	json_prepare();
	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
