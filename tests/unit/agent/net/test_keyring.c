/* agent/net/keyring: frames of keys, membership, and the judgement. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "agent/net/agent.h"
#include "agent/net/keyring.h"
#include "privsep/messages.h"
#include "tests/unit/wire/verify/pair.h"
#include "wire/request.h"

/* A number of n rows; key i is different from all others. */
static size_t
frame(uint8_t *body, uint8_t replaces, unsigned first, unsigned n)
{
	body[0] = replaces;
	memset(body + 1, 0, n * KEYRING_ROW);
	for (unsigned i = 0; i < n; i++) {
		unsigned number = first + i;

		memcpy(body + 1 + i * KEYRING_ROW + 29, &number, sizeof number);
	}
	return 1 + n * KEYRING_ROW;
}

static struct public_key
key(unsigned number)
{
	struct public_key k = { .type = KEY_ED25519 };

	memcpy(k.bytes + 28, &number, sizeof number);
	return k;
}

static bool
has(const struct keyring *ring, unsigned number)
{
	struct public_key k = key(number);

	return keyring_has(ring, &k);
}

static void
test_replace_and_add(void **state)
{
	uint8_t body[1 + 100 * KEYRING_ROW];
	struct keyring ring = { 0 };
	struct public_key sk = key(3);

	(void)state;
	sk.type = KEY_SK_ED25519;
	assert_false(has(&ring, 0));
	assert_true(keyring_take(&ring, body, frame(body, 0, 0, 50)));
	assert_true(keyring_take(&ring, body, frame(body, 0, 40, 60)));
	assert_int_equal(ring.count, 100);
	for (unsigned i = 0; i < 100; i++)
		assert_true(has(&ring, i));
	assert_false(has(&ring, 100));
	assert_false(keyring_has(&ring, &sk));
	assert_true(keyring_take(&ring, body, frame(body, 1, 7, 1)));
	assert_int_equal(ring.count, 1);
	assert_true(has(&ring, 7));
	assert_false(has(&ring, 8));
	assert_true(keyring_take(&ring, body, frame(body, 1, 0, 0)));
	assert_false(has(&ring, 7));
	keyring_free(&ring);
}

static void
test_ill_formed(void **state)
{
	uint8_t body[1 + 3 * KEYRING_ROW];
	struct keyring ring = { 0 };

	(void)state;
	for (size_t len = 0; len <= sizeof body; len++) {
		frame(body, 0, 0, 3);
		assert_int_equal(keyring_take(&ring, body, len),
		    len > 0 && (len - 1) % KEYRING_ROW == 0);
	}
	frame(body, 2, 0, 3);
	assert_false(keyring_take(&ring, body, sizeof body));
	frame(body, 1, 0, 3);
	body[1 + KEYRING_ROW] = KEY_SK_ED25519 + 1;
	assert_false(keyring_take(&ring, body, sizeof body));
	assert_int_equal(ring.count, 3);
	keyring_free(&ring);
}

static void
test_bound(void **state)
{
	size_t size = 1 + (NET_KEYS_MAX + 1) * KEYRING_ROW;
	uint8_t *body = malloc(size);
	struct keyring ring = { 0 };

	(void)state;
	assert_non_null(body);
	assert_false(
	    keyring_take(&ring, body, frame(body, 1, 0, NET_KEYS_MAX + 1)));
	assert_true(keyring_take(&ring, body, frame(body, 1, 0, NET_KEYS_MAX)));
	for (unsigned i = 0; i < NET_KEYS_MAX; i++)
		assert_true(has(&ring, i));
	assert_false(keyring_take(&ring, body, frame(body, 0, 0, 1)));
	assert_true(keyring_take(&ring, body, frame(body, 1, 0, 1)));
	keyring_free(&ring);
	free(body);
}

static void
test_judgement_before_cryptography(void **state)
{
	char *long_one = malloc(ENVELOPE_MAX + 1);
	struct keyring ring = { 0 };

	(void)state;
	assert_non_null(long_one);
	memset(long_one, 'A', ENVELOPE_MAX + 1);
	assert_int_equal(
	    keyring_judge(&ring, ENVELOPE_REQUEST, long_one, ENVELOPE_MAX + 1),
	    STATUS_TOO_LONG);
	assert_int_not_equal(
	    keyring_judge(&ring, ENVELOPE_REQUEST, long_one, ENVELOPE_MAX),
	    STATUS_TOO_LONG);
	assert_int_not_equal(
	    keyring_judge(&ring, ENVELOPE_REQUEST, long_one, ENVELOPE_MAX),
	    STATUS_OK);
	assert_int_equal(
	    keyring_judge(&ring, ENVELOPE_REQUEST, "", 0), STATUS_LAYOUT);
	free(long_one);
}

/* Line 1 by a known key, line 2 by the key under test. */
static enum status
judge_pair(const struct keyring *ring, const struct pair *second, bool broken)
{
	struct pair pairs[2];
	enum status status;
	uint8_t *bytes;
	size_t len;

	pair_make(&pairs[0], KEY_ED25519, 1);
	pairs[1] = *second;
	bytes = pair_envelope(pairs, 2, ENVELOPE_REQUEST, "{}", &len);
	if (broken)
		bytes[len - 1] ^= 1;
	status = keyring_judge(ring, ENVELOPE_REQUEST, bytes, len);
	free(bytes);
	return status;
}

static void
test_every_key_is_known(void **state)
{
	uint8_t body[1 + 2 * KEYRING_ROW] = { 0 };
	struct keyring ring = { 0 };
	struct pair pair;

	(void)state;
	for (uint8_t i = 0; i < 2; i++) {
		pair_make(&pair, KEY_ED25519, 1 + i);
		memcpy(body + 1 + i * KEYRING_ROW + 1, pair.key.bytes,
		    ED25519_KEY_SIZE);
	}
	assert_true(keyring_take(&ring, body, sizeof body));
	assert_int_equal(judge_pair(&ring, &pair, false), STATUS_OK);
	assert_int_equal(judge_pair(&ring, &pair, true), STATUS_SIGNATURE);
	pair_make(&pair, KEY_SK_ED25519, 2);
	assert_int_equal(judge_pair(&ring, &pair, false), STATUS_UNKNOWN_KEY);
	pair_make(&pair, KEY_ED25519, 3);
	assert_int_equal(judge_pair(&ring, &pair, false), STATUS_UNKNOWN_KEY);
	assert_int_equal(judge_pair(&ring, &pair, true), STATUS_UNKNOWN_KEY);
	keyring_free(&ring);
}

/* Net's copy of an enum that lives beside the JSON. */
static void
test_vias(void **state)
{
	(void)state;
	assert_int_equal(AGENT_VIA_STREAM, REPLY_VIA_STREAM);
	assert_int_equal(AGENT_VIA_LIST, REPLY_VIA_LIST);
	assert_int_equal(AGENT_VIA_PUBSUB, REPLY_VIA_PUBSUB);
	assert_int_equal(AGENT_VIAS, REPLY_VIAS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replace_and_add),
		cmocka_unit_test(test_ill_formed),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_judgement_before_cryptography),
		cmocka_unit_test(test_every_key_is_known),
		cmocka_unit_test(test_vias),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
