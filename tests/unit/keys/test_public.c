/* Public key lines, beside what ssh-keygen writes and accepts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys/public.h"
#include "tests/unit/wire/verify/pair.h"
#include "tests/unit/wire/verify/scratch.h"
#include "wire/verify/envelope.h"

/* Cuts "type base64 comment\n" in place. */
struct line {
	char *text, *type, *base64, *comment;
};

static void
read_line(const struct scratch *s, const char *name, struct line *out)
{
	char *rest;
	size_t len;

	out->text = scratch_read(s, name, &len);
	rest = out->text;
	rest[strcspn(rest, "\n")] = '\0';
	out->type = strsep(&rest, " ");
	out->base64 = strsep(&rest, " ");
	out->comment = rest;
	assert_non_null(out->base64);
}

static void
generate(const struct scratch *s, const char *type, const char *name)
{
	const char *const command[] = { "ssh-keygen", "-q", "-t", type, "-N",
		"", "-C", "a comment", "-f", name, NULL };

	assert_int_equal(scratch_run(s, NULL, NULL, command), 0);
}

static void
as_ssh_keygen_writes(void **state)
{
	char again[PUBLIC_LINE_MAX], whole[PUBLIC_LINE_MAX];
	const struct scratch *s = *state;
	struct public_key key;
	struct line line;

	generate(s, "ed25519", "key");
	read_line(s, "key.pub", &line);
	assert_string_equal(line.type, public_type_name(KEY_ED25519));
	assert_true(public_from_text(&key, line.type, line.base64));
	assert_int_equal(key.type, KEY_ED25519);
	assert_false(public_is_other(line.type, line.base64));
	public_format(&key, "a comment", again);
	snprintf(whole, sizeof(whole), "%s %s %s", line.type, line.base64,
	    line.comment);
	assert_string_equal(again, whole);
	free(line.text);
}

static void
others_are_others(void **state)
{
	static const char *const types[] = { "rsa", "ecdsa" };
	const struct scratch *s = *state;
	struct public_key key;
	char misspelt[64];
	struct line line;
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		generate(s, types[i], types[i]);
		snprintf(misspelt, sizeof(misspelt), "%s.pub", types[i]);
		read_line(s, misspelt, &line);
		assert_true(public_is_other(line.type, line.base64));
		assert_false(public_from_text(&key, line.type, line.base64));
		snprintf(misspelt, sizeof(misspelt), "%sx", line.type);
		assert_false(public_is_other(misspelt, line.base64));
		assert_false(
		    public_from_text(&key, "ssh-ed25519", line.base64));
		line.base64[strlen(line.base64) - 1] = '!';
		assert_false(public_is_other(line.type, line.base64));
		free(line.text);
	}
}

static void
both_types(void **state)
{
	char text[PUBLIC_LINE_MAX], *rest, *type, *base64;
	enum key_type t;
	struct public_key key;
	struct pair pair;

	(void)state;
	for (t = KEY_ED25519; t <= KEY_SK_ED25519; t++) {
		pair_make(&pair, t, 1);
		public_format(&pair.key, "", text);
		assert_null(strchr(strchr(text, ' ') + 1, ' '));
		rest = text;
		type = strsep(&rest, " ");
		base64 = rest;
		assert_true(public_from_text(&key, type, base64));
		assert_true(public_key_equal(&key, &pair.key));
		assert_false(public_from_text(&key,
		    public_type_name(
			t == KEY_ED25519 ? KEY_SK_ED25519 : KEY_ED25519),
		    base64));
		assert_false(public_from_text(&key, "ssh-rsa", base64));
	}
}

/* One of small order, for which anybody can write a signature. */
static void
points_are_judged(void **state)
{
	struct public_key bad = { .bytes = { 1 } }, key;
	char text[PUBLIC_LINE_MAX], *base64;
	uint8_t blob[PUBLIC_BLOB_MAX];

	(void)state;
	for (bad.type = KEY_ED25519; bad.type <= KEY_SK_ED25519; bad.type++) {
		public_format(&bad, "", text);
		base64 = strchr(text, ' ') + 1;
		assert_false(
		    public_from_text(&key, public_type_name(bad.type), base64));
		assert_false(
		    public_from_blob(&key, blob, sign_public_blob(&bad, blob)));
		assert_true(public_decode_text(
		    &key, public_type_name(bad.type), base64));
	}
}

/* A point with a bit off is a valid one now and then: then it is another. */
static void
blob_bits(void **state)
{
	uint8_t blob[PUBLIC_BLOB_MAX];
	struct public_key key;
	struct pair pair;
	enum key_type t;
	size_t len, i;
	unsigned bit;
	bool good;

	(void)state;
	for (t = KEY_ED25519; t <= KEY_SK_ED25519; t++) {
		pair_make(&pair, t, 2);
		len = sign_public_blob(&pair.key, blob);
		for (i = 0; i < len * 8; i++) {
			bit = 1U << (i % 8);
			blob[i / 8] ^= (uint8_t)bit;
			good = public_from_blob(&key, blob, len);
			blob[i / 8] ^= (uint8_t)bit;
			if (!good)
				continue;
			assert_false(public_key_equal(&key, &pair.key));
			assert_true(public_key_valid(&key));
			assert_int_equal(key.type, t);
		}
	}
}

static void
blob_lengths(void **state)
{
	uint8_t blob[PUBLIC_BLOB_MAX + 1] = { 0 }, *exact;
	struct public_key key;
	struct pair pair;
	enum key_type t;
	size_t full, len;

	(void)state;
	for (t = KEY_ED25519; t <= KEY_SK_ED25519; t++) {
		pair_make(&pair, t, 2);
		full = sign_public_blob(&pair.key, blob);
		blob[full] = 0;
		for (len = 0; len <= full + 1; len++) {
			exact = malloc(len + (len == 0));
			assert_non_null(exact);
			memcpy(exact, blob, len);
			assert_int_equal(
			    public_from_blob(&key, exact, len), len == full);
			free(exact);
		}
	}
}

/* "ssh:" is where OpenSSH makes its keys; another application is another. */
static void
other_application(void **state)
{
	uint8_t blob[PUBLIC_BLOB_MAX];
	struct public_key key;
	struct pair pair;
	size_t len;

	(void)state;
	pair_make(&pair, KEY_SK_ED25519, 3);
	len = sign_public_blob(&pair.key, blob);
	memcpy(blob + len - 4, "web:", 4);
	assert_false(public_from_blob(&key, blob, len));
	memcpy(blob + len - 4, "ssh:", 4);
	assert_true(public_from_blob(&key, blob, len));
}

static void
bad_point(void **state)
{
	struct public_key key = { .type = KEY_ED25519, .bytes = { 1 } };
	uint8_t blob[PUBLIC_BLOB_MAX];
	size_t len;

	(void)state;
	len = sign_public_blob(&key, blob);
	assert_false(public_from_blob(&key, blob, len));
}

static void
longest_comment(void **state)
{
	char comment[256], line[PUBLIC_LINE_MAX];
	struct pair pair;

	(void)state;
	pair_make(&pair, KEY_SK_ED25519, 4);
	memset(comment, 'c', 255);
	comment[255] = '\0';
	public_format(&pair.key, comment, line);
	assert_string_equal(line + strlen(line) - 255, comment);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_ssh_keygen_writes),
		cmocka_unit_test(others_are_others),
		cmocka_unit_test(both_types),
		cmocka_unit_test(points_are_judged),
		cmocka_unit_test(blob_bits),
		cmocka_unit_test(blob_lengths),
		cmocka_unit_test(other_application),
		cmocka_unit_test(bad_point),
		cmocka_unit_test(longest_comment),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
