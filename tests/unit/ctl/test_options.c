/* The command line: places, values, bounds, messages. */
#include "check.h"

#include "ctl/options.h"

static bool
read_words(struct options *o, char *error, const char *const *words, int n)
{
	char *argv[OPTION_WORDS_MAX + 8];

	argv[0] = (char *)(uintptr_t) "amiral";
	for (int i = 0; i < n; i++)
		argv[i + 1] = (char *)(uintptr_t)words[i];
	return options_read(o, n + 1, argv, error);
}

#define READ(o, error, ...)                                                    \
	read_words((o), (error), (const char *const[]){ __VA_ARGS__ },         \
	    COUNT(((const char *const[]){ __VA_ARGS__ })))

static void
test_defaults(void **state)
{
	char error[CTL_ERROR_MAX];
	struct options o;

	(void)state;
	assert_true(READ(&o, error, "ping"));
	assert_int_equal(o.ack_timeout_ms, 2000);
	assert_int_equal(o.ttl_ms, 60000);
	assert_int_equal(o.timeout_ms, 0);
	assert_int_equal(o.display, DISPLAY_ALL);
	assert_int_equal(o.word_count, 1);
	assert_string_equal(o.words[0], "ping");
	assert_false(options_have_targets(&o));
}

/* A second person needs time; how many sign is between two and four. */
static void
test_request_file(void **state)
{
	static const char *const numbers[] = { "2", "4", "1", "5", "22", "" };
	char error[CTL_ERROR_MAX];
	struct options o;

	(void)state;
	assert_true(READ(&o, error, "run", "x", "--cosign", "f"));
	assert_int_equal(o.ttl_ms, 30 * 60 * 1000);
	assert_int_equal(o.signatures, 0);
	assert_true(READ(&o, error, "run", "--ttl=1s", "--cosign=f"));
	assert_int_equal(o.ttl_ms, 1000);
	for (int i = 0; i < COUNT(numbers); i++) {
		assert_int_equal(READ(&o, error, "run", "x", "--cosign", "f",
				     "--signatures", numbers[i]),
		    i < 2);
		if (i < 2)
			assert_int_equal(o.signatures, numbers[i][0] - '0');
	}
}

static void
test_anywhere(void **state)
{
	static const char *const orders[][7] = {
		{ "-j", "-Fa=b", "uptime", "x=1", "--ttl=5s", "-q", "y=2" },
		{ "uptime", "x=1", "y=2", "-jq", "--fact", "a=b", "--ttl=5s" },
		{ "--quiet", "--ttl", "5", "uptime", "-jFa=b", "x=1", "y=2" },
	};
	char error[CTL_ERROR_MAX];
	struct options o;

	(void)state;
	for (int i = 0; i < COUNT(orders); i++) {
		assert_true(read_words(&o, error, orders[i], 7));
		assert_true(o.json && o.quiet && !o.verbose);
		assert_int_equal(o.ttl_ms, 5000);
		assert_int_equal(o.facts.n, 1);
		assert_string_equal(o.facts.at[0], "a=b");
		assert_int_equal(o.word_count, 3);
		assert_string_equal(o.words[0], "uptime");
		assert_string_equal(o.words[2], "y=2");
		assert_true(options_have_targets(&o));
	}
}

static void
test_behind_dashes(void **state)
{
	char error[CTL_ERROR_MAX];
	struct options o;

	(void)state;
	assert_true(READ(&o, error, "shell", "--", "ls", "-j", "--all"));
	assert_int_equal(o.word_count, 4);
	assert_false(o.json || o.all);
	assert_true(READ(&o, error, "ping", "--nodes", "-"));
	assert_string_equal(o.nodes.at[0], "-");
	assert_true(READ(&o, error, "ping", "-"));
	assert_int_equal(o.word_count, 2);
}

static void
test_refusals(void **state)
{
	static const struct {
		const char *words[3], *says;
	} rows[] = {
		{ { "run", "--no-send", "" }, "belongs to --cosign" },
		{ { "run", "--signatures", "2" }, "belongs to --cosign" },
		{ { "ping", "--bogus", "" }, "unknown option '--bogus'" },
		{ { "ping", "-Z", "" }, "unknown option '-Z'" },
		{ { "ping", "-jZ", "" }, "unknown option '-jZ'" },
		{ { "ping", "--batch", "3" }, "unknown option '--batch'" },
		{ { "ping", "--al", "" }, "unknown option" },
		{ { "ping", "", "--fact" }, "--fact needs a value" },
		{ { "ping", "", "-F" }, "--fact needs a value" },
		{ { "ping", "-F", "" }, "--fact: its value is empty" },
		{ { "ping", "--fleet=", "" }, "--fleet: its value is empty" },
		{ { "ping", "--json=yes", "" }, "--json takes no value" },
		{ { "ping", "--ttl", "soon" }, "--ttl: 'soon'" },
		{ { "ping", "--ttl", "0s" }, "--ttl: '0s'" },
		{ { "ping", "--ttl", "25h" }, "24h" },
		{ { "ping", "--display", "some" }, "--display: 'some'" },
		{ { "ping", "--json", "--jsonl" }, "exclude each other" },
	};
	char error[CTL_ERROR_MAX];
	struct options o;

	(void)state;
	for (int i = 0; i < COUNT(rows); i++) {
		assert_false(read_words(&o, error, rows[i].words, 3));
		assert_says(error, rows[i].says);
	}
}

static void
test_bounds(void **state)
{
	const char *words[OPTION_WORDS_MAX + 1];
	char error[CTL_ERROR_MAX];
	struct options o;

	(void)state;
	for (int i = 0; i < COUNT(words); i++)
		words[i] = i < OPTION_REPEAT_MAX ? "-Iweb" : "x";
	assert_true(read_words(&o, error, words, OPTION_REPEAT_MAX));
	assert_int_equal(o.hosts.n, OPTION_REPEAT_MAX);
	words[OPTION_REPEAT_MAX] = "-Iweb";
	assert_false(read_words(&o, error, words, OPTION_REPEAT_MAX + 1));
	assert_says(error, "--host: given more than 256 times");
	for (int i = 0; i < COUNT(words); i++)
		words[i] = "x";
	assert_true(read_words(&o, error, words, OPTION_WORDS_MAX));
	assert_false(read_words(&o, error, words, OPTION_WORDS_MAX + 1));
}

static void
test_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: none */
	} rows[] = {
		{ "2", 2000 },
		{ "2s", 2000 },
		{ "500ms", 500 },
		{ "5m", 300000 },
		{ "24h", 86400000 },
		{ "1d", 86400000 },
		{ "999999999", 999999999000 },
		{ "1000000000", -1 },
		{ "", -1 },
		{ "s", -1 },
		{ "-1", -1 },
		{ "1.5s", -1 },
		{ "1 s", -1 },
		{ "1S", -1 },
		{ "1sec", -1 },
	};

	(void)state;
	for (int i = 0; i < COUNT(rows); i++) {
		int64_t ms = -1;

		assert_int_equal(
		    options_duration(rows[i].text, &ms), rows[i].ms >= 0);
		assert_int_equal(ms, rows[i].ms);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_request_file),
		cmocka_unit_test(test_anywhere),
		cmocka_unit_test(test_behind_dashes),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
