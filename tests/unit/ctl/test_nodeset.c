/* Ranges and lists: what they mean, and at their bounds. */
#include "check.h"

#include "ctl/nodeset.h"

/* The names with spaces between them, or NULL and a message. */
static char *
joined(const char *text, char error[static CTL_ERROR_MAX])
{
	struct nodeset set = { NULL, 0 };
	char *out = NULL;
	size_t len;
	FILE *f;

	if (nodeset_add(&set, text, error)) {
		f = open_memstream(&out, &len);
		assert_non_null(f);
		for (size_t i = 0; i < set.n; i++)
			fprintf(f, "%s%s", i > 0 ? " " : "", set.names[i]);
		assert_int_equal(fclose(f), 0);
	}
	nodeset_free(&set);
	return out;
}

static void
test_expansion(void **state)
{
	static const struct {
		const char *text, *names;
	} rows[] = {
		{ "web1", "web1" },
		{ "a,b", "a b" },
		{ "web[1-3]", "web1 web2 web3" },
		{ "web[01-03].x", "web01.x web02.x web03.x" },
		{ "web[9-11]", "web9 web10 web11" },
		{ "web[08-11]", "web08 web09 web10 web11" },
		{ "web[1,3-4]", "web1 web3 web4" },
		{ "r[1-2]n[3-4]", "r1n3 r1n4 r2n3 r2n4" },
		{ "web[5-5]", "web5" },
		{ "web[1-2],db1", "web1 web2 db1" },
		{ "web[1-2]*", "web1* web2*" },
		{ "*", "*" },
		{ "[007]", "007" },
	};
	char error[CTL_ERROR_MAX];

	(void)state;
	for (int i = 0; i < COUNT(rows); i++) {
		char *names = joined(rows[i].text, error);

		assert_non_null(names);
		assert_string_equal(names, rows[i].names);
		free(names);
	}
}

static void
test_refusals(void **state)
{
	static const char *const rows[] = { "", ",", "a,", ",a", "a,,b", "web[",
		"web[1", "web[]", "web[a-b]", "web[1-]", "web[-1]", "web[3-1]",
		"web[1-2-3]", "web[1,]", "web[1;2]", "web[!1]",
		"web[1111111111]", "web[0-16384]", "web[[1]]" };
	char error[CTL_ERROR_MAX];

	(void)state;
	for (int i = 0; i < COUNT(rows); i++) {
		error[0] = '\0';
		assert_null(joined(rows[i], error));
		assert_true(error[0] != '\0');
	}
}

static void
test_bounds(void **state)
{
	struct nodeset set = { NULL, 0 };
	char error[CTL_ERROR_MAX], name[300];

	(void)state;
	assert_true(nodeset_add(&set, "n[0-16383]", error));
	assert_int_equal(set.n, NODESET_MAX);
	assert_string_equal(set.names[16383], "n16383");
	assert_false(nodeset_add(&set, "one", error));
	assert_says(error, "16384");
	nodeset_free(&set);
	assert_false(nodeset_add(&set, "[1-200][1-200]", error));
	assert_true(set.n <= NODESET_MAX);
	nodeset_free(&set);
	memset(name, 'a', sizeof name);
	name[255] = '\0';
	assert_true(nodeset_add(&set, name, error));
	name[255] = 'a';
	name[256] = '\0';
	assert_false(nodeset_add(&set, name, error));
	strcpy(name + 254, "[10-11]");
	assert_false(nodeset_add(&set, name, error));
	nodeset_free(&set);
}

/* No deeper than a name is long, whatever the file holds. */
static void
test_many_brackets(void **state)
{
	struct nodeset set = { NULL, 0 };
	char error[CTL_ERROR_MAX], *text = malloc(300001), *p = text;

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < 100000; i++)
		p = stpcpy(p, "[1]");
	assert_false(nodeset_add(&set, text, error));
	assert_says(error, "255");
	nodeset_free(&set);
	free(text);
}

static void
test_lines(void **state)
{
	char text[] = "# all of them\nweb[1-2] db1 # and\r\n\n\tlast,x\n#end";
	struct nodeset set = { NULL, 0 };
	char error[CTL_ERROR_MAX];

	(void)state;
	assert_true(nodeset_add_lines(&set, text, error));
	assert_int_equal(set.n, 5);
	assert_string_equal(set.names[0], "web1");
	assert_string_equal(set.names[2], "db1");
	assert_string_equal(set.names[4], "x");
	nodeset_free(&set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expansion),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_many_brackets),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
