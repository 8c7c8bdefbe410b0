/* Hellos: presence and facts, and the two more members of a rotation. */
#include "wire/hello.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "members.h"
#include "wire/json.h"

#define BASE                                                                   \
	"{\"version\":1,\"fleet\":\"paris-3f9c21aa\","                         \
	"\"hostname\":\"www01.example.com\","                                  \
	"\"boot\":\"CQgHAAAAAAAAAAAAAAAAAA==\",\"at\":1763800001456,"          \
	"\"trust\":0,\"agent\":\"amiral 0.1.0\","
#define FACTS "\"facts\":{\"os\":\"debian\",\"load\":[0.06,0.1]}"

static const char plain[] = BASE "\"signatures\":1," FACTS "}";
static const char certified[] =
    BASE "\"signatures\":1," FACTS ",\"certificate\":\"AAECAw==\"}";
static const char rotation[] = BASE "\"signatures\":2," FACTS ",\"serial\":7,"
				    "\"certificate\":\"AAECAw==\"}";

static const struct member_row plain_rows[] = {
	{ "", "version", JSON_INTEGER, true },
	{ "", "fleet", JSON_STRING, true },
	{ "", "hostname", JSON_STRING, true },
	{ "", "boot", JSON_STRING, true },
	{ "", "at", JSON_INTEGER, true },
	{ "", "trust", JSON_INTEGER, true },
	{ "", "agent", JSON_STRING, true },
	{ "", "signatures", JSON_INTEGER, true },
	{ "", "facts", JSON_OBJECT, true },
	{ "", "certificate", JSON_STRING, false },
	{ 0 },
};

static const struct value_row plain_values[] = {
	{ "", "version", "2", STATUS_RANGE },
	{ "", "fleet", "\"paris\"", STATUS_RANGE },
	{ "", "hostname", "\"WWW\"", STATUS_RANGE },
	{ "", "hostname", "\"\"", STATUS_RANGE },
	{ "", "boot", "\"CQgHAAAAAAAAAAAAAAAAAB==\"", STATUS_BASE64 },
	{ "", "boot", "\"CQgHAAAAAAAAAAAAAAAAAAA=\"", STATUS_BASE64 },
	{ "", "at", "-1", STATUS_RANGE },
	{ "", "at", "253402300800000", STATUS_RANGE },
	{ "", "trust", "-1", STATUS_RANGE },
	{ "", "trust", "9223372036854775807", STATUS_OK },
	{ "", "agent", "\"\"", STATUS_RANGE },
	{ "", "agent", "\"a\\u001b[1m\"", STATUS_RANGE },
	{ "", "agent",
	    "\"123456789012345678901234567890123456789012345678901234567890123"
	    "\"",
	    STATUS_OK },
	{ "", "agent",
	    "\"1234567890123456789012345678901234567890123456789012345678901234"
	    "\"",
	    STATUS_RANGE },
	{ "", "signatures", "0", STATUS_RANGE },
	{ "", "signatures", "2", STATUS_RANGE },
	{ "", "signatures", "3", STATUS_RANGE },
	{ "", "serial", "1", STATUS_RANGE },
	{ "", "serial", "0", STATUS_RANGE },
	{ "", "facts", "{}", STATUS_OK },
	{ "", "facts", "{\"a\":{\"b\":[1.5]}}", STATUS_OK },
	{ "", "trust", "1.5", STATUS_JSON },
	{ "", "certificate", "\"\"", STATUS_RANGE },
	{ "", "certificate", "\"AAECA\"", STATUS_BASE64 },
	{ "", "certificate", "\"AAECAx==\"", STATUS_BASE64 },
	{ 0 },
};

static const struct value_row rotation_values[] = {
	{ "", "signatures", "1", STATUS_RANGE },
	{ "", "serial", "0", STATUS_RANGE },
	{ "", "serial", "-1", STATUS_RANGE },
	{ "", "serial", "9223372036854775807", STATUS_OK },
	{ "", "serial", "\"7\"", STATUS_SCHEMA },
	{ 0 },
};

static enum status
parse(const uint8_t *payload, size_t len)
{
	struct hello hello;
	enum status status = hello_parse(payload, len, &hello);

	if (status == STATUS_OK)
		hello_clear(&hello);
	return status;
}

static void
test_members(void **state)
{
	(void)state;
	members_check(parse, certified, plain_rows);
}

static void
test_values(void **state)
{
	(void)state;
	values_check(parse, plain, plain_values);
	values_check(parse, rotation, rotation_values);
}

static void
test_bytes(void **state)
{
	(void)state;
	bytes_check(parse, plain);
	bytes_check(parse, rotation);
}

static void
test_read(void **state)
{
	static const uint8_t boot[REPLY_BOOT_SIZE] = { 9, 8, 7 };
	struct hello hello;

	(void)state;
	assert_int_equal(
	    hello_parse((const uint8_t *)rotation, strlen(rotation), &hello),
	    STATUS_OK);
	assert_string_equal(hello.fleet, "paris-3f9c21aa");
	assert_string_equal(hello.hostname, "www01.example.com");
	assert_memory_equal(hello.boot, boot, sizeof(boot));
	assert_int_equal(hello.at, 1763800001456);
	assert_int_equal(hello.trust, 0);
	assert_string_equal(hello.agent, "amiral 0.1.0");
	assert_int_equal(hello.signatures, 2);
	assert_int_equal(hello.serial, 7);
	assert_string_equal(hello.certificate, "AAECAw==");
	assert_int_equal(json_object_size(hello.facts), 2);
	hello_clear(&hello);
	assert_null(hello.root);
}

static void
test_round_trip(void **state)
{
	static const char *const texts[] = { plain, certified, rotation };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct hello hello;
		size_t len;
		char *built;

		assert_int_equal(hello_parse((const uint8_t *)texts[i],
				     strlen(texts[i]), &hello),
		    STATUS_OK);
		built = hello_build(&hello, &len);
		assert_non_null(built);
		assert_string_equal(built, texts[i]);
		assert_int_equal(len, strlen(texts[i]));
		free(built);
		hello_clear(&hello);
	}
}

static void
test_length(void **state)
{
	uint8_t *text = malloc(HELLO_MAX + 1);

	(void)state;
	assert_non_null(text);
	memset(text, ' ', HELLO_MAX + 1);
	memcpy(text, plain, strlen(plain));
	assert_int_equal(parse(text, HELLO_MAX), STATUS_OK);
	assert_int_equal(parse(text, HELLO_MAX + 1), STATUS_TOO_LONG);
	free(text);
}

static void
test_build_refused(void **state)
{
	struct hello hello;
	size_t len;

	(void)state;
	assert_int_equal(
	    hello_parse((const uint8_t *)rotation, strlen(rotation), &hello),
	    STATUS_OK);
	hello.agent[0] = (char)0xff;
	assert_null(hello_build(&hello, &len));
	hello_clear(&hello);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_build_refused),
	};

	if (sodium_init() < 0)
		return 1;
	json_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
