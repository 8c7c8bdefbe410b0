/* Strict JSON: the narrowed language, its bounds, and the public suite. */
#include "wire/json.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>
#include <sodium.h>

#define FILE_MAX 300000

static enum status
strict_bytes(const void *bytes, size_t len, const char *reals_below)
{
	/* Exactly as long as the text, so that a read past the end shows. */
	uint8_t *copy = malloc(len > 0 ? len : 1);
	json_t *root = NULL;
	enum status status;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	status = json_strict(copy, len, reals_below, &root);
	assert_true((status == STATUS_OK) == (root != NULL));
	json_decref(root);
	free(copy);
	return status;
}

static enum status
strict(const char *text, const char *reals_below)
{
	return strict_bytes(text, strlen(text), reals_below);
}

static void
test_refused(void **state)
{
	static const char *const texts[] = { "", " ", "null", "1", "\"a\"",
		"[]", "[{}]", "{", "}", "{}}", "{}{}", "{}x", "{} 1", "{,}",
		"{\"a\":1,}", "{\"a\":1,\"a\":1}", "{\"a\":1,\"\\u0061\":2}",
		"{\"b\":{\"a\":1,\"a\":2}}", "{'a':1}", "{a:1}",
		"{\"a\":\"\\u0000\"}", "{\"\\u0000\":1}", "{\"a\\u0000b\":1}",
		"{\"a\":\"\x01\"}", "{\"a\":\"\n\"}", "{\"a\":\"\xff\"}",
		"{\"a\":\"\xc0\x80\"}", "{\"a\":\"\xed\xa0\x80\"}",
		"{\"a\":\"\\ud800\"}", "{\"\xc3\":1}", "\xef\xbb\xbf{}",
		"{\"a\":01}", "{\"a\":+1}", "{\"a\":0x1}", "{\"a\":NaN}",
		"{\"a\":Infinity}", "{\"a\":9223372036854775808}",
		"{\"a\":-9223372036854775809}",
		"{\"a\":99999999999999999999999}", "{\"a\":1e2}",
		"{\"a\":-0.0}", "{\"a\":1.0}", "{\"a\":1E400}", "{\"a\":[1.5]}",
		"{\"a\":{\"b\":[{\"c\":0.5}]}}", "/**/{}", "{\"a\":\"\\x41\"}",
		"{\"a\":tru}", "{\"a\":\"", "{\"a\":\"\\" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strict(texts[i], NULL) != STATUS_JSON)
			fail_msg("accepted: %s", texts[i]);
	assert_int_equal(strict_bytes("{}\0", 3, NULL), STATUS_JSON);
	assert_int_equal(strict_bytes("{\"a\0\":1}", 8, NULL), STATUS_JSON);
	/* jansson alone takes these two. */
	assert_int_equal(strict_bytes("{\"a\":1\0}", 8, NULL), STATUS_JSON);
	assert_int_equal(
	    strict_bytes("{\"a\":12\0,\"b\":1}", 15, NULL), STATUS_JSON);
	assert_int_equal(strict_bytes("{\"a\":\"\0\"}", 9, NULL), STATUS_JSON);
}

static void
test_accepted(void **state)
{
	static const char *const texts[] = { "{}", " { } \r\n\t", "{\"\":1}",
		"{\"a\":-0}", "{\"a\":9223372036854775807}",
		"{\"a\":-9223372036854775808}", "{\"a\":null}",
		"{\"a\":\"[[[[[[[[[[[[[[[[[[[[{{{{{{{{{{{{{{{{{{{{\"}",
		"{\"a\":\"\\\"[[[[[[[[[[[[[[[[[[[[\"}",
		"{\"a\":\"\\\\\",\"b\":\"]]]}}}\"}",
		"{\"a\":\"\\ud83d\\ude00\"}", "{\"a\":1,\"A\":2}" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strict(texts[i], NULL) != STATUS_OK)
			fail_msg("refused: %s", texts[i]);
}

static void
test_reals(void **state)
{
	(void)state;
	assert_int_equal(strict("{\"o\":{\"a\":[1.5]}}", "o"), STATUS_OK);
	assert_int_equal(strict("{\"o\":1.5}", "o"), STATUS_OK);
	assert_int_equal(strict("{\"a\":1.5,\"o\":{}}", "o"), STATUS_JSON);
	assert_int_equal(strict("{\"a\":{\"o\":1.5}}", "o"), STATUS_JSON);
	assert_int_equal(strict("{\"o\":1,\"p\":[[1.5]]}", "o"), STATUS_JSON);
	assert_int_equal(strict("{\"a\":{\"o\":1.5}}", ""), STATUS_OK);
	assert_int_equal(strict("{\"o\":1e999}", ""), STATUS_JSON);
}

/* What is read must be readable again once it was written with 15 digits. */
static void
test_largest_real(void **state)
{
	(void)state;
	assert_int_equal(
	    strict("{\"o\":[1.79769313486231e308]}", "o"), STATUS_OK);
	assert_int_equal(
	    strict("{\"o\":[-1.79769313486231e308]}", "o"), STATUS_OK);
	assert_int_equal(
	    strict("{\"o\":[1.7976931348623157e308]}", "o"), STATUS_JSON);
	assert_int_equal(
	    strict("{\"o\":{\"p\":-1.7976931348623157e308}}", ""), STATUS_JSON);
}

/* open n times, with an object on top, then close as often. */
static enum status
strict_nested(size_t n, const char *open, const char *close)
{
	size_t len = n * (strlen(open) + strlen(close)) + 32, used;
	char *text = malloc(len);
	enum status status;

	assert_non_null(text);
	used = (size_t)snprintf(text, len, "{\"a\":");
	for (size_t i = 1; i < n; i++) {
		memcpy(text + used, open, strlen(open));
		used += strlen(open);
	}
	text[used++] = '1';
	for (size_t i = 1; i < n; i++) {
		memcpy(text + used, close, strlen(close));
		used += strlen(close);
	}
	text[used++] = '}';
	status = strict_bytes(text, used, NULL);
	free(text);
	return status;
}

static void
test_depth(void **state)
{
	(void)state;
	assert_int_equal(strict_nested(16, "[", "]"), STATUS_OK);
	assert_int_equal(strict_nested(17, "[", "]"), STATUS_JSON);
	assert_int_equal(strict_nested(16, "{\"a\":", "}"), STATUS_OK);
	assert_int_equal(strict_nested(17, "{\"a\":", "}"), STATUS_JSON);
	/* Siblings are not depth. */
	assert_int_equal(
	    strict(
		"{\"a\":[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]}",
		NULL),
	    STATUS_OK);
}

/* 100,000 levels in a stack that would not hold them. */
static void
test_depth_stack(void **state)
{
	struct rlimit saved, small;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_STACK, &saved), 0);
	small = saved;
	small.rlim_cur = (rlim_t)512 * 1024;
	assert_int_equal(setrlimit(RLIMIT_STACK, &small), 0);
	assert_int_equal(strict_nested(100000, "[", "]"), STATUS_JSON);
	assert_int_equal(strict_nested(100000, "{\"a\":", "}"), STATUS_JSON);
	assert_int_equal(strict_nested(100000, "[", ""), STATUS_JSON);
	assert_int_equal(setrlimit(RLIMIT_STACK, &saved), 0);
}

/* As many members as fit: must not take quadratic time (rows 58 and 64). */
static void
test_many_members(void **state)
{
	size_t size = 2000000, used = 0;
	char *text = malloc(size);

	(void)state;
	assert_non_null(text);
	text[used++] = '{';
	for (unsigned i = 0; i < 100000; i++)
		used += (size_t)snprintf(text + used, size - used,
		    "%s\"k%u\":1", i > 0 ? "," : "", i);
	text[used++] = '}';
	assert_int_equal(strict_bytes(text, used, NULL), STATUS_OK);
	free(text);
}

static void
test_compact(void **state)
{
	json_t *root = NULL;
	const char *text = "{ \"b\" : [0.1, 1e3, 3], \"a\": \"\xc3\xa9/\" }";
	const char *expected = "{\"b\":[0.1,1000.0,3],\"a\":\"\xc3\xa9/\"}";
	size_t len = 0;
	char *written;

	(void)state;
	assert_int_equal(
	    json_strict((const uint8_t *)text, strlen(text), "", &root),
	    STATUS_OK);
	written = json_compact(root, &len);
	assert_string_equal(written, expected);
	assert_int_equal(len, strlen(expected));
	free(written);
	json_decref(root);
}

static const struct json_member schema[] = {
	{ "i", JSON_INTEGER, true, -1, 5 },
	{ "s", JSON_STRING, false, 1, 3 },
	{ "b", JSON_TRUE, false, 0, 0 },
	{ "o", JSON_OBJECT, false, 0, 0 },
	{ "l", JSON_ARRAY, false, 0, 0 },
	{ 0 },
};

static void
test_check(void **state)
{
	static const struct {
		const char *text;
		enum status expected;
	} rows[] = {
		{ "{\"i\":-1}", STATUS_OK },
		{ "{\"i\":5}", STATUS_OK },
		{ "{\"i\":-2}", STATUS_RANGE },
		{ "{\"i\":6}", STATUS_RANGE },
		{ "{}", STATUS_SCHEMA },
		{ "[]", STATUS_SCHEMA },
		{ "{\"i\":1,\"j\":1}", STATUS_SCHEMA },
		{ "{\"i\":1,\"s\":\"\"}", STATUS_RANGE },
		{ "{\"i\":1,\"s\":\"abc\"}", STATUS_OK },
		{ "{\"i\":1,\"s\":\"abcd\"}", STATUS_RANGE },
		{ "{\"i\":1,\"s\":\"\xc3\xa9\xc3\xa9\"}", STATUS_RANGE },
		{ "{\"i\":1,\"s\":null}", STATUS_SCHEMA },
		{ "{\"i\":1,\"b\":true}", STATUS_OK },
		{ "{\"i\":1,\"b\":false}", STATUS_OK },
		{ "{\"i\":1,\"b\":0}", STATUS_SCHEMA },
		{ "{\"i\":1,\"o\":{\"x\":1},\"l\":[1]}", STATUS_OK },
		{ "{\"i\":1,\"o\":[]}", STATUS_SCHEMA },
		{ "{\"i\":true}", STATUS_SCHEMA },
		{ "{\"i\":1.0}", STATUS_SCHEMA },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *node = json_loads(rows[i].text, 0, NULL);

		assert_non_null(node);
		if (json_check(node, schema) != rows[i].expected)
			fail_msg("row %zu: %s", i, rows[i].text);
		json_decref(node);
	}
	assert_int_equal(json_check(NULL, schema), STATUS_SCHEMA);
}

static void
test_readers(void **state)
{
	json_t *node =
	    json_loads("{\"i\":7,\"s\":\"abc\",\"b\":true}", 0, NULL);
	char name[4] = "zzz";

	(void)state;
	assert_int_equal(json_get_integer(node, "i", 1), 7);
	assert_int_equal(json_get_integer(node, "x", 1), 1);
	assert_string_equal(json_get_text(node, "s", "d"), "abc");
	assert_string_equal(json_get_text(node, "x", "d"), "d");
	assert_true(json_get_boolean(node, "b", false));
	assert_true(json_get_boolean(node, "x", true));
	assert_false(json_get_name(node, "s", json_text_printable, name, 3));
	assert_string_equal(name, "zzz");
	assert_true(json_get_name(node, "s", json_text_printable, name, 4));
	assert_string_equal(name, "abc");
	assert_false(json_get_name(node, "x", json_text_printable, name, 4));
	json_decref(node);
}

static void
test_printable(void **state)
{
	(void)state;
	assert_true(json_text_printable(""));
	assert_true(json_text_printable(" ~"));
	for (unsigned c = 1; c < 256; c++) {
		const char text[] = { 'a', (char)c, '\0' };

		assert_int_equal(
		    json_text_printable(text), c >= 0x20 && c <= 0x7e);
	}
}

static void
test_base64(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		bool accepted;
	} rows[] = {
		{ "AAEC", 3, true },
		{ "AAEC", 2, false },
		{ "AAEC", 4, false },
		{ "AAE=", 2, true },
		{ "AAF=", 2, false }, /* a bit that means nothing is set */
		{ "AAE", 2, false },
		{ "AAE==", 2, false },
		{ "AA E=", 2, false },
		{ "AAE=\n", 2, false },
		{ "AA-_", 3, false },
		{ "", 1, false },
		{ "A", 1, false },
		{ "====", 1, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *node = json_pack("{ss}", "k", rows[i].text);
		uint8_t out[4] = { 9, 9, 9, 9 };

		if (json_get_base64(node, "k", out, rows[i].size) !=
		    rows[i].accepted)
			fail_msg("row %zu: %s", i, rows[i].text);
		assert_int_equal(out[0], rows[i].accepted ? 0 : 9);
		assert_int_equal(out[1], rows[i].accepted ? 1 : 9);
		json_decref(node);
	}
}

static void
test_bytes(void **state)
{
	uint8_t bytes[100], *out = NULL;
	size_t len = 0;

	(void)state;
	randombytes_buf_deterministic(
	    bytes, sizeof(bytes), (const uint8_t[randombytes_SEEDBYTES]){ 1 });
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		json_t *node = json_object();

		json_object_set_new(node, "k", json_from_bytes(bytes, n));
		assert_int_equal(
		    json_get_bytes(node, "k", n, &out, &len), STATUS_OK);
		assert_int_equal(len, n);
		assert_memory_equal(out, bytes, n);
		free(out);
		if (n > 0)
			assert_int_equal(
			    json_get_bytes(node, "k", n - 1, &out, &len),
			    STATUS_BASE64);
		json_decref(node);
	}
}

/* ---- the public suite; its directory is the program's argument ---- */

static size_t
file_read(const char *directory, const char *name, char *text)
{
	char path[4096];
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "rb");
	assert_non_null(file);
	len = fread(text, 1, FILE_MAX, file);
	fclose(file);
	assert_true(len < FILE_MAX);
	return len;
}

/* An object stands on top here, so every text is tried inside one. */
static enum status
strict_inside(const char *text, size_t len)
{
	char *made = malloc(len + 8);
	enum status status;

	assert_non_null(made);
	memcpy(made, "{\"a\":", 5);
	memcpy(made + 5, text, len);
	made[len + 5] = '}';
	status = strict_bytes(made, len + 6, "");
	free(made);
	return status;
}

/* y_ for a general parser, and refused here: twice a name, or a NUL. */
static bool
refused_on_purpose(const char *name)
{
	static const char *const names[] = {
		"y_object_duplicated_key.json",
		"y_object_duplicated_key_and_value.json",
		"y_object_escaped_null_in_key.json",
		"y_string_null_escape.json",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void
suite_file(const char *directory, const char *name, unsigned counts[256])
{
	char *text = malloc(FILE_MAX);
	size_t len;
	enum status whole, inside;

	assert_non_null(text);
	len = file_read(directory, name, text);
	whole = strict_bytes(text, len, "");
	inside = strict_inside(text, len);
	free(text);
	counts[(unsigned char)name[0]]++;
	if (name[0] == 'n' && (whole == STATUS_OK || inside == STATUS_OK))
		fail_msg("%s accepted", name);
	if (name[0] == 'y' && refused_on_purpose(name)) {
		counts['r']++;
		assert_int_equal(whole, STATUS_JSON);
		assert_int_equal(inside, STATUS_JSON);
	} else if (name[0] == 'y' && inside != STATUS_OK) {
		fail_msg("%s refused", name);
	}
}

static void
test_suite(void **state)
{
	const char *directory = *state;
	unsigned counts[256] = { 0 };
	DIR *dir = opendir(directory);

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
		if (strstr(entry->d_name, ".json") != NULL)
			suite_file(directory, entry->d_name, counts);
	closedir(dir);
	assert_int_equal(counts['y'], 95);
	assert_int_equal(counts['n'], 188);
	assert_int_equal(counts['i'], 35);
	assert_int_equal(counts['r'], 4);
}

int
main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_reals),
		cmocka_unit_test(test_largest_real),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_depth_stack),
		cmocka_unit_test(test_many_members),
		cmocka_unit_test(test_compact),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_readers),
		cmocka_unit_test(test_printable),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test_prestate(test_suite, argv[1]),
	};

	if (argc != 2 || sodium_init() < 0)
		return 1;
	json_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
