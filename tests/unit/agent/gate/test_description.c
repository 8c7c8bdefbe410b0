#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/gate/description.h"
#include "wire/json.h"

#define ARGS(text) "{\"name\":\"p\",\"description\":\"d\",\"args\":" text "}"
#define ARG(text)  ARGS("{\"a\":" text "}")

static bool
parses(const char *text)
{
	struct description description = { .argument_count = 99 };
	char error[DESCRIPTION_ERROR_MAX] = "";
	bool ok =
	    description_parse(&description, "p", text, strlen(text), error);

	if (ok) {
		assert_string_equal(error, "");
		description_clear(&description);
	} else {
		assert_string_not_equal(error, "");
		assert_int_equal(description.argument_count, 99);
	}
	return ok;
}

static void
test_good_ones(void **state)
{
	static const char *const good[] = {
		"{\"name\":\"p\",\"description\":\"\"}",
		"{\"name\":\"p\",\"description\":\"d\",\"side_effects\":false,"
		"\"summary\":\"{up}\"}",
		ARGS("{}"),
		ARG("{\"type\":\"string\",\"required\":true,\"secret\":true,"
		    "\"description\":\"x\",\"enum\":[\"a\"],\"pattern\":\"*"
		    "\"}"),
		ARG("{\"type\":\"integer\",\"enum\":[1,2]}"),
		ARG("{\"type\":\"boolean\"}"),
		ARG("{\"type\":\"object\"}"),
		ARG("{\"type\":\"path\",\"pattern\":\"/etc/*\"}"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!parses(good[i]))
			fail_msg("refused: %s", good[i]);
	}
}

static void
test_bad_ones(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"name\":\"p\"}",
		"{\"name\":\"q\",\"description\":\"\"}",
		"{\"name\":\"p\",\"description\":\"\",\"more\":1}",
		"{\"name\":\"p\",\"description\":\"\",\"side_effects\":1}",
		"{\"name\":\"p\",\"name\":\"p\",\"description\":\"\"}",
		ARGS("[]"),
		ARG("{}"),
		ARG("1"),
		ARG("{\"type\":\"text\"}"),
		ARG("{\"type\":\"string\",\"more\":1}"),
		ARG("{\"type\":\"string\",\"required\":\"yes\"}"),
		ARG("{\"type\":\"string\",\"pattern\":\"[\"}"),
		ARG("{\"type\":\"integer\",\"pattern\":\"*\"}"),
		ARG("{\"type\":\"string\",\"enum\":[]}"),
		ARG("{\"type\":\"string\",\"enum\":[1]}"),
		ARG("{\"type\":\"path\",\"enum\":[\"x\"]}"),
		ARGS("{\"\":{\"type\":\"string\"}}"),
		ARGS("{\"a b\":{\"type\":\"string\"}}"),
		ARGS("{\"\\u00e9\":{\"type\":\"string\"}}"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (parses(bad[i]))
			fail_msg("taken: %s", bad[i]);
	}
}

static void
test_bounds(void **state)
{
	char text[8192], *at;
	int n;

	(void)state;
	for (n = DESCRIPTION_ARGUMENTS; n <= DESCRIPTION_ARGUMENTS + 1; n++) {
		at = text +
		     sprintf(text,
			 "{\"name\":\"p\",\"description\":\"\",\"args\":{");
		for (int i = 0; i < n; i++)
			at += sprintf(at, "%s\"a%d\":{\"type\":\"string\"}",
			    i == 0 ? "" : ",", i);
		sprintf(at, "}}");
		assert_int_equal(parses(text), n == DESCRIPTION_ARGUMENTS);
	}
	for (n = 64; n <= 65; n++) {
		sprintf(text,
		    "{\"name\":\"p\",\"description\":\"\",\"args\":"
		    "{\"%0*d\":{\"type\":\"string\"}}}",
		    n, 0);
		assert_int_equal(parses(text), n == 64);
	}
}

static void
test_side_effects(void **state)
{
	static const char *const texts[] = {
		"{\"name\":\"p\",\"description\":\"\"}",
		"{\"name\":\"p\",\"description\":\"\",\"side_effects\":false}",
	};
	struct description description;
	char error[DESCRIPTION_ERROR_MAX];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		assert_true(description_parse(
		    &description, "p", texts[i], strlen(texts[i]), error));
		assert_int_equal(description.side_effects, i == 0);
		description_clear(&description);
	}
}

static const char checked[] =
    ARGS("{\"must\":{\"type\":\"boolean\",\"required\":true},"
	 "\"s\":{\"type\":\"string\",\"pattern\":\"a*\"},"
	 "\"e\":{\"type\":\"string\",\"enum\":[\"on\",\"off\"]},"
	 "\"i\":{\"type\":\"integer\",\"enum\":[1,2]},"
	 "\"o\":{\"type\":\"object\"},"
	 "\"p\":{\"type\":\"path\"}}");

static const struct {
	const char *args, *named; /* named: NULL where they are good */
} rows[] = {
	{ "{\"must\":true}", NULL },
	{ "{\"must\":false,\"s\":\"abc\",\"e\":\"on\",\"i\":2,\"o\":{},"
	  "\"p\":\"/a/b.c\"}",
	    NULL },
	{ "{\"must\":true,\"p\":\"/\"}", NULL },
	{ "{\"must\":true,\"p\":\"/..a/.b/c..\"}", NULL },
	{ "{}", "must" },
	{ "{\"must\":1}", "must" },
	{ "{\"must\":null}", "must" },
	{ "{\"must\":true,\"s\":\"b\"}", "s" },
	{ "{\"must\":true,\"s\":1}", "s" },
	{ "{\"must\":true,\"e\":\"maybe\"}", "e" },
	{ "{\"must\":true,\"i\":3}", "i" },
	{ "{\"must\":true,\"i\":\"1\"}", "i" },
	{ "{\"must\":true,\"o\":[]}", "o" },
	{ "{\"must\":true,\"p\":\"\"}", "p" },
	{ "{\"must\":true,\"p\":\"a\"}", "p" },
	{ "{\"must\":true,\"p\":\"//\"}", "p" },
	{ "{\"must\":true,\"p\":\"/a/\"}", "p" },
	{ "{\"must\":true,\"p\":\"/a//b\"}", "p" },
	{ "{\"must\":true,\"p\":\"/./b\"}", "p" },
	{ "{\"must\":true,\"p\":\"/a/..\"}", "p" },
	{ "{\"must\":true,\"x\":1}", "x" },
	{ "{\"must\":true,\"\\n\":1}", "\\012" },
};

static void
test_arguments(void **state)
{
	struct description description;
	char error[DESCRIPTION_ERROR_MAX];

	(void)state;
	assert_true(description_parse(
	    &description, "p", checked, strlen(checked), error));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *args = json_loads(rows[i].args, 0, NULL);
		char detail[REPLY_DETAIL_MAX + 1] = "", wanted[64];
		bool fits = description_check(&description, args, detail);

		assert_non_null(args);
		if (fits != (rows[i].named == NULL))
			fail_msg("%s: %s", rows[i].args, detail);
		if (!fits) {
			snprintf(wanted, sizeof(wanted), "argument %s ",
			    rows[i].named);
			assert_memory_equal(detail, wanted, strlen(wanted));
		}
		json_decref(args);
	}
	description_clear(&description);
}

static void
test_no_arguments(void **state)
{
	struct description description = { .name = "p" };
	char detail[REPLY_DETAIL_MAX + 1];
	json_t *args = json_loads("{\"x\":1}", 0, NULL);

	(void)state;
	assert_true(description_check(&description, NULL, detail));
	assert_false(description_check(&description, args, detail));
	json_decref(args);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_ones),
		cmocka_unit_test(test_bad_ones),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_side_effects),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_no_arguments),
	};

	return cmocka_run_group_tests_name("description", tests, NULL, NULL);
}
