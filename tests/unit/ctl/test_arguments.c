/* Arguments against a description: each type, each refusal, its remedy. */
#include "check.h"

#include "ctl/description.h"
#include "wire/json.h"

static const char text[] =
    "{\"name\":\"service\",\"description\":\"d\",\"side_effects\":true,"
    "\"summary\":\"state\",\"args\":{"
    "\"name\":{\"type\":\"string\",\"required\":true,\"pattern\":\"[a-z]*\"},"
    "\"action\":{\"type\":\"string\",\"enum\":[\"start\",\"stop\"]},"
    "\"count\":{\"type\":\"integer\"},\"now\":{\"type\":\"boolean\"},"
    "\"more\":{\"type\":\"object\"},\"file\":{\"type\":\"path\"},"
    "\"token\":{\"type\":\"string\",\"secret\":true}}}";

static char error[CTL_ERROR_MAX];

static void
parse(struct description *d)
{
	json_prepare();
	assert_true(description_parse(
	    d, "service", "service.json", text, sizeof text - 1, error));
}

static bool
check(const struct description *d, const char *const *words, unsigned n)
{
	json_t *args = arguments_read(words, n, error);
	bool good;

	if (args == NULL)
		return false;
	good = arguments_check(d, args, error);
	json_decref(args);
	return good;
}

static void
test_accepted(void **state)
{
	static const char *const words[] = { "name=nginx", "action=stop",
		"count:=3", "now:=true", "more:={\"a\":[1]}", "file=/a/b" };
	struct description d;
	json_t *args;

	(void)state;
	parse(&d);
	assert_true(d.side_effects);
	assert_string_equal(description_summary(&d), "state");
	if (!check(&d, words, COUNT(words)))
		fail_msg("%s", error);
	args = arguments_read(words, COUNT(words), error);
	assert_int_equal(json_get_integer(args, "count", 0), 3);
	assert_string_equal(json_get_text(args, "name", ""), "nginx");
	json_decref(args);
	description_clear(&d);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *word, *says;
	} rows[] = {
		{ "nmae=x", "no argument 'nmae': it takes name, action" },
		{ "count=3", "argument count is a whole number: count:=3" },
		{ "count:=3.5", "argument count is a whole number" },
		{ "now=true", "now:=true or now:=false" },
		{ "more:=[1]", "argument more is an object" },
		{ "action=restart", "one of \"start\", \"stop\"" },
		{ "file=a/b", "file=/etc/hosts" },
		{ "file=/a/../b", "absolute path" },
		{ "file=/a//b", "absolute path" },
		{ "file=/a/.", "absolute path" },
		{ "file=/a/", "absolute path" },
		{ "token=x", "argument token is a secret" },
		{ "name", "'name' is no argument: write KEY=VALUE" },
		{ "=x", "is no argument" },
		{ ":=x", "is no argument" },
		{ "count:={", "argument count: '{' is no JSON" },
		{ "name=\xff", "is no UTF-8" },
		{ "n\xff=a", "its name is no UTF-8" },
		{ "name=y", "argument name is given twice" },
	};
	struct description d;

	(void)state;
	parse(&d);
	for (int i = 0; i < COUNT(rows); i++) {
		const char *words[] = { "name=x", rows[i].word };

		error[0] = '\0';
		assert_false(check(&d, words, 2));
		assert_says(error, rows[i].says);
	}
	assert_false(check(&d, (const char *const[]){ "name=9" }, 1));
	assert_says(error, "does not fit '[a-z]*'");
	assert_false(check(&d, NULL, 0));
	assert_says(error, "needs the argument name");
	description_clear(&d);
}

static void
test_unknown_provider(void **state)
{
	static const char *const words[] = { "any:=[1]", "thing=x" };
	struct description d;

	(void)state;
	assert_true(description_load(&d, "no-such-provider", error));
	assert_true(d.side_effects);
	assert_null(description_summary(&d));
	assert_true(check(&d, words, 2));
	description_clear(&d);
}

static void
test_bad_descriptions(void **state)
{
	static const char *const rows[] = { "", "[]", "{}",
		"{\"name\":\"other\",\"description\":\"\"}",
		"{\"name\":\"service\"}",
		("{\"name\":\"service\",\"description\":\"\","
		 "\"extra\":1}"),
		("{\"name\":\"service\",\"description\":\"\","
		 "\"side_effects\":1}") };
	struct description d;

	(void)state;
	json_prepare();
	for (int i = 0; i < COUNT(rows); i++) {
		assert_false(description_parse(&d, "service", "file.json",
		    rows[i], strlen(rows[i]), error));
		assert_says(error, "file.json");
	}
}

/* What says nothing of side effects has them. */
static void
test_side_effects_by_default(void **state)
{
	static const char quiet[] =
	    "{\"name\":\"service\",\"description\":\"d\"}";
	struct description d;

	(void)state;
	assert_true(description_parse(
	    &d, "service", "f", quiet, sizeof quiet - 1, error));
	assert_true(d.side_effects);
	description_clear(&d);
	assert_true(description_load(&d, "ping", error));
	assert_false(d.side_effects);
	description_clear(&d);
}

/* What no gate would take is no description here either. */
static void
test_broken_rows(void **state)
{
	static const char *const rows[] = {
		"{\"type\":\"text\"}",
		"{\"type\":\"string\",\"minimum\":1}",
		"{\"type\":\"integer\",\"pattern\":\"1*\"}",
		"{\"type\":\"string\",\"pattern\":\"[a-\"}",
		"{\"type\":\"integer\",\"enum\":[1,\"2\"]}",
		"{\"type\":\"integer\",\"enum\":[]}",
		"{}",
		"1",
	};

	(void)state;
	json_prepare();
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct description d;
		char file[256];
		int len = snprintf(file, sizeof file,
		    "{\"name\":\"x\",\"description\":\"d\","
		    "\"args\":{\"a\":%s}}",
		    rows[i]);

		error[0] = '\0';
		assert_false(description_parse(
		    &d, "x", "x.json", file, (size_t)len, error));
		assert_non_null(strstr(error, "x.json"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_unknown_provider),
		cmocka_unit_test(test_bad_descriptions),
		cmocka_unit_test(test_side_effects_by_default),
		cmocka_unit_test(test_broken_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
