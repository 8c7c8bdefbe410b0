/* base/name: tables of what passes and what does not. */
#include "tests/unit/base/cmocka_base.h"

#include <string.h>

#include "base/name.h"

#define LABEL63                                                                \
	"abcdefghijklmnopqrstuvwxyz0123456789-abcdefghijklmnopqrstuvwxyz"

static void
check(
    bool (*is)(const char *), const char *const good[], const char *const bad[])
{
	for (; *good != NULL; good++)
		if (!is(*good))
			fail_msg("refused: '%s'", *good);
	for (; *bad != NULL; bad++)
		if (is(*bad))
			fail_msg("accepted: '%s'", *bad);
}

/* Exactly max bytes of 'a' pass, one more does not. */
static void
check_length(bool (*is)(const char *), size_t max)
{
	char text[512];

	memset(text, 'a', sizeof(text));
	text[max] = '\0';
	assert_true(is(text));
	text[max] = 'a';
	text[max + 1] = '\0';
	assert_false(is(text));
}

/* Of all bytes only those of set may stand in the middle of "a?a". */
static void
check_charset(bool (*is)(const char *), const char *set)
{
	char text[] = "a?a";

	for (int c = 1; c < 256; c++) {
		text[1] = (char)c;
		assert_int_equal(is(text), strchr(set, c) != NULL);
	}
}

static void
test_host(void **state)
{
	static const char *const good[] = { "a", "www01.example.com", "1.2.3.4",
		"a-b.c", LABEL63, "xn--bcher-kva.example", NULL };
	static const char *const bad[] = { "", ".", "a.", ".a", "a..b", "-a",
		"a-", "a.-b", "a-.b", "WWW", "a b", "a_b", "../x", "a/b",
		"b\xc3\xbc"
		"cher",
		LABEL63 "x", "a\n", NULL };
	char text[HOSTNAME_MAX + 2];

	(void)state;
	check(name_is_host, good, bad);
	check_charset(name_is_host, "abcdefghijklmnopqrstuvwxyz0123456789.-");
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 2 == 0 ? 'a' : '.';
	text[HOSTNAME_MAX] = '\0';
	assert_true(name_is_host(text));
	strcpy(text + HOSTNAME_MAX - 1, "aa");
	assert_false(name_is_host(text));
}

static void
test_principal(void **state)
{
	static const char *const good[] = { "alice", "alice@web.example.com",
		"a/b", "#1", NULL };
	static const char *const bad[] = { "", "a b", "a,b", "a\"b", "a'b",
		"a\\b", "a*", "a?", "!a", "a\t", "\x7f", "b\xc3\xbc", NULL };

	(void)state;
	check(name_is_principal, good, bad);
	check_length(name_is_principal, PRINCIPAL_MAX);
}

static void
test_fleet(void **state)
{
	static const char *const good[] = { "paris-3f9c21aa", "a-00000000",
		"a-b-c-01234567", "--01234567", NULL };
	static const char *const bad[] = { "", "paris", "paris-3f9c21a",
		"paris-3F9C21AA", "paris-3f9c21ag", "-3f9c21aa",
		"paris3f9c21aa", "Paris-3f9c21aa", "pa_ris-3f9c21aa",
		"paris-3f9c21aa-", NULL };
	char text[FLEET_MAX + 2];

	(void)state;
	check(name_is_fleet, good, bad);
	memset(text, 'a', sizeof(text));
	strcpy(text + 64, "-01234567");
	assert_int_equal(strlen(text), FLEET_MAX);
	assert_true(name_is_fleet(text));
	text[64] = 'a';
	strcpy(text + 65, "-01234567");
	assert_false(name_is_fleet(text));
}

static void
test_provider(void **state)
{
	static const char *const good[] = { "uptime", "a", "a-1", "a-", NULL };
	static const char *const bad[] = { "", "1a", "-a", "A", "a.b", "a/b",
		"..", "a_b", "a b", NULL };

	(void)state;
	check(name_is_provider, good, bad);
	check_length(name_is_provider, PROVIDER_MAX);
	check_charset(
	    name_is_provider, "abcdefghijklmnopqrstuvwxyz0123456789-");
}

static void
test_uuid(void **state)
{
	static const char uuid[] = "9c3f8a54-3b1e-4d2c-8f10-2a7f6f0e1d55";
	char text[sizeof(uuid) + 1];

	(void)state;
	assert_true(name_is_uuid(uuid));
	for (size_t i = 0; i < UUID_LEN; i++) {
		memcpy(text, uuid, sizeof(uuid));
		text[i] = 'g';
		assert_false(name_is_uuid(text));
		text[i] = 'A';
		assert_false(name_is_uuid(text));
		text[i] = '\0';
		assert_false(name_is_uuid(text));
	}
	memcpy(text, uuid, sizeof(uuid));
	text[14] = '1';
	assert_false(name_is_uuid(text));
	text[14] = '4';
	text[19] = 'c';
	assert_false(name_is_uuid(text));
	text[19] = 'b';
	assert_true(name_is_uuid(text));
	strcpy(text + UUID_LEN, "0");
	assert_false(name_is_uuid(text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_principal),
		cmocka_unit_test(test_fleet),
		cmocka_unit_test(test_provider),
		cmocka_unit_test(test_uuid),
	};

	return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
