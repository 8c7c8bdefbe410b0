/*
 * Fuzz target: an expression of -S. What is accepted is a "where" that the
 * hosts take (names of facts are judged later, in ctl/targets), and written
 * as an expression again it is the same tree.
 */
#include "ctl/select.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "wire/fact.h"
#include "wire/json.h"
#include "wire/match.h"

#define SIGNS 8

static void
write_leaf(FILE *f, const json_t *leaf)
{
	static const char *const signs[SIGNS][2] = { { "glob", "=" },
		{ "lt", "<" }, { "le", "<=" }, { "gt", ">" }, { "ge", ">=" },
		{ "exists", "" } };
	const char *op = json_string_value(json_object_get(leaf, "op"));
	const json_t *value = json_object_get(leaf, "value");
	const char *text = json_string_value(value), *quote = "'";
	unsigned i = 0;

	while (strcmp(signs[i][0], op) != 0)
		MUST(++i < SIGNS);
	fprintf(f, "%s %s ", json_string_value(json_object_get(leaf, "fact")),
	    signs[i][1]);
	if (json_is_integer(value))
		fprintf(f, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	if (text == NULL)
		return;
	if (strchr(text, '\'') != NULL)
		quote = strchr(text, '"') != NULL ? "" : "\"";
	fprintf(f, "%s%s%s", quote, text, quote);
}

static void
write_tree(FILE *f, const json_t *tree)
{
	const json_t *not = json_object_get(tree, "not");
	const json_t *and = json_object_get(tree, "and");
	const json_t *list = and != NULL ? and : json_object_get(tree, "or");

	fputc('(', f);
	if (not != NULL) {
		fputs("not ", f);
		write_tree(f, not );
	} else if (list == NULL) {
		write_leaf(f, tree);
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (i > 0)
			fputs(and != NULL ? " and " : " or ", f);
		write_tree(f, json_array_get(list, i));
	}
	fputc(')', f);
}

static bool
names_are_good(const json_t *node)
{
	const char *fact = json_string_value(json_object_get(node, "fact"));
	struct json_each each = { 0 };
	bool good = fact == NULL || fact_name_valid(fact);

	while (json_each(node, &each))
		good = good && names_are_good(each.value);
	for (size_t i = 0; i < json_array_size(node); i++)
		good = good && names_are_good(json_array_get(node, i));
	return good;
}

static void
check_tree(json_t *tree)
{
	char error[CTL_ERROR_MAX], *text = NULL;
	json_t *match = json_pack("{sO}", "where", tree), *again;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	MUST(match != NULL && f != NULL);
	MUST(match_check(match) == STATUS_OK || !names_are_good(tree));
	write_tree(f, tree);
	MUST(fclose(f) == 0);
	if (len <= SELECT_TEXT_MAX) {
		again = select_parse(text, error);
		MUST(again != NULL && json_equal(again, tree));
		json_decref(again);
	}
	free(text);
	json_decref(match);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	char error[CTL_ERROR_MAX];
	char *text = input_text(&in, '\0');
	json_t *tree;

	fuzz_prepare();
	tree = select_parse(text, error);
	if (tree != NULL)
		check_tree(tree);
	else
		MUST(error[0] != '\0');
	json_decref(tree);
	free(text);
	return 0;
}
