/* agent/net/url: the grammar, its bounds, and out untouched on refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "agent/net/url.h"

static const struct {
	const char *text, *host, *port, *user, *path;
	uint32_t db;
} good[] = {
	{ "redis://h", "h", "6379", "", "", 0 },
	{ "redis://h/", "h", "6379", "", "", 0 },
	{ "redis://redis.example.com:1/65535", "redis.example.com", "1", "", "",
	    65535 },
	{ "redis://u@127.0.0.1:65535/0", "127.0.0.1", "65535", "u", "", 0 },
	{ "redis://[::1]:7000/3", "::1", "7000", "", "", 3 },
	{ "redis://a.b-c_d@[fe80::1%25]", "fe80::1%25", "6379", "a.b-c_d", "",
	    0 },
	{ "unix:///run/redis/redis.sock", "", "", "", "/run/redis/redis.sock",
	    0 },
	{ "unix:///a?b@c:d", "", "", "", "/a?b@c:d", 0 },
};

static const struct {
	const char *text, *part; /* of the message */
} bad[] = {
	{ "", "unknown kind" },
	{ "localhost", "unknown kind" },
	{ "REDIS://h", "unknown kind" },
	{ "http://h", "unknown kind" },
	{ "rediss://h", "no TLS" },
	{ "redis://", "no host" },
	{ "redis:///0", "no host" },
	{ "redis://:6379", "no host" },
	{ "redis://u@", "no host" },
	{ "redis://h h", "no host" },
	{ "redis://h\n", "no host" },
	{ "redis://[]", "no host" },
	{ "redis://[::1", "without ']'" },
	{ "redis://[::1]x", "not a port" },
	{ "redis://h:", "not a port" },
	{ "redis://h:0", "not a port" },
	{ "redis://h:65536", "not a port" },
	{ "redis://h:099", "not a port" },
	{ "redis://h:1x", "not a port" },
	{ "redis://h:-1", "not a port" },
	{ "redis://::1", "no host" },
	{ "redis://h:1:2", "not a port" },
	{ "redis://h/x", "not a database" },
	{ "redis://h/65536", "not a database" },
	{ "redis://h/00", "not a database" },
	{ "redis://h/1/2", "not a database" },
	{ "redis://h/0?x", "not a database" },
	{ "redis://@h", "not a user" },
	{ "redis://a@b@h", "not a user" },
	{ "redis://a%20@h", "not a user" },
	{ "redis://u:secret@h", "password file" },
	{ "redis://:secret@h", "password file" },
	{ "unix://", "absolute path" },
	{ "unix:///", "absolute path" },
	{ "unix://redis.sock", "absolute path" },
	{ "unix:///a b", "absolute path" },
};

static void
test_good(void **state)
{
	char error[URL_ERROR_MAX];
	struct url url;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(url_parse(&url, good[i].text, error));
		assert_string_equal(url.host, good[i].host);
		assert_string_equal(url.port, good[i].port);
		assert_string_equal(url.user, good[i].user);
		assert_string_equal(url.path, good[i].path);
		assert_int_equal(url.db, good[i].db);
		assert_int_equal(url.local, good[i].path[0] != '\0');
	}
}

static void
test_bad(void **state)
{
	char error[URL_ERROR_MAX];
	struct url url, before;

	(void)state;
	memset(&url, 0x5a, sizeof url);
	before = url;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_false(url_parse(&url, bad[i].text, error));
		assert_memory_equal(&url, &before, sizeof url);
		assert_non_null(strstr(error, bad[i].part));
		assert_non_null(strstr(error, "write redis://"));
		assert_null(strstr(error, "secret"));
	}
}

/* prefix, n times 'x', suffix: accepted up to the bound and not beyond. */
static void
check_bound(const char *prefix, size_t max, const char *suffix)
{
	char error[URL_ERROR_MAX], text[1024], many[512];
	struct url url;

	for (size_t n = max; n <= max + 1; n++) {
		memset(many, 'x', n);
		many[n] = '\0';
		snprintf(text, sizeof text, "%s%s%s", prefix, many, suffix);
		assert_int_equal(url_parse(&url, text, error), n == max);
	}
}

static void
test_bounds(void **state)
{
	(void)state;
	check_bound("redis://", HOSTNAME_MAX, ":1/1");
	check_bound("redis://", URL_USER_MAX, "@h");
	check_bound("unix:///", sizeof((struct url *)0)->path - 2, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
