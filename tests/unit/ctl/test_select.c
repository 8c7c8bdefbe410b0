/* Expressions: the tree they stand for, errors by column, bounds. */
#include "check.h"

#include "ctl/select.h"
#include "wire/json.h"
#include "wire/match.h"

#define FACT(f, o, v) "{\"fact\":\"" f "\",\"op\":\"" o "\",\"value\":" v "}"

static void
test_trees(void **state)
{
	static const struct {
		const char *expr, *tree;
	} rows[] = {
		{ "a=b", FACT("a", "glob", "\"b\"") },
		{ " a == b* ", FACT("a", "glob", "\"b*\"") },
		{ "a!=b", "{\"not\":" FACT("a", "glob", "\"b\"") "}" },
		{ "a<1", FACT("a", "lt", "1") },
		{ "a<=1", FACT("a", "le", "1") },
		{ "a>-1", FACT("a", "gt", "-1") },
		{ "a>=1", FACT("a", "ge", "1") },
		{ "a", FACT("a", "exists", "true") },
		{ "os.name='x y'", FACT("os.name", "glob", "\"x y\"") },
		{ "a=\"or\"", FACT("a", "glob", "\"or\"") },
		{ "order or android",
		    "{\"or\":[" FACT("order", "exists", "true") "," FACT(
			"android", "exists", "true") "]}" },
		{ "or=1", FACT("or", "glob", "\"1\"") },
		{ "a and b", "{\"and\":[" FACT("a", "exists", "true") "," FACT(
				 "b", "exists", "true") "]}" },
		{ "a or b and c",
		    "{\"or\":[" FACT("a", "exists", "true") ",{\"and\":[" FACT(
			"b", "exists", "true") "," FACT("c", "exists",
			"true") "]}]}" },
		{ "(a or b) and c",
		    "{\"and\":[{\"or\":[" FACT("a", "exists", "true") "," FACT(
			"b", "exists", "true") "]}," FACT("c", "exists",
			"true") "]}" },
		{ "not a", "{\"not\":" FACT("a", "exists", "true") "}" },
		{ "not (a=1)", "{\"not\":" FACT("a", "glob", "\"1\"") "}" },
		{ "not not a",
		    "{\"not\":{\"not\":" FACT("a", "exists", "true") "}}" },
		{ "a=[!x]*", FACT("a", "glob", "\"[!x]*\"") },
	};
	char error[CTL_ERROR_MAX];

	(void)state;
	json_prepare();
	for (int i = 0; i < COUNT(rows); i++) {
		json_t *tree = select_parse(rows[i].expr, error), *match;
		char *text;

		if (tree == NULL)
			fail_msg("%s: %s", rows[i].expr, error);
		text = json_dumps(tree, JSON_COMPACT);
		assert_string_equal(text, rows[i].tree);
		match = json_pack("{so}", "where", tree);
		assert_int_equal(match_check(match), STATUS_OK);
		json_decref(match);
		free(text);
	}
}

static void
test_columns(void **state)
{
	static const struct {
		const char *expr, *says;
	} rows[] = {
		{ "", "column 1: a fact is missing at the end" },
		{ "   ", "column 4" },
		{ "a=", "column 3: a value is missing" },
		{ "a= )", "column 4: a value is missing" },
		{ "=b", "column 1: a fact is expected" },
		{ "a=b c=d", "column 5: 'and', 'or'" },
		{ "a and", "column 6" },
		{ "(a", "column 3: ')' is missing" },
		{ "a)", "column 2" },
		{ "()", "column 2" },
		{ "a='b", "column 3: a quote that is not closed" },
		{ "a>b", "column 3: fact a: 'b' is no whole number" },
		{ "a>1.5", "column 3" },
		{ "a>", "column 3" },
		{ "a=[b", "column 3" },
		{ "a or or b", "column 9" },
		{ "a>1234567890123456789", "column 3" },
	};
	char error[CTL_ERROR_MAX];

	(void)state;
	for (int i = 0; i < COUNT(rows); i++) {
		assert_null(select_parse(rows[i].expr, error));
		assert_says(error, rows[i].says);
	}
}

/* What is too deep for a request is refused here, never on the hosts. */
static void
test_depth(void **state)
{
	char error[CTL_ERROR_MAX], expr[SELECT_TEXT_MAX + 2];
	json_t *tree;
	char *p;

	(void)state;
	p = expr;
	for (int i = 0; i < SELECT_DEPTH_MAX - 1; i++)
		p = stpcpy(p, "not ");
	strcpy(p, "a");
	tree = select_parse(expr, error);
	assert_non_null(tree);
	json_decref(tree);
	strcpy(p, "not a");
	assert_null(select_parse(expr, error));
	assert_says(error, "nested too deeply");
	memset(expr, '(', SELECT_TEXT_MAX);
	expr[SELECT_TEXT_MAX] = '\0';
	assert_null(select_parse(expr, error));
	assert_says(error, "nested too deeply");
	for (p = expr; p < expr + SELECT_TEXT_MAX - 4;)
		p = stpcpy(p, "not ");
	assert_null(select_parse(expr, error));
	assert_says(error, "nested too deeply");
	memset(expr, ' ', SELECT_TEXT_MAX);
	expr[0] = 'a';
	expr[SELECT_TEXT_MAX] = '\0';
	tree = select_parse(expr, error);
	assert_non_null(tree);
	json_decref(tree);
	strcpy(expr + SELECT_TEXT_MAX, " ");
	assert_null(select_parse(expr, error));
	assert_says(error, "4096");
}

/* Every cut and every flipped bit is an expression or an error. */
static void
test_mutations(void **state)
{
	static const char good[] =
	    "(os.name='deb*' or cpus>=4) and not role!=web and x";
	char error[CTL_ERROR_MAX], expr[sizeof good];

	(void)state;
	for (size_t bit = 0; bit < 8 * (sizeof good - 1); bit++) {
		json_t *tree;

		memcpy(expr, good, sizeof good);
		expr[bit / 8] = (char)(expr[bit / 8] ^ (1 << bit % 8));
		tree = select_parse(expr, error);
		assert_true(tree != NULL || error[0] != '\0');
		json_decref(tree);
		memcpy(expr, good, sizeof good);
		expr[bit / 8] = '\0';
		tree = select_parse(expr, error);
		assert_true(tree != NULL || error[0] != '\0');
		json_decref(tree);
	}
}

static void
test_comparison(void **state)
{
	char error[CTL_ERROR_MAX];
	struct comparison c;

	(void)state;
	assert_true(select_comparison("os.name=a b=c", &c, error));
	assert_string_equal(c.fact, "os.name");
	assert_string_equal(c.op, "glob");
	assert_string_equal(c.value, "a b=c");
	assert_true(select_comparison("n!=2", &c, error));
	assert_true(c.negated);
	assert_true(select_comparison("n>=2", &c, error));
	assert_string_equal(c.op, "ge");
	assert_false(select_comparison("n", &c, error));
	assert_false(select_comparison("=2", &c, error));
	assert_false(select_comparison("n=", &c, error));
	assert_false(select_comparison("n!2", &c, error));
	assert_says(error, "FACT=GLOB");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_comparison),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
