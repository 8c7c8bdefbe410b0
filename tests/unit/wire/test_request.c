/* Requests: every member's schema and range, and the building of payloads. */
#include "wire/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "members.h"
#include "wire/json.h"

#define SEAL "\"CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""

static const char full[] =
    "{\"version\":1,\"fleet\":\"paris-3f9c21aa\","
    "\"reply_to\":\"51665ac9-bab5-4995-aa80-09bc79cfb2bd\","
    "\"operator\":\"alice@example.com\",\"signatures\":1,"
    "\"issued\":1763800000123,\"expires\":1763800060123,"
    "\"match\":{\"all\":false,\"node_facts\":{\"hostname\":\"www*\"},"
    "\"hosts\":[\"www01\",\"www02\"]},"
    "\"command\":{\"provider\":\"uptime\",\"args\":{\"averages\":"
    "{\"shortterm\":true}}},"
    "\"reply_via\":\"list\",\"seal_to\":" SEAL ","
    "\"options\":{\"timeout\":30,\"stream\":true,\"max_hosts\":2,"
    "\"on_behalf_of\":\"bob at #ops\"}}";

static const char least[] =
    "{\"version\":1,\"fleet\":\"paris-3f9c21aa\","
    "\"reply_to\":\"51665ac9-bab5-4995-aa80-09bc79cfb2bd\","
    "\"operator\":\"alice@example.com\",\"signatures\":1,"
    "\"issued\":1763800000123,\"expires\":1763800060123,"
    "\"match\":{\"all\":true},\"command\":{\"provider\":\"uptime\"}}";

static const struct member_row member_rows[] = {
	{ "", "version", JSON_INTEGER, true },
	{ "", "fleet", JSON_STRING, true },
	{ "", "reply_to", JSON_STRING, true },
	{ "", "operator", JSON_STRING, true },
	{ "", "signatures", JSON_INTEGER, true },
	{ "", "issued", JSON_INTEGER, true },
	{ "", "expires", JSON_INTEGER, true },
	{ "", "match", JSON_OBJECT, true },
	{ "", "command", JSON_OBJECT, true },
	{ "", "reply_via", JSON_STRING, false },
	{ "", "seal_to", JSON_STRING, false },
	{ "", "options", JSON_OBJECT, false },
	{ "command", "provider", JSON_STRING, true },
	{ "command", "args", JSON_OBJECT, false },
	{ "options", "timeout", JSON_INTEGER, false },
	{ "options", "stream", JSON_TRUE, false },
	{ "options", "max_hosts", JSON_INTEGER, false },
	{ "options", "on_behalf_of", JSON_STRING, false },
	{ 0 },
};

static const struct value_row value_rows[] = {
	{ "", "version", "0", STATUS_RANGE },
	{ "", "version", "2", STATUS_RANGE },
	{ "", "version", "-1", STATUS_RANGE },
	{ "", "fleet", "\"paris\"", STATUS_RANGE },
	{ "", "fleet", "\"paris-3F9C21AA\"", STATUS_RANGE },
	{ "", "fleet", "\"\"", STATUS_RANGE },
	{ "", "reply_to", "\"51665ac9-bab5-3995-aa80-09bc79cfb2bd\"",
	    STATUS_RANGE },
	{ "", "reply_to", "\"51665AC9-bab5-4995-aa80-09bc79cfb2bd\"",
	    STATUS_RANGE },
	{ "", "operator", "\"\"", STATUS_RANGE },
	{ "", "operator", "\"alice bob\"", STATUS_RANGE },
	{ "", "operator", "\"*\"", STATUS_RANGE },
	{ "", "signatures", "0", STATUS_RANGE },
	{ "", "signatures", "4", STATUS_OK },
	{ "", "signatures", "5", STATUS_RANGE },
	{ "", "signatures", "4294967297", STATUS_RANGE },
	{ "", "issued", "0", STATUS_RANGE },
	{ "", "issued", "-1", STATUS_RANGE },
	{ "", "issued", "-9223372036854775808", STATUS_RANGE },
	{ "", "issued", "1763800060123", STATUS_RANGE },
	{ "", "issued", "1763800060122", STATUS_OK },
	{ "", "issued", "1763713660123", STATUS_OK },
	{ "", "issued", "1763713660122", STATUS_RANGE },
	{ "", "expires", "0", STATUS_RANGE },
	{ "", "expires", "1763800000123", STATUS_RANGE },
	{ "", "expires", "1763800000124", STATUS_OK },
	{ "", "expires", "1763886400123", STATUS_OK },
	{ "", "expires", "1763886400124", STATUS_RANGE },
	{ "", "expires", "9223372036854775807", STATUS_RANGE },
	{ "", "match", "{}", STATUS_MATCH },
	{ "", "match", "{\"all\":false}", STATUS_MATCH },
	{ "", "match", "{\"all\":true,\"x\":1}", STATUS_MATCH },
	{ "", "reply_via", "\"\"", STATUS_RANGE },
	{ "", "reply_via", "\"stream\"", STATUS_OK },
	{ "", "reply_via", "\"pubsub\"", STATUS_OK },
	{ "", "reply_via", "\"Stream\"", STATUS_RANGE },
	{ "", "reply_via", "\"channel\"", STATUS_RANGE },
	{ "", "seal_to", "\"\"", STATUS_RANGE },
	{ "", "seal_to", "\"CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\"",
	    STATUS_BASE64 },
	{ "", "seal_to", "\"CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\"",
	    STATUS_BASE64 },
	{ "", "seal_to", "\"CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
	    STATUS_BASE64 },
	{ "", "seal_to", "\"CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA \\n\"",
	    STATUS_BASE64 },
	/* Low order: well-formed; admission answers. */
	{ "", "seal_to", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"",
	    STATUS_OK },
	{ "", "options", "{}", STATUS_OK },
	{ "command", "provider", "\"\"", STATUS_RANGE },
	{ "command", "provider", "\"../sh\"", STATUS_RANGE },
	{ "command", "provider", "\"Uptime\"", STATUS_RANGE },
	{ "command", "args", "{}", STATUS_OK },
	{ "command", "args", "{\"x\":1.5}", STATUS_JSON },
	{ "options", "timeout", "-1", STATUS_RANGE },
	{ "options", "timeout", "0", STATUS_OK },
	{ "options", "timeout", "86400", STATUS_OK },
	{ "options", "timeout", "86401", STATUS_RANGE },
	{ "options", "max_hosts", "-1", STATUS_RANGE },
	{ "options", "max_hosts", "0", STATUS_OK },
	{ "options", "max_hosts", "1", STATUS_RANGE },
	{ "options", "max_hosts", "2", STATUS_OK },
	{ "options", "max_hosts", "4096", STATUS_OK },
	{ "options", "max_hosts", "4097", STATUS_RANGE },
	{ "options", "on_behalf_of", "\"\"", STATUS_OK },
	{ "options", "on_behalf_of", "\"a\\nb\"", STATUS_RANGE },
	{ "options", "on_behalf_of", "\"\\u00e9\"", STATUS_RANGE },
	{ "options", "on_behalf_of", "\"\\u007f\"", STATUS_RANGE },
	{ 0 },
};

static enum status
parse(const uint8_t *payload, size_t len)
{
	struct request request;
	enum status status = request_parse(payload, len, &request);

	if (status == STATUS_OK)
		request_clear(&request);
	return status;
}

static enum status
parse_text(const char *text)
{
	return parse((const uint8_t *)text, strlen(text));
}

static void
test_members(void **state)
{
	(void)state;
	members_check(parse, full, member_rows);
}

static void
test_values(void **state)
{
	(void)state;
	values_check(parse, full, value_rows);
}

static void
test_bytes(void **state)
{
	(void)state;
	bytes_check(parse, full);
	bytes_check(parse, least);
}

static void
test_full(void **state)
{
	static const uint8_t seal[SEAL_KEY_SIZE] = { 9 };
	struct request request;

	(void)state;
	assert_int_equal(
	    request_parse((const uint8_t *)full, strlen(full), &request),
	    STATUS_OK);
	assert_string_equal(request.fleet, "paris-3f9c21aa");
	assert_string_equal(
	    request.reply_to, "51665ac9-bab5-4995-aa80-09bc79cfb2bd");
	assert_string_equal(request.operator_, "alice@example.com");
	assert_int_equal(request.signatures, 1);
	assert_int_equal(request.issued, 1763800000123);
	assert_int_equal(request.expires, 1763800060123);
	assert_non_null(json_object_get(request.match, "hosts"));
	assert_string_equal(request.provider, "uptime");
	assert_non_null(json_object_get(request.args, "averages"));
	assert_int_equal(request.reply_via, REPLY_VIA_LIST);
	assert_true(request.sealed);
	assert_memory_equal(request.seal_to, seal, SEAL_KEY_SIZE);
	assert_int_equal(request.timeout_s, 30);
	assert_true(request.stream);
	assert_int_equal(request.max_hosts, 2);
	assert_string_equal(request.on_behalf_of, "bob at #ops");
	request_clear(&request);
	assert_null(request.root);
}

static void
test_defaults(void **state)
{
	struct request request;

	(void)state;
	assert_int_equal(
	    request_parse((const uint8_t *)least, strlen(least), &request),
	    STATUS_OK);
	assert_null(request.args);
	assert_int_equal(request.reply_via, REPLY_VIA_STREAM);
	assert_false(request.sealed);
	assert_int_equal(request.timeout_s, 0);
	assert_false(request.stream);
	assert_int_equal(request.max_hosts, 0);
	assert_string_equal(request.on_behalf_of, "");
	request_clear(&request);
}

/* max_hosts without a list, whatever else selects the hosts. */
static void
test_max_hosts(void **state)
{
	static const char *const matches[] = { "{\"all\":true}",
		"{\"node_facts\":{\"hostname\":\"a\"}}" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char text[1024];

		snprintf(text, sizeof(text),
		    "{\"version\":1,\"fleet\":\"f-00000000\",\"reply_to\":"
		    "\"51665ac9-bab5-4995-aa80-09bc79cfb2bd\",\"operator\":"
		    "\"a\",\"signatures\":1,\"issued\":1,\"expires\":2,"
		    "\"match\":%s,\"command\":{\"provider\":\"ping\"},"
		    "\"options\":{\"max_hosts\":1}}",
		    matches[i]);
		assert_int_equal(parse_text(text), STATUS_RANGE);
	}
}

static void
test_untouched_on_failure(void **state)
{
	struct request request, before;

	(void)state;
	memset(&request, 0x5a, sizeof(request));
	before = request;
	assert_int_equal(
	    request_parse((const uint8_t *)full, strlen(full) - 1, &request),
	    STATUS_JSON);
	assert_int_equal(
	    request_parse((const uint8_t *)"{}", 2, &request), STATUS_SCHEMA);
	assert_memory_equal(&request, &before, sizeof(request));
}

/* Spaces up to the bound, then one more. */
static void
test_length(void **state)
{
	size_t size = ENVELOPE_PAYLOAD_MAX + 1;
	uint8_t *text = malloc(size);

	(void)state;
	assert_non_null(text);
	memset(text, ' ', size);
	memcpy(text, full, strlen(full));
	assert_int_equal(parse(text, size - 1), STATUS_OK);
	assert_int_equal(parse(text, size), STATUS_TOO_LONG);
	free(text);
}

/* The worst that fits: refused or taken, but soon and without a crash. */
static void
test_adversarial(void **state)
{
	static const char *const pieces[] = { "[],", "{},", "\"\",", "1,",
		"[[[[[[[[[[[[[[", "\"\\u0061\":1,", "\\", "\"" };
	char *text = malloc(ENVELOPE_PAYLOAD_MAX);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		size_t used = (size_t)sprintf(text, "{\"args\":[");

		while (used + strlen(pieces[i]) + 3 < ENVELOPE_PAYLOAD_MAX) {
			memcpy(text + used, pieces[i], strlen(pieces[i]));
			used += strlen(pieces[i]);
		}
		memcpy(text + used, "1]}", 3);
		assert_int_not_equal(
		    parse((const uint8_t *)text, used + 3), STATUS_OK);
	}
	free(text);
}

static void
round_trip(const char *text)
{
	struct request request, again;
	size_t len, len2;
	char *built, *built2;

	assert_int_equal(
	    request_parse((const uint8_t *)text, strlen(text), &request),
	    STATUS_OK);
	built = request_build(&request, &len);
	assert_non_null(built);
	assert_int_equal(len, strlen(built));
	assert_int_equal(
	    request_parse((const uint8_t *)built, len, &again), STATUS_OK);
	built2 = request_build(&again, &len2);
	assert_string_equal(built, built2);
	assert_int_equal(json_equal(request.match, again.match), 1);
	assert_true(request.args == NULL
			? again.args == NULL
			: json_equal(request.args, again.args) == 1);
	request_clear(&request);
	request_clear(&again);
	free(built);
	free(built2);
}

static void
test_build(void **state)
{
	(void)state;
	round_trip(full);
	round_trip(least);
}

/* Text that is no UTF-8 cannot be sent, and leaks nothing. */
static void
test_build_refused(void **state)
{
	json_t *match = json_pack("{sb}", "all", 1);
	struct request request = { .fleet = "f-00000000",
		.match = match,
		.sealed = true,
		.provider = "p" };
	size_t len = 77;

	(void)state;
	request.fleet[0] = (char)0xff;
	assert_null(request_build(&request, &len));
	request.fleet[0] = 'f';
	request.on_behalf_of[0] = (char)0xff;
	assert_null(request_build(&request, &len));
	assert_int_equal(len, 77);
	assert_int_equal(match->refcount, 1);
	json_decref(match);
}

static void
test_via_names(void **state)
{
	(void)state;
	assert_string_equal(reply_via_name(REPLY_VIA_STREAM), "stream");
	assert_string_equal(reply_via_name(REPLY_VIA_LIST), "list");
	assert_string_equal(reply_via_name(REPLY_VIA_PUBSUB), "pubsub");
}

/*
 * Every u for which some multiple is the neutral element: 0, 1, p - 1, the
 * two of order 8, and what is the same modulo p, each with the top bit too.
 */
static void
test_low_order(void **state)
{
	static const char *const points[] = {
		"00000000000000000000000000000000"
		"00000000000000000000000000000000",
		"01000000000000000000000000000000"
		"00000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46a"
		"da098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b"
		"04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffff"
		"ffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffff"
		"ffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffff"
		"ffffffffffffffffffffffffffffff7f",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		struct request request = { .sealed = true };
		size_t len;

		assert_int_equal(
		    sodium_hex2bin(request.seal_to, SEAL_KEY_SIZE, points[i],
			strlen(points[i]), NULL, &len, NULL),
		    0);
		assert_int_equal(len, SEAL_KEY_SIZE);
		assert_false(request_seal_ok(&request));
		request.seal_to[31] |= 0x80;
		assert_false(request_seal_ok(&request));
	}
}

static void
test_seal_ok(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < 100; i++) {
		struct request request = { .sealed = true };
		uint8_t seed[crypto_box_SEEDBYTES] = { i }, secret[32];

		crypto_box_seed_keypair(request.seal_to, secret, seed);
		assert_true(request_seal_ok(&request));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_max_hosts),
		cmocka_unit_test(test_untouched_on_failure),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_adversarial),
		cmocka_unit_test(test_build),
		cmocka_unit_test(test_build_refused),
		cmocka_unit_test(test_via_names),
		cmocka_unit_test(test_low_order),
		cmocka_unit_test(test_seal_ok),
	};

	if (sodium_init() < 0)
		return 1;
	json_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
