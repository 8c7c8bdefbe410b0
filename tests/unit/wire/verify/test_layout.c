/* The fixed bytes of envelopes: every bit, every length, every bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "wire/verify/layout.h"

#define ROOM (ENVELOPE_MAX + 8)

/*
 * Written out here byte by byte, from the protocol's text and not with the
 * writer under test.
 */
struct blob {
	uint8_t bytes[SSHSIG_BLOB_MAX];
	size_t len, key, name, signature;
};

static void
put(struct blob *b, const void *bytes, size_t len)
{
	memcpy(b->bytes + b->len, bytes, len);
	b->len += len;
}

static void
put_string(struct blob *b, const void *bytes, size_t len)
{
	const uint8_t prefix[4] = { 0, 0, 0, (uint8_t)len };

	put(b, prefix, sizeof(prefix));
	put(b, bytes, len);
}

static void
put_text(struct blob *b, const char *text)
{
	put_string(b, text, strlen(text));
}

static void
make_blob(struct blob *b, enum key_type type, const char *namespace)
{
	const char *name =
	    type == KEY_ED25519 ? "ssh-ed25519" : "sk-ssh-ed25519@openssh.com";
	uint8_t key[32], sig[64];
	struct blob inner = { .len = 0 };

	memset(key, 'k', sizeof(key));
	memset(sig, 's', sizeof(sig));
	*b = (struct blob){ .len = 0 };
	put(b, "SSHSIG\0\0\0\1", 10);
	put_text(&inner, name);
	put_string(&inner, key, sizeof(key));
	if (type == KEY_SK_ED25519)
		put_text(&inner, "ssh:");
	put_string(b, inner.bytes, inner.len);
	b->key = 10 + 4 + 4 + strlen(name) + 4;
	put_text(b, namespace);
	b->name = b->len - strlen(namespace);
	put_text(b, "");
	put_text(b, "sha512");
	inner.len = 0;
	put_text(&inner, name);
	put_string(&inner, sig, sizeof(sig));
	if (type == KEY_SK_ED25519)
		put(&inner, "\x05\x01\x02\x03\x04", 5);
	put_string(b, inner.bytes, inner.len);
	b->signature = b->len - 64 - (type == KEY_SK_ED25519 ? 5 : 0);
}

static const struct {
	const char *name;
	size_t plain, sk;
} kinds[ENVELOPE_KINDS] = {
	[ENVELOPE_REQUEST] = { "amiral-request-v1", 187, 230 },
	[ENVELOPE_REPLY] = { "amiral-reply-v1", 185, 228 },
	[ENVELOPE_HELLO] = { "amiral-hello-v1", 185, 228 },
	[ENVELOPE_ENROLL] = { "amiral-enroll-v1", 186, 229 },
	[ENVELOPE_TRUST] = { "amiral-trust-v1", 185, 228 },
};

static void
blob_sizes(void **state)
{
	struct signature sig;
	struct blob b;
	unsigned k;

	(void)state;
	for (k = 0; k < ENVELOPE_KINDS; k++) {
		assert_string_equal(envelope_namespace(k), kinds[k].name);
		make_blob(&b, KEY_ED25519, kinds[k].name);
		assert_int_equal(b.len, kinds[k].plain);
		assert_int_equal(
		    layout_blob(b.bytes, b.len, k, &sig), STATUS_OK);
		make_blob(&b, KEY_SK_ED25519, kinds[k].name);
		assert_int_equal(b.len, kinds[k].sk);
		assert_int_equal(
		    layout_blob(b.bytes, b.len, k, &sig), STATUS_OK);
	}
}

static void
blob_members(void **state)
{
	struct signature sig;
	struct blob b;
	unsigned i;

	(void)state;
	make_blob(&b, KEY_SK_ED25519, kinds[ENVELOPE_HELLO].name);
	for (i = 0; i < 32; i++)
		b.bytes[b.key + i] = (uint8_t)i;
	for (i = 0; i < 64; i++)
		b.bytes[b.signature + i] = (uint8_t)(100 + i);
	assert_int_equal(
	    layout_blob(b.bytes, b.len, ENVELOPE_HELLO, &sig), STATUS_OK);
	assert_int_equal(sig.key.type, KEY_SK_ED25519);
	assert_memory_equal(sig.key.bytes, b.bytes + b.key, 32);
	assert_memory_equal(sig.bytes, b.bytes + b.signature, 64);
	assert_int_equal(sig.flags, 5);
	assert_int_equal(sig.counter, 0x01020304);
	make_blob(&b, KEY_ED25519, kinds[ENVELOPE_HELLO].name);
	assert_int_equal(
	    layout_blob(b.bytes, b.len, ENVELOPE_HELLO, &sig), STATUS_OK);
	assert_int_equal(sig.key.type, KEY_ED25519);
	assert_int_equal(sig.flags, 0);
	assert_int_equal(sig.counter, 0);
}

static bool
inside(size_t at, size_t start, size_t len)
{
	return at >= start && at < start + len;
}

/* Free are key, signature, counter, and all of flags but the touch. */
static bool
is_free(const struct blob *b, enum key_type type, size_t at, unsigned bit)
{
	if (inside(at, b->key, 32) || inside(at, b->signature, 64))
		return true;
	return type == KEY_SK_ED25519 && at >= b->len - 5 &&
	       !(at == b->len - 5 && bit == 0);
}

static void
flip_every_bit(enum key_type type)
{
	const struct signature untouched = { .counter = 77 };
	struct signature sig;
	enum status status;
	struct blob b;
	unsigned bit;
	size_t i;

	make_blob(&b, type, kinds[ENVELOPE_REQUEST].name);
	for (i = 0; i < b.len; i++) {
		for (bit = 0; bit < 8; bit++) {
			sig = untouched;
			b.bytes[i] ^= (uint8_t)(1U << bit);
			status =
			    layout_blob(b.bytes, b.len, ENVELOPE_REQUEST, &sig);
			b.bytes[i] ^= (uint8_t)(1U << bit);
			if (is_free(&b, type, i, bit)) {
				assert_int_equal(status, STATUS_OK);
				continue;
			}
			assert_int_equal(status, inside(i, b.name, 17)
						     ? STATUS_NAMESPACE
						     : STATUS_BLOB);
			assert_memory_equal(&sig, &untouched, sizeof(sig));
		}
	}
}

static void
blob_bits(void **state)
{
	(void)state;
	flip_every_bit(KEY_ED25519);
	flip_every_bit(KEY_SK_ED25519);
}

/* Copied to the end of an allocation, so that a read too far is seen. */
static enum status
blob_of_length(const struct blob *b, size_t len)
{
	uint8_t *exact = malloc(len + (len == 0));
	struct signature sig;
	enum status status;

	assert_non_null(exact);
	memcpy(exact, b->bytes, len);
	status = layout_blob(exact, len, ENVELOPE_REQUEST, &sig);
	free(exact);
	return status;
}

static void
blob_lengths(void **state)
{
	struct blob b;
	enum key_type type;
	size_t len;

	(void)state;
	for (type = KEY_ED25519; type <= KEY_SK_ED25519; type++) {
		make_blob(&b, type, kinds[ENVELOPE_REQUEST].name);
		for (len = 0; len < SSHSIG_BLOB_MAX; len++)
			assert_int_equal(blob_of_length(&b, len),
			    len == b.len ? STATUS_OK : STATUS_BLOB);
	}
}

static void
blob_other_namespaces(void **state)
{
	static const char *const others[] = { "", "file", "git",
		"amiral-request-v2", "amiral-request-v", "amiral-request-v10",
		"amiral-reply-v1" };
	struct signature sig;
	struct blob b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		make_blob(&b, KEY_ED25519, others[i]);
		assert_int_equal(
		    layout_blob(b.bytes, b.len, ENVELOPE_REQUEST, &sig),
		    STATUS_NAMESPACE);
	}
}

static void
blob_wants_a_touch(void **state)
{
	struct signature sig;
	struct blob b;
	unsigned flags;

	(void)state;
	make_blob(&b, KEY_SK_ED25519, kinds[ENVELOPE_REQUEST].name);
	for (flags = 0; flags < 256; flags++) {
		b.bytes[b.len - 5] = (uint8_t)flags;
		assert_int_equal(
		    layout_blob(b.bytes, b.len, ENVELOPE_REQUEST, &sig),
		    flags & 1 ? STATUS_OK : STATUS_BLOB);
	}
}

/* lines of line_len characters, an empty line, payload_len bytes. */
static size_t
make_envelope(uint8_t *out, unsigned lines, size_t line_len, size_t payload_len)
{
	size_t len = 0;
	unsigned i;

	for (i = 0; i < lines; i++) {
		memset(out + len, 'a' + (int)i, line_len);
		len += line_len;
		out[len++] = '\n';
	}
	out[len++] = '\n';
	memset(out + len, '\n', payload_len);
	return len + payload_len;
}

struct split_row {
	unsigned lines;
	size_t line_len, payload_len;
	enum status status;
};

static const struct split_row split_rows[] = {
	{ 1, 1, 1, STATUS_OK },
	{ 4, 400, 65536, STATUS_OK },
	{ 2, 252, 100, STATUS_OK },
	{ 0, 0, 10, STATUS_LINES },
	{ 5, 10, 10, STATUS_LINES },
	{ 1, 401, 10, STATUS_LAYOUT },
	{ 1, 10, 0, STATUS_LAYOUT },
	{ 1, 10, 65537, STATUS_TOO_LONG },
	{ 4, 400, 65537, STATUS_TOO_LONG },
};

static void
check_split(const struct split_row *row, uint8_t *bytes)
{
	struct layout layout = { .lines = 99 };
	size_t len;
	unsigned i;

	len = make_envelope(bytes, row->lines, row->line_len, row->payload_len);
	assert_int_equal(layout_split(bytes, len, &layout), row->status);
	if (row->status != STATUS_OK) {
		assert_int_equal(layout.lines, 99);
		return;
	}
	assert_int_equal(layout.lines, row->lines);
	assert_int_equal(layout.payload_len, row->payload_len);
	assert_ptr_equal(layout.payload, bytes + len - row->payload_len);
	for (i = 0; i < row->lines; i++) {
		assert_int_equal(layout.line_len[i], row->line_len);
		assert_ptr_equal(
		    layout.line[i], bytes + i * (row->line_len + 1));
	}
}

static void
split_bounds(void **state)
{
	uint8_t *bytes = malloc(ROOM);
	size_t i;

	(void)state;
	assert_non_null(bytes);
	for (i = 0; i < sizeof(split_rows) / sizeof(split_rows[0]); i++)
		check_split(&split_rows[i], bytes);
	free(bytes);
}

/* What no length of a good envelope but those with a payload may pass. */
static void
split_lengths(void **state)
{
	uint8_t bytes[64], *exact;
	struct layout layout;
	size_t full, len;

	(void)state;
	full = make_envelope(bytes, 3, 10, 5);
	for (len = 0; len <= full; len++) {
		exact = malloc(len + (len == 0));
		assert_non_null(exact);
		memcpy(exact, bytes, len);
		assert_int_equal(layout_split(exact, len, &layout),
		    len > full - 5 ? STATUS_OK : STATUS_LAYOUT);
		free(exact);
	}
}

static void
status_names(void **state)
{
	unsigned i, j;

	(void)state;
	for (i = 0; i < STATUS_COUNT; i++) {
		assert_non_null(status_name(i));
		for (j = 0; j < i; j++)
			assert_string_not_equal(status_name(i), status_name(j));
	}
	assert_string_equal(status_name(STATUS_COUNT), "invalid");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blob_sizes),
		cmocka_unit_test(blob_members),
		cmocka_unit_test(blob_bits),
		cmocka_unit_test(blob_lengths),
		cmocka_unit_test(blob_other_namespaces),
		cmocka_unit_test(blob_wants_a_touch),
		cmocka_unit_test(split_bounds),
		cmocka_unit_test(split_lengths),
		cmocka_unit_test(status_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
