/* Announcements: what is one, and what a token's MAC is over. */
#include "wire/enroll.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "members.h"
#include "wire/json.h"
#include "wire/sign.h"

#define ID  "\"token_id\":\"AAECAwQFBgc=\","
#define MAC "\"mac\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\""
#define BASE                                                                   \
	"{\"version\":1,\"fleet\":\"paris-3f9c21aa\","                         \
	"\"hostname\":\"www02.example.com\",\"address\":\"192.0.2.7\","        \
	"\"issued\":1763800000123"

static const char plain[] = BASE "}";
static const char tokened[] = BASE "," ID MAC "}";

static const struct member_row plain_rows[] = {
	{ "", "version", JSON_INTEGER, true },
	{ "", "fleet", JSON_STRING, true },
	{ "", "hostname", JSON_STRING, true },
	{ "", "address", JSON_STRING, true },
	{ "", "issued", JSON_INTEGER, true },
	{ 0 },
};

/* Each of the last two is required where the other stands. */
static const struct member_row tokened_rows[] = {
	{ "", "version", JSON_INTEGER, true },
	{ "", "fleet", JSON_STRING, true },
	{ "", "hostname", JSON_STRING, true },
	{ "", "address", JSON_STRING, true },
	{ "", "issued", JSON_INTEGER, true },
	{ "", "token_id", JSON_STRING, true },
	{ "", "mac", JSON_STRING, true },
	{ 0 },
};

static const struct value_row values[] = {
	{ "", "version", "0", STATUS_RANGE },
	{ "", "version", "2", STATUS_RANGE },
	{ "", "fleet", "\"paris\"", STATUS_RANGE },
	{ "", "hostname", "\"WWW\"", STATUS_RANGE },
	{ "", "hostname", "\"www.\"", STATUS_RANGE },
	{ "", "address", "\"\"", STATUS_RANGE },
	{ "", "address", "\"\\u001b[2J\"", STATUS_RANGE },
	{ "", "address",
	    "\"1234567890123456789012345678901234567890123456789012345678901234"
	    "\"",
	    STATUS_OK },
	{ "", "address",
	    "\"1234567890123456789012345678901234567890123456789012345678901234"
	    "5"
	    "\"",
	    STATUS_RANGE },
	{ "", "issued", "-1", STATUS_RANGE },
	{ "", "issued", "253402300800000", STATUS_RANGE },
	{ "", "token_id", "\"AAECAwQFBgd=\"", STATUS_BASE64 },
	{ "", "token_id", "\"AAECAwQF\"", STATUS_RANGE },
	{ "", "mac", "\"AAEC\"", STATUS_RANGE },
	{ 0 },
};

static enum status
parse(const uint8_t *payload, size_t len)
{
	struct enroll enroll;

	return enroll_parse(payload, len, &enroll);
}

static void
test_members(void **state)
{
	(void)state;
	members_check(parse, plain, plain_rows);
	members_check(parse, tokened, tokened_rows);
}

static void
test_values(void **state)
{
	(void)state;
	values_check(parse, tokened, values);
}

static void
test_bytes(void **state)
{
	(void)state;
	bytes_check(parse, plain);
	bytes_check(parse, tokened);
}

static void
test_length(void **state)
{
	uint8_t bytes[ENROLL_MAX + 1];

	(void)state;
	memset(bytes, ' ', sizeof(bytes));
	memcpy(bytes, plain, strlen(plain));
	assert_int_equal(parse(bytes, ENROLL_MAX), STATUS_OK);
	assert_int_equal(parse(bytes, ENROLL_MAX + 1), STATUS_TOO_LONG);
}

static void
test_round_trip(void **state)
{
	static const char *const texts[] = { plain, tokened };
	struct enroll enroll;
	size_t len;
	char *text;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(enroll_parse((const uint8_t *)texts[i],
				     strlen(texts[i]), &enroll),
		    STATUS_OK);
		assert_int_equal(enroll.has_token, i == 1);
		text = enroll_build(&enroll, &len);
		assert_non_null(text);
		assert_string_equal(text, texts[i]);
		assert_int_equal(len, strlen(texts[i]));
		free(text);
	}
}

static void
test_untouched(void **state)
{
	struct enroll enroll = { .issued = 7 };

	(void)state;
	assert_int_equal(
	    enroll_parse((const uint8_t *)"{}", 2, &enroll), STATUS_SCHEMA);
	assert_int_equal(enroll.issued, 7);
}

/* Written down a second time, from the protocol's own words. */
static void
test_mac(void **state)
{
	static const char head[] = "amiral-enroll-v1\0\0\0\016paris-3f9c21aa"
				   "\0\0\0\010\0\1\2\3\4\5\6\7"
				   "\0\0\0\021www02.example.com\0\0\0\063";
	uint8_t maced[256], secret[ENROLL_SECRET_SIZE], blob[PUBLIC_BLOB_MAX];
	uint8_t expected[ENROLL_MAC_SIZE], mac[ENROLL_MAC_SIZE];
	struct public_key key = { .type = KEY_ED25519 };
	struct enroll enroll;
	size_t len = sizeof(head) - 1;

	(void)state;
	memset(key.bytes, 0x55, sizeof(key.bytes));
	memset(secret, 0xaa, sizeof(secret));
	assert_int_equal(
	    enroll_parse((const uint8_t *)tokened, strlen(tokened), &enroll),
	    STATUS_OK);
	enroll.issued = 0x0102030405060708;
	memcpy(maced, head, len);
	assert_int_equal(sign_public_blob(&key, blob), 51);
	memcpy(maced + len, blob, 51);
	memcpy(maced + len + 51, "\1\2\3\4\5\6\7\10", 8);
	crypto_generichash(expected, sizeof(expected), maced, len + 59, secret,
	    sizeof(secret));
	enroll_mac(&enroll, &key, secret, mac);
	assert_memory_equal(mac, expected, sizeof(mac));
}

/* Whatever is changed, the MAC is another one. */
static void
test_mac_covers(void **state)
{
	struct public_key key = { .type = KEY_ED25519 }, keys[2];
	uint8_t secret[ENROLL_SECRET_SIZE] = { 0 };
	uint8_t macs[7][ENROLL_MAC_SIZE];
	struct enroll base, other;

	(void)state;
	keys[0] = keys[1] = key;
	keys[1].bytes[31] = 1;
	assert_int_equal(
	    enroll_parse((const uint8_t *)tokened, strlen(tokened), &base),
	    STATUS_OK);
	enroll_mac(&base, &keys[0], secret, macs[0]);
	enroll_mac(&base, &keys[1], secret, macs[1]);
	secret[0] = 1;
	enroll_mac(&base, &keys[0], secret, macs[2]);
	secret[0] = 0;
	other = base;
	other.issued++;
	enroll_mac(&other, &keys[0], secret, macs[3]);
	other = base;
	other.token_id[7]++;
	enroll_mac(&other, &keys[0], secret, macs[4]);
	other = base;
	other.hostname[0]++;
	enroll_mac(&other, &keys[0], secret, macs[5]);
	other = base;
	other.fleet[0]++;
	enroll_mac(&other, &keys[0], secret, macs[6]);
	for (size_t i = 0; i < 7; i++)
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(
			    macs[i], macs[j], ENROLL_MAC_SIZE);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_untouched),
		cmocka_unit_test(test_mac),
		cmocka_unit_test(test_mac_covers),
	};

	if (sodium_init() == -1)
		return 1;
	json_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
