/* Nothing remote reaches a terminal as it is (security 1.1, rows 39, 40). */
#include "check.h"

#include "base/escape.h"
#include "ctl/text.h"
#include "wire/json.h"

/* Every kind of what may move a cursor, hide or reorder text. */
static const char *const corpus[] = { "\x1b[2J", "\x07", "a\rb", "\x7f",
	"\xc2\x9b\x33\x31m", "\xff", "\xc0\x80", "\xed\xa0\x80", "\xe2\x80\xae",
	"\xe2\x80\x8b", "\xe2\x81\xa6", "\xef\xbb\xbf", "\xd8\x9c",
	"\xf3\xa0\x81\x81", "\xef\xbf\xb9", "\xe2\x80\xa8", "\x9b", "\\033",
	"\xee\x80\x80" };

typedef void put_fn(FILE *, const char *bytes, size_t len);

static char *
captured(put_fn *put, const char *bytes, size_t len)
{
	char *out;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	assert_non_null(f);
	put(f, bytes, len);
	assert_int_equal(fclose(f), 0);
	return out;
}

static void
put_in_object(FILE *f, const char *bytes, size_t len)
{
	json_t *object = json_pack("{s{ss%}}", "up", "name", bytes, len);

	/* Not all of the corpus can stand in JSON at all. */
	if (object == NULL)
		return;
	text_put_object(f, "    ", object, NULL);
	json_decref(object);
	object = json_object();
	json_object_setn_new(object, bytes, len, json_pack("[s]", "x"));
	text_put_object(f, "    ", object, NULL);
	json_decref(object);
}

static void
put_as_lines(FILE *f, const char *bytes, size_t len)
{
	text_put_lines(f, "host: ", bytes, len);
}

static void
test_corpus(void **state)
{
	static put_fn *const ways[] = { text_put, put_in_object, put_as_lines };

	(void)state;
	json_prepare();
	for (int i = 0; i < COUNT(corpus); i++)
		for (int way = 0; way < COUNT(ways); way++) {
			char *out =
			    captured(ways[way], corpus[i], strlen(corpus[i]));

			for (char *p = out; *p != '\0'; p++)
				assert_true(
				    *p == '\n' || (*p >= ' ' && *p <= '~'));
			free(out);
		}
}

/* Each byte alone, and in front of each other one. */
static void
test_bytes(void **state)
{
	(void)state;
	for (unsigned pair = 0; pair < 65536; pair++) {
		char bytes[2] = { (char)(pair >> 8), (char)pair }, *out;

		out = captured(text_put, bytes, 2);
		for (char *p = out; *p != '\0'; p++)
			assert_true((unsigned char)*p >= ' ' && *p != 0x7f);
		free(out);
	}
}

static void
test_lines(void **state)
{
	static const char evil[] = "ok\nb.example.com: OK\r\nlast";
	char *out;

	(void)state;
	out = captured(put_as_lines, evil, sizeof evil - 1);
	assert_string_equal(
	    out, "host: ok\nhost: b.example.com: OK\\015\nhost: last\n");
	free(out);
	out = captured(put_as_lines, "a\n", 2);
	assert_string_equal(out, "host: a\n");
	free(out);
	out = captured(put_as_lines, "", 0);
	assert_string_equal(out, "");
	free(out);
	out = captured(put_as_lines, "\n\n", 2);
	assert_string_equal(out, "host: \nhost: \n");
	free(out);
}

static void
test_tabs(void **state)
{
	char *out;

	(void)state;
	out = captured(text_put, "a\tb\t\tc", 6);
	assert_string_equal(out, "a       b               c");
	free(out);
}

static void
put_fixed_object(FILE *f, const char *bytes, size_t len)
{
	json_t *object = json_loadb(bytes, len, 0, NULL);

	assert_non_null(object);
	assert_int_equal(text_put_object(f, "- ", object, "exit"), 5);
	json_decref(object);
}

static void
test_object(void **state)
{
	static const char text[] =
	    "{\"exit\":0,\"a\":\"x\\ny\",\"l\":[0.06,0.1,\"z\"],"
	    "\"o\":{\"p\":{\"q\":true}},\"n\":null,\"e\":{}}";
	char *out;

	(void)state;
	out = captured(put_fixed_object, text, sizeof text - 1);
	assert_string_equal(out,
	    "- a: x\\012y\n- l: 0.06, 0.1, z\n- o.p.q: true\n- n: null\n"
	    "- e: {}\n");
	free(out);
}

static void
test_find(void **state)
{
	json_t *object = json_loads(
	    "{\"os\":{\"name\":\"x\",\"v\":{\"m\":12}},\"os.name\":\"whole\"}",
	    0, NULL);

	(void)state;
	assert_string_equal(
	    json_string_value(text_find(object, "os.name", 7)), "whole");
	assert_int_equal(
	    json_integer_value(text_find(object, "os.v.m", 6)), 12);
	assert_null(text_find(object, "os.v.m.x", 8));
	assert_null(text_find(object, "os.", 3));
	assert_null(text_find(object, "", 0));
	assert_null(text_find(NULL, "os", 2));
	json_decref(object);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_tabs),
		cmocka_unit_test(test_object),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
