/* base/cursor: what is written is read; nothing outside is touched. */
#include "tests/unit/base/cmocka_base.h"

#include <string.h>

#include "base/cursor.h"

static size_t
sample(uint8_t *bytes, size_t size)
{
	struct writer w;

	writer_init(&w, bytes, size);
	writer_u8(&w, 0xfe);
	writer_u32(&w, 0x01020304);
	writer_u64(&w, UINT64_C(0x8182838485868788));
	writer_text(&w, "name");
	writer_string(&w, "a\0b", 3);
	writer_bytes(&w, "rest", 4);
	return writer_done(&w) ? w.used : 0;
}

struct fields {
	uint8_t u8;
	uint32_t u32;
	uint64_t u64;
	char name[8];
	const uint8_t *string, *rest;
	size_t string_len, rest_len;
};

static bool
read_sample(const uint8_t *bytes, size_t len, struct fields *f)
{
	struct cursor c;

	cursor_init(&c, bytes, len);
	f->u8 = cursor_u8(&c);
	f->u32 = cursor_u32(&c);
	f->u64 = cursor_u64(&c);
	cursor_text(&c, f->name, sizeof(f->name));
	f->string = cursor_string(&c, &f->string_len);
	f->rest = cursor_rest(&c, &f->rest_len);
	return cursor_done(&c);
}

static void
test_round_trip(void **state)
{
	static const uint8_t front[] = { 0xfe, 1, 2, 3, 4, 0x81, 0x82, 0x83,
		0x84, 0x85, 0x86, 0x87, 0x88, 0, 0, 0, 4, 'n' };
	uint8_t bytes[64];
	size_t len = sample(bytes, sizeof(bytes));
	struct fields f;

	(void)state;
	assert_int_equal(len, 1 + 4 + 8 + 8 + 7 + 4);
	assert_memory_equal(bytes, front, sizeof(front));
	assert_true(read_sample(bytes, len, &f));
	assert_int_equal(f.u8, 0xfe);
	assert_int_equal(f.u32, 0x01020304);
	assert_true(f.u64 == UINT64_C(0x8182838485868788));
	assert_string_equal(f.name, "name");
	assert_int_equal(f.string_len, 3);
	assert_memory_equal(f.string, "a\0b", 3);
	assert_int_equal(f.rest_len, 4);
}

/* On the heap and exactly as long, so that a sanitizer sees a step too far. */
static void
test_every_cut(void **state)
{
	uint8_t bytes[64], *cut;
	size_t len = sample(bytes, sizeof(bytes));
	struct fields f;

	(void)state;
	for (size_t n = 0; n < len; n++) {
		cut = malloc(n + 1);
		assert_non_null(cut);
		memcpy(cut, bytes, n);
		/* The last four bytes are a rest, which may be shorter. */
		assert_int_equal(read_sample(cut, n, &f), n >= len - 4);
		free(cut);
	}
}

static void
test_every_bit(void **state)
{
	uint8_t bytes[64];
	size_t len = sample(bytes, sizeof(bytes));
	struct fields f;

	(void)state;
	for (size_t bit = 0; bit < len * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (read_sample(bytes, len, &f)) {
			assert_true(f.rest + f.rest_len == bytes + len);
			assert_true(strlen(f.name) < sizeof(f.name));
		}
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void
test_errors_stick(void **state)
{
	static const uint8_t bytes[] = { 0, 0, 0, 9, 'x', 1, 2, 3, 4 };
	struct cursor c;
	size_t len = 77;

	(void)state;
	cursor_init(&c, bytes, sizeof(bytes));
	assert_null(cursor_string(&c, &len));
	assert_int_equal(len, 0);
	assert_int_equal(cursor_u8(&c), 0);
	assert_null(cursor_bytes(&c, 0));
	assert_null(cursor_rest(&c, &len));
	assert_false(cursor_done(&c));
}

static void
test_text_bounds(void **state)
{
	static const uint8_t bytes[] = { 0, 0, 0, 3, 'a', 'b', 'c' };
	static const uint8_t with_nul[] = { 0, 0, 0, 3, 'a', 0, 'c' };
	struct cursor c;
	char text[8] = "former";

	(void)state;
	cursor_init(&c, bytes, sizeof(bytes));
	assert_true(cursor_text(&c, text, 4));
	assert_string_equal(text, "abc");
	cursor_init(&c, bytes, sizeof(bytes));
	assert_false(cursor_text(&c, text, 3));
	assert_string_equal(text, "");
	assert_false(cursor_done(&c));
	cursor_init(&c, with_nul, sizeof(with_nul));
	assert_false(cursor_text(&c, text, sizeof(text)));
}

static void
test_bytes_bounds(void **state)
{
	static const uint8_t bytes[] = { 'a', 'b', 'c' };
	struct cursor c;

	(void)state;
	cursor_init(&c, bytes, 2);
	assert_null(cursor_bytes(&c, 3));
	assert_false(cursor_done(&c));
	cursor_init(&c, bytes, 2);
	assert_ptr_equal(cursor_bytes(&c, 2), bytes);
	assert_true(cursor_done(&c));
	assert_non_null(cursor_bytes(&c, 0));
	assert_null(cursor_bytes(&c, SIZE_MAX));
}

static void
test_trailing_bytes(void **state)
{
	struct cursor c;

	(void)state;
	cursor_init(&c, "ab", 2);
	cursor_u8(&c);
	assert_false(cursor_done(&c));
	cursor_u8(&c);
	assert_true(cursor_done(&c));
}

static void
test_writer_bounds(void **state)
{
	uint8_t bytes[64], whole[64];
	size_t len = sample(whole, sizeof(whole));

	(void)state;
	for (size_t size = 0; size < len; size++) {
		memset(bytes, 0xaa, sizeof(bytes));
		assert_int_equal(sample(bytes, size), 0);
		assert_int_equal(bytes[size], 0xaa);
	}
	assert_int_equal(sample(bytes, len), len);
	assert_memory_equal(bytes, whole, len);
}

static void
test_writer_errors_stick(void **state)
{
	uint8_t bytes[4];
	struct writer w;

	(void)state;
	writer_init(&w, bytes, sizeof(bytes));
	writer_u64(&w, 1);
	writer_u8(&w, 1);
	assert_false(writer_done(&w));
	assert_int_equal(w.used, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_errors_stick),
		cmocka_unit_test(test_text_bounds),
		cmocka_unit_test(test_bytes_bounds),
		cmocka_unit_test(test_trailing_bytes),
		cmocka_unit_test(test_writer_bounds),
		cmocka_unit_test(test_writer_errors_stick),
	};

	return cmocka_run_group_tests_name("cursor", tests, NULL, NULL);
}
