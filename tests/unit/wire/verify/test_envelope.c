/* Envelopes: what is accepted, and that nothing near it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/wire/verify/pair.h"
#include "wire/verify/base64.h"

#define PAYLOAD "{\"version\":1}"

static enum status
open_bytes(const uint8_t *bytes, size_t len, enum envelope_kind kind)
{
	struct envelope e;

	return envelope_open(bytes, len, kind, &e);
}

static void
opens_every_kind(void **state)
{
	struct pair pairs[2];
	struct envelope e;
	uint8_t *bytes;
	unsigned kind, other;
	size_t len;

	(void)state;
	pair_make(&pairs[0], KEY_ED25519, 1);
	pair_make(&pairs[1], KEY_SK_ED25519, 2);
	for (kind = 0; kind < ENVELOPE_KINDS; kind++) {
		bytes = pair_envelope(pairs, 2, kind, PAYLOAD, &len);
		assert_int_equal(
		    envelope_open(bytes, len, kind, &e), STATUS_OK);
		assert_int_equal(e.signatures, 2);
		assert_true(
		    public_key_equal(&e.signature[0].key, &pairs[0].key));
		assert_true(
		    public_key_equal(&e.signature[1].key, &pairs[1].key));
		assert_int_equal(e.payload_len, strlen(PAYLOAD));
		assert_memory_equal(e.payload, PAYLOAD, e.payload_len);
		for (other = 0; other < ENVELOPE_KINDS; other++) {
			if (other != kind)
				assert_int_equal(open_bytes(bytes, len, other),
				    STATUS_NAMESPACE);
		}
		free(bytes);
	}
}

/* A blob that claims a namespace it was not signed for. */
static void
relabelled_does_not_verify(void **state)
{
	char line[SSHSIG_LINE_MAX + 1];
	const char *lines[] = { line };
	struct signature sig;
	struct pair pair;
	uint8_t *bytes;
	size_t len;

	(void)state;
	pair_make(&pair, KEY_ED25519, 1);
	pair_sign(&pair, ENVELOPE_REPLY, PAYLOAD, 0, &sig);
	sign_line(ENVELOPE_REQUEST, &sig, line);
	bytes = sign_envelope(
	    lines, 1, (const uint8_t *)PAYLOAD, strlen(PAYLOAD), &len);
	assert_int_equal(
	    open_bytes(bytes, len, ENVELOPE_REQUEST), STATUS_SIGNATURE);
	free(bytes);
}

static void
flip_every_bit(enum key_type type)
{
	struct pair pair;
	uint8_t *bytes;
	unsigned bit;
	size_t len, i;

	pair_make(&pair, type, 3);
	bytes = pair_envelope(&pair, 1, ENVELOPE_REQUEST, PAYLOAD, &len);
	for (i = 0; i < len; i++) {
		for (bit = 0; bit < 8; bit++) {
			bytes[i] ^= (uint8_t)(1U << bit);
			assert_int_not_equal(
			    open_bytes(bytes, len, ENVELOPE_REQUEST),
			    STATUS_OK);
			bytes[i] ^= (uint8_t)(1U << bit);
		}
	}
	assert_int_equal(open_bytes(bytes, len, ENVELOPE_REQUEST), STATUS_OK);
	free(bytes);
}

static void
no_bit_may_flip(void **state)
{
	(void)state;
	flip_every_bit(KEY_ED25519);
	flip_every_bit(KEY_SK_ED25519);
}

static void
no_byte_may_lack(void **state)
{
	struct pair pair;
	uint8_t *bytes, *exact;
	size_t full, len;

	(void)state;
	pair_make(&pair, KEY_ED25519, 3);
	bytes = pair_envelope(&pair, 1, ENVELOPE_REQUEST, PAYLOAD, &full);
	for (len = 0; len < full; len++) {
		exact = malloc(len + (len == 0));
		assert_non_null(exact);
		memcpy(exact, bytes, len);
		assert_int_not_equal(
		    open_bytes(exact, len, ENVELOPE_REQUEST), STATUS_OK);
		free(exact);
	}
	exact = malloc(full + 1);
	assert_non_null(exact);
	memcpy(exact, bytes, full);
	exact[full] = '\n';
	assert_int_equal(
	    open_bytes(exact, full + 1, ENVELOPE_REQUEST), STATUS_SIGNATURE);
	free(exact);
	free(bytes);
}

static enum status
open_with_line(const char *line)
{
	const char *lines[] = { line };
	enum status status;
	uint8_t *bytes;
	size_t len;

	bytes = sign_envelope(
	    lines, 1, (const uint8_t *)PAYLOAD, strlen(PAYLOAD), &len);
	assert_non_null(bytes);
	status = open_bytes(bytes, len, ENVELOPE_REQUEST);
	free(bytes);
	return status;
}

/* format has one %s: the good line. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void
line_is_refused(const char *format, const char *line)
{
	char changed[2 * SSHSIG_LINE_MAX];

	snprintf(changed, sizeof(changed), format, line);
	assert_int_equal(open_with_line(changed), STATUS_BASE64);
}
#pragma GCC diagnostic pop

/* 187 bytes are 252 characters, the last two of them bits of one byte and '='.
 */
static void
base64_is_canonical(void **state)
{
	char line[SSHSIG_LINE_MAX + 1], split[SSHSIG_LINE_MAX + 2];
	struct signature sig;
	struct pair pair;
	size_t len;

	(void)state;
	pair_make(&pair, KEY_ED25519, 4);
	pair_sign(&pair, ENVELOPE_REPLY, PAYLOAD, 0, &sig);
	pair_sign(&pair, ENVELOPE_REQUEST, PAYLOAD, 0, &sig);
	sign_line(ENVELOPE_REQUEST, &sig, line);
	len = strlen(line);
	assert_int_equal(len, 252);
	assert_int_equal(open_with_line(line), STATUS_OK);
	line_is_refused(" %s", line);
	line_is_refused("%s ", line);
	line_is_refused("%s\r", line);
	line_is_refused("%s\t", line);
	line_is_refused("%s=", line);
	line_is_refused("%s====", line);
	line_is_refused("%sA", line);
	memcpy(split, line, 100);
	split[100] = ' ';
	strcpy(split + 101, line + 100);
	assert_int_equal(open_with_line(split), STATUS_BASE64);
	assert_int_equal(line[len - 1], '=');
	line[len - 1] = '\0';
	assert_int_equal(open_with_line(line), STATUS_BASE64);
}

/* Every pair of letters behind which stray bits could hide. */
static void
base64_without_stray_bits(void **state)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t out[4];
	char text[5];
	unsigned i, good = 0;
	size_t n = 99;

	(void)state;
	for (i = 0; i < 64; i++) {
		snprintf(text, sizeof(text), "A%c==", letters[i]);
		good += base64_decode(out, sizeof(out), text, 4, &n);
	}
	assert_int_equal(good, 4);
	for (i = 0; i < 64; i++) {
		snprintf(text, sizeof(text), "AA%c=", letters[i]);
		good += base64_decode(out, sizeof(out), text, 4, &n);
	}
	assert_int_equal(good, 4 + 16);
	assert_int_equal(n, 2);
}

static void
base64_bounds(void **state)
{
	uint8_t bytes[200], out[200];
	char text[300];
	size_t len, n;

	(void)state;
	memset(bytes, 0xa5, sizeof(bytes));
	for (len = 0; len < sizeof(bytes); len++) {
		sodium_bin2base64(text, sizeof(text), bytes, len,
		    sodium_base64_VARIANT_ORIGINAL);
		assert_true(base64_decode(out, len, text, strlen(text), &n));
		assert_int_equal(n, len);
		assert_memory_equal(out, bytes, len);
		if (len > 0)
			assert_false(base64_decode(
			    out, len - 1, text, strlen(text), &n));
	}
	assert_false(base64_decode(out, sizeof(out), "-_-_", 4, &n));
	assert_false(base64_decode(out, sizeof(out), "AAA\0", 4, &n));
}

static void
one_to_four_lines(void **state)
{
	struct pair pairs[5];
	uint8_t *bytes;
	size_t len;
	unsigned n;

	(void)state;
	for (n = 0; n < 5; n++)
		pair_make(&pairs[n], KEY_ED25519, (uint8_t)(10 + n));
	for (n = 0; n <= 5; n++) {
		bytes =
		    pair_envelope(pairs, n, ENVELOPE_REQUEST, PAYLOAD, &len);
		assert_int_equal(open_bytes(bytes, len, ENVELOPE_REQUEST),
		    n >= 1 && n <= 4 ? STATUS_OK : STATUS_LINES);
		free(bytes);
	}
}

/* Of the lines, the one whose signature is changed is not lost among others. */
static void
every_line_is_verified(void **state)
{
	char lines[4][SSHSIG_LINE_MAX + 1];
	const char *list[4];
	struct signature sig;
	struct pair pair;
	uint8_t *bytes;
	unsigned bad, i;
	size_t len;

	(void)state;
	for (bad = 0; bad <= 4; bad++) {
		for (i = 0; i < 4; i++) {
			pair_make(&pair, KEY_ED25519, (uint8_t)(10 + i));
			pair_sign(&pair, ENVELOPE_REQUEST, PAYLOAD, 0, &sig);
			if (i == bad)
				sig.bytes[0] ^= 1;
			sign_line(ENVELOPE_REQUEST, &sig, lines[i]);
			list[i] = lines[i];
		}
		bytes = sign_envelope(
		    list, 4, (const uint8_t *)PAYLOAD, strlen(PAYLOAD), &len);
		assert_non_null(bytes);
		assert_int_equal(open_bytes(bytes, len, ENVELOPE_REQUEST),
		    bad < 4 ? STATUS_SIGNATURE : STATUS_OK);
		free(bytes);
	}
}

static void
each_line_another_key(void **state)
{
	struct pair pairs[4];
	uint8_t *bytes;
	unsigned i, j;
	size_t len;

	(void)state;
	for (i = 0; i < 16; i++) {
		if (i / 4 == i % 4)
			continue;
		for (j = 0; j < 4; j++)
			pair_make(&pairs[j], KEY_ED25519, (uint8_t)(20 + j));
		pairs[i / 4] = pairs[i % 4];
		bytes =
		    pair_envelope(pairs, 4, ENVELOPE_REQUEST, PAYLOAD, &len);
		assert_int_equal(
		    open_bytes(bytes, len, ENVELOPE_REQUEST), STATUS_SAME_KEY);
		free(bytes);
	}
	/* The secret of one, in both forms, is still one. */
	pair_make(&pairs[0], KEY_ED25519, 30);
	pair_make(&pairs[1], KEY_SK_ED25519, 30);
	bytes = pair_envelope(pairs, 2, ENVELOPE_REQUEST, PAYLOAD, &len);
	assert_int_equal(
	    open_bytes(bytes, len, ENVELOPE_REQUEST), STATUS_SAME_KEY);
	free(bytes);
}

static enum status
open_signature(const struct signature *sig)
{
	char line[SSHSIG_LINE_MAX + 1];

	sign_line(ENVELOPE_REQUEST, sig, line);
	return open_with_line(line);
}

/* Adds the order of the group to S: an old verifier takes both. */
static void
malleable_is_refused(void **state)
{
	static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63,
		0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
		0x14, [31] = 0x10 };
	struct signature sig;
	struct pair pair;
	unsigned i, sum = 0;

	(void)state;
	pair_make(&pair, KEY_ED25519, 5);
	pair_sign(&pair, ENVELOPE_REQUEST, PAYLOAD, 0, &sig);
	assert_int_equal(open_signature(&sig), STATUS_OK);
	for (i = 0; i < 32; i++) {
		sum += (unsigned)sig.bytes[32 + i] + order[i];
		sig.bytes[32 + i] = (uint8_t)sum;
		sum >>= 8;
	}
	assert_int_equal(open_signature(&sig), STATUS_SIGNATURE);
}

/* The points of orders 1, 2, 4, 8 and encodings that are not canonical. */
static const char *const bad_points[] = {
	"0100000000000000000000000000000000000000000000000000000000000000",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"0000000000000000000000000000000000000000000000000000000000000000",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"0100000000000000000000000000000000000000000000000000000000000080",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"0200000000000000000000000000000000000000000000000000000000000000",
};

static void
bad_points_are_refused(void **state)
{
	struct signature sig;
	struct pair pair;
	size_t i;

	(void)state;
	pair_make(&pair, KEY_ED25519, 6);
	pair_sign(&pair, ENVELOPE_REQUEST, PAYLOAD, 0, &sig);
	for (i = 0; i < sizeof(bad_points) / sizeof(bad_points[0]); i++) {
		assert_int_equal(sodium_hex2bin(sig.key.bytes, 32,
				     bad_points[i], 64, NULL, NULL, NULL),
		    0);
		assert_false(public_key_valid(&sig.key));
		assert_int_equal(open_signature(&sig), STATUS_KEY);
	}
}

/* A point of the large group with a bit of the small one in it. */
static void
mixed_order_is_refused(void **state)
{
	uint8_t small[32];
	struct signature sig;
	struct pair pair;

	(void)state;
	pair_make(&pair, KEY_ED25519, 7);
	pair_sign(&pair, ENVELOPE_REQUEST, PAYLOAD, 0, &sig);
	sodium_hex2bin(small, 32, bad_points[4], 64, NULL, NULL, NULL);
	assert_int_equal(
	    crypto_core_ed25519_add(sig.key.bytes, pair.key.bytes, small), 0);
	assert_int_equal(open_signature(&sig), STATUS_KEY);
}

static void
touch_is_required(void **state)
{
	struct signature sig;
	struct pair pair;

	(void)state;
	pair_make(&pair, KEY_SK_ED25519, 8);
	pair_sign(&pair, ENVELOPE_REQUEST, PAYLOAD, 0, &sig);
	assert_int_equal(open_signature(&sig), STATUS_BLOB);
	sig.flags = 1; /* a lie: 0 was signed */
	assert_int_equal(open_signature(&sig), STATUS_SIGNATURE);
	pair_sign(&pair, ENVELOPE_REQUEST, PAYLOAD, 5, &sig);
	assert_int_equal(open_signature(&sig), STATUS_OK);
	sig.counter++;
	assert_int_equal(open_signature(&sig), STATUS_SIGNATURE);
}

static void
untouched_on_failure(void **state)
{
	struct envelope e, before;
	struct pair pair;
	uint8_t *bytes;
	size_t len;

	(void)state;
	memset(&before, 0x5a, sizeof(before));
	memcpy(&e, &before, sizeof(e));
	pair_make(&pair, KEY_ED25519, 9);
	bytes = pair_envelope(&pair, 1, ENVELOPE_REQUEST, PAYLOAD, &len);
	bytes[len - 1] ^= 1;
	assert_int_equal(
	    envelope_open(bytes, len, ENVELOPE_REQUEST, &e), STATUS_SIGNATURE);
	assert_int_equal(
	    envelope_read(bytes, len, ENVELOPE_REPLY, &e), STATUS_NAMESPACE);
	assert_memory_equal(&e, &before, sizeof(e));
	free(bytes);
}

static void
largest_payload(void **state)
{
	char *payload = malloc(ENVELOPE_PAYLOAD_MAX + 2);
	struct pair pair;
	uint8_t *bytes;
	size_t len;

	(void)state;
	assert_non_null(payload);
	pair_make(&pair, KEY_ED25519, 9);
	memset(payload, 'x', ENVELOPE_PAYLOAD_MAX + 1);
	payload[ENVELOPE_PAYLOAD_MAX + 1] = '\0';
	bytes = pair_envelope(&pair, 1, ENVELOPE_REPLY, payload, &len);
	assert_int_equal(
	    open_bytes(bytes, len, ENVELOPE_REPLY), STATUS_TOO_LONG);
	free(bytes);
	payload[ENVELOPE_PAYLOAD_MAX] = '\0';
	bytes = pair_envelope(&pair, 1, ENVELOPE_REPLY, payload, &len);
	assert_int_equal(open_bytes(bytes, len, ENVELOPE_REPLY), STATUS_OK);
	free(bytes);
	free(payload);
}

/* SHA-256 of "abc" (FIPS 180-2, B.1). */
static void
digest_of_payload(void **state)
{
	struct envelope e = { .payload = (const uint8_t *)"abc",
		.payload_len = 3 };
	uint8_t digest[ENVELOPE_DIGEST_SIZE];
	char hex[2 * ENVELOPE_DIGEST_SIZE + 1];

	(void)state;
	envelope_digest(&e, digest);
	sodium_bin2hex(hex, sizeof(hex), digest, sizeof(digest));
	assert_string_equal(hex,
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(envelope_verify(&e, ENVELOPE_REQUEST), STATUS_LINES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_every_kind),
		cmocka_unit_test(relabelled_does_not_verify),
		cmocka_unit_test(no_bit_may_flip),
		cmocka_unit_test(no_byte_may_lack),
		cmocka_unit_test(base64_is_canonical),
		cmocka_unit_test(base64_without_stray_bits),
		cmocka_unit_test(base64_bounds),
		cmocka_unit_test(one_to_four_lines),
		cmocka_unit_test(every_line_is_verified),
		cmocka_unit_test(each_line_another_key),
		cmocka_unit_test(malleable_is_refused),
		cmocka_unit_test(bad_points_are_refused),
		cmocka_unit_test(mixed_order_is_refused),
		cmocka_unit_test(touch_is_required),
		cmocka_unit_test(untouched_on_failure),
		cmocka_unit_test(largest_payload),
		cmocka_unit_test(digest_of_payload),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
