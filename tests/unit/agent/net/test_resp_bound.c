/* agent/net/resp_bound: each bound, every split, every flipped bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/net/resp_bound.h"

static const struct resp_limits tiny = {
	.line = 8,
	.elements = 6,
	.bulk = 10,
	.total = 64,
};

struct row {
	const char *text;
	const char *wrong; /* NULL: accepted */
	unsigned complete;
};

static const struct row rows[] = {
	{ "", NULL, 0 },
	{ "+OK\r\n", NULL, 1 },
	{ "+\r\n", NULL, 1 },
	{ "-ERR no\r\n", NULL, 1 },
	{ ":-5\r\n", NULL, 1 },
	{ "$0\r\n\r\n", NULL, 1 },
	{ "$-1\r\n", NULL, 1 },
	{ "$3\r\n\r\n\r\r\n", NULL, 1 },
	{ "*0\r\n", NULL, 1 },
	{ "*-1\r\n", NULL, 1 },
	{ "*2\r\n*0\r\n*-1\r\n", NULL, 1 },
	{ "+a\r\n+b\r\n*1\r\n+c\r\n$1\r\n", NULL, 3 },
	{ "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n+\r\n", NULL, 1 },
	/* types */
	{ "x", "not a type of RESP2", 0 },
	{ "\r\n", "not a type of RESP2", 0 },
	{ "+a\r\n\n", "not a type of RESP2", 1 },
	{ "%1\r\n", "not a type of RESP2", 0 },
	/* lines */
	{ "+12345678\r\n", NULL, 1 },
	{ "+123456789", "a line is too long", 0 },
	{ "+a\rb", "CR without LF", 0 },
	{ "+a\r\r", "CR without LF", 0 },
	/* lengths */
	{ "$\r\n", "not a number", 0 },
	{ "$-\r\n", "not a number", 0 },
	{ "$+1", "not a number", 0 },
	{ "$ 1", "not a number", 0 },
	{ "$1x", "not a number", 0 },
	{ ":\r\n", "not a number", 0 },
	{ ":-\r\n", "not a number", 0 },
	{ ":1a", "not a number", 0 },
	{ ":0\r\n", NULL, 1 },
	{ ":-0", "a number begins with 0", 0 },
	{ ":-01", "a number begins with 0", 0 },
	{ "$00", "a number begins with 0", 0 },
	{ "*01", "a number begins with 0", 0 },
	{ "$-0", "a number begins with 0", 0 },
	{ "$-2\r\n", "a length is negative", 0 },
	{ "*-11\r\n", "a length is negative", 0 },
	{ "$--1", "not a number", 0 },
	/* strings */
	{ "$10\r\n0123456789\r\n", NULL, 1 },
	{ "$11\r\n", "a string is too long", 0 },
	{ "$99999999\r\n", "a string is too long", 0 },
	{ "$1\r\nxy", "a string does not end where it said", 0 },
	{ "$1\r\nx\rx", "a string does not end where it said", 0 },
	{ "$0\r\nx", "a string does not end where it said", 0 },
	/* arrays: all elements of one reply count together */
	{ "*6\r\n+\r\n+\r\n+\r\n+\r\n+\r\n+\r\n", NULL, 1 },
	{ "*7\r\n", "an array is too long", 0 },
	{ "*3\r\n*3\r\n", NULL, 0 },
	{ "*3\r\n*4\r\n", "an array is too long", 0 },
	{ "*2\r\n*2\r\n+\r\n+\r\n*3\r\n", "an array is too long", 0 },
	{ "*6\r\n+\r\n+\r\n+\r\n+\r\n+\r\n+\r\n*6\r\n", NULL, 1 },
	{ "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*0\r\n", NULL, 1 },
	{ "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", "arrays are nested too deep",
	    0 },
	/* a whole reply: 4 + 3 * 17 + 9 = 64 bytes */
	{ "*4\r\n$10\r\n0123456789\r\n$10\r\n0123456789\r\n"
	  "$10\r\n0123456789\r\n:123456\r\n",
	    NULL, 1 },
	{ "*4\r\n$10\r\n0123456789\r\n$10\r\n0123456789\r\n"
	  "$10\r\n0123456789\r\n:1234567\r\n",
	    "a reply is too long", 0 },
	{ "*4\r\n$10\r\n0123456789\r\n$10\r\n0123456789\r\n"
	  "$10\r\n0123456789\r\n$5\r\n",
	    "a reply is too long", 0 },
};
#define ROWS (sizeof rows / sizeof rows[0])

static void
check(const struct row *row, const struct resp_bound *b, const char *wrong)
{
	if (row->wrong == NULL)
		assert_null(wrong);
	else {
		assert_non_null(wrong);
		assert_string_equal(wrong, row->wrong);
	}
	if (row->wrong == NULL)
		assert_int_equal(b->complete, row->complete);
}

static void
test_whole(void **state)
{
	struct resp_bound b;

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		resp_bound_init(&b, &tiny);
		const char *wrong =
		    resp_bound_feed(&b, rows[i].text, strlen(rows[i].text));
		check(&rows[i], &b, wrong);
	}
}

static void
test_split_at_every_byte(void **state)
{
	struct resp_bound b;

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		size_t len = strlen(rows[i].text);

		for (size_t cut = 0; cut <= len; cut++) {
			resp_bound_init(&b, &tiny);
			const char *wrong =
			    resp_bound_feed(&b, rows[i].text, cut);
			if (wrong == NULL)
				wrong = resp_bound_feed(
				    &b, rows[i].text + cut, len - cut);
			check(&rows[i], &b, wrong);
		}
	}
}

static void
test_byte_by_byte(void **state)
{
	struct resp_bound b;

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const char *wrong = NULL;

		resp_bound_init(&b, &tiny);
		for (const char *at = rows[i].text; *at && !wrong; at++)
			wrong = resp_bound_feed(&b, at, 1);
		check(&rows[i], &b, wrong);
	}
}

/* What is announced is refused before a byte of it has come. */
static void
test_default_limits(void **state)
{
	static const struct row announced[] = {
		{ "$1048576\r\n", NULL, 0 },
		{ "$1048577\r\n", "a string is too long", 0 },
		{ "$2000000000\r\n", "a string is too long", 0 },
		{ "*4096\r\n", NULL, 0 },
		{ "*4097\r\n", "an array is too long", 0 },
		{ "*1000000000\r\n", "an array is too long", 0 },
		{ "$9999999999\r\n", "a string is too long", 0 },
		{ "$99999999999\r\n", "a string is too long", 0 },
		{ ":-999999999999999999\r\n", NULL, 1 },
		{ ":9999999999999999999", "not a number", 0 },
	};
	struct resp_bound b;

	(void)state;
	for (size_t i = 0; i < sizeof announced / sizeof announced[0]; i++) {
		resp_bound_init(&b, &resp_limits_default);
		const char *wrong = resp_bound_feed(
		    &b, announced[i].text, strlen(announced[i].text));
		check(&announced[i], &b, wrong);
	}
}

static void
test_default_totals(void **state)
{
	struct resp_bound b;
	char *line = malloc(4097);

	(void)state;
	assert_non_null(line);
	memset(line, 'x', 4097);
	resp_bound_init(&b, &resp_limits_default);
	assert_null(resp_bound_feed(&b, "+", 1));
	assert_null(resp_bound_feed(&b, line, 4096));
	assert_non_null(resp_bound_feed(&b, line, 1));
	free(line);
	/* The eighth mebibyte no longer fits beside its own headers. */
	char *block = calloc(1, 1024 * 1024);
	assert_non_null(block);
	resp_bound_init(&b, &resp_limits_default);
	assert_null(resp_bound_feed(&b, "*8\r\n", 4));
	for (unsigned i = 0; i < 7; i++) {
		assert_null(resp_bound_feed(&b, "$1048576\r\n", 10));
		assert_null(resp_bound_feed(&b, block, 1024 * 1024));
		assert_null(resp_bound_feed(&b, "\r\n", 2));
	}
	assert_string_equal(
	    resp_bound_feed(&b, "$1048576\r\n", 10), "a reply is too long");
	free(block);
}

/* hiredis must find exactly what was let through to it. */
static void
compare_with_hiredis(const char *bytes, size_t len)
{
	redisReader *reader;
	struct resp_bound b;
	unsigned found = 0;
	void *reply = NULL;

	resp_bound_init(&b, &resp_limits_default);
	if (resp_bound_feed(&b, bytes, len) != NULL)
		return;
	reader = redisReaderCreate();
	assert_non_null(reader);
	assert_int_equal(redisReaderFeed(reader, bytes, len), REDIS_OK);
	do {
		assert_int_equal(redisReaderGetReply(reader, &reply), REDIS_OK);
		found += reply != NULL;
		if (reply != NULL)
			freeReplyObject(reply);
	} while (reply != NULL);
	assert_int_equal(found, b.complete);
	redisReaderFree(reader);
}

static const char sample[] =
    "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$4\r\na\r\nb\r\n"
    "*1\r\n*2\r\n$3\r\nkey\r\n*2\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nm\r\n"
    "$0\r\n\r\n*2\r\n$3\r\n2-1\r\n*-1\r\n+OK\r\n:10\r\n-ERR x\r\n$-1\r\n*0\r\n";

static void
test_every_flipped_bit(void **state)
{
	char mutant[sizeof sample];

	(void)state;
	for (size_t bit = 0; bit < 8 * (sizeof sample - 1); bit++) {
		memcpy(mutant, sample, sizeof sample);
		mutant[bit / 8] = (char)(mutant[bit / 8] ^ 1 << bit % 8);
		compare_with_hiredis(mutant, sizeof sample - 1);
	}
}

static void
test_every_length(void **state)
{
	struct resp_bound b;

	(void)state;
	for (size_t len = 0; len < sizeof sample; len++)
		compare_with_hiredis(sample, len);
	resp_bound_init(&b, &resp_limits_default);
	assert_null(resp_bound_feed(&b, sample, sizeof sample - 1));
	assert_int_equal(b.complete, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_split_at_every_byte),
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_default_limits),
		cmocka_unit_test(test_default_totals),
		cmocka_unit_test(test_every_flipped_bit),
		cmocka_unit_test(test_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
