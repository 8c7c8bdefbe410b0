/* Part of the fuzz targets: see reference.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/reference.h"

/* ---- form ---- */

static bool
is_host_name(const json_t *value)
{
	const char *name = json_string_value(value);
	size_t label = 0, len = name != NULL ? strlen(name) : 0;

	if (len == 0 || len > 253)
		return false;
	for (size_t i = 0; i <= len; i++) {
		if (name[i] == '.' || name[i] == '\0') {
			if (label == 0 || label > 63 || name[i - 1] == '-' ||
			    name[i - label] == '-')
				return false;
			label = 0;
		} else if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-",
			       name[i]) != NULL) {
			label++;
		} else {
			return false;
		}
	}
	return true;
}

static bool
is_group_name(const json_t *value)
{
	return json_string_length(value) >= 1 &&
	       json_string_length(value) <= 255;
}

static bool
is_glob(const json_t *value)
{
	return json_is_string(value) &&
	       reference_glob_valid(json_string_value(value));
}

static bool
is_list(const json_t *value, bool (*good)(const json_t *), size_t max)
{
	size_t n = json_array_size(value);

	for (size_t i = 0; i < n; i++)
		if (!good(json_array_get(value, i)))
			return false;
	return n >= 1 && n <= max;
}

static bool
is_fact_name(const char *name)
{
	size_t len = name != NULL ? strlen(name) : 0;

	if (len == 0 || len > 255)
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] == '.' &&
		    (i == 0 || i == len - 1 || name[i + 1] == '.'))
			return false;
	return true;
}

static bool
is_leaf(const json_t *leaf)
{
	const char *fact = json_string_value(json_object_get(leaf, "fact"));
	const char *op = json_string_value(json_object_get(leaf, "op"));
	const json_t *value = json_object_get(leaf, "value");

	if (!is_fact_name(fact) || op == NULL ||
	    json_object_size(leaf) != 2 + (size_t)(value != NULL))
		return false;
	if (strcmp(op, "exists") == 0)
		return value == NULL || json_is_boolean(value);
	if (strcmp(op, "glob") == 0)
		return is_glob(value);
	if (strcmp(op, "eq") == 0 || strcmp(op, "ne") == 0)
		return json_is_string(value) || json_is_integer(value) ||
		       json_is_boolean(value);
	return strlen(op) == 2 && strchr("lg", op[0]) != NULL &&
	       strchr("te", op[1]) != NULL && json_is_integer(value);
}

static bool
is_tree(const json_t *tree, unsigned depth)
{
	static const char *const words[] = { "and", "or" };
	const json_t *below;

	if (depth > 16)
		return false;
	if (json_object_size(tree) != 1)
		return is_leaf(tree);
	below = json_object_get(tree, "not");
	if (below != NULL)
		return is_tree(below, depth + 1);
	for (unsigned w = 0; w < 2; w++) {
		below = json_object_get(tree, words[w]);
		for (size_t i = 0; i < json_array_size(below); i++)
			if (!is_tree(json_array_get(below, i), depth + 1))
				return false;
		if (json_array_size(below) > 0)
			return true;
	}
	return false;
}

static bool
are_node_facts(const json_t *facts)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)facts, name, value) {
		if (!is_fact_name(name) ||
		    !(is_glob(value) || is_list(value, is_glob, SIZE_MAX)))
			return false;
	}
	return json_object_size(facts) > 0;
}

bool
reference_match_valid(const json_t *match)
{
	const json_t *all = json_object_get(match, "all");
	const json_t *hosts = json_object_get(match, "hosts");
	const json_t *groups = json_object_get(match, "groups");
	const json_t *facts = json_object_get(match, "node_facts");
	const json_t *where = json_object_get(match, "where");
	size_t known = (size_t)(all != NULL) + (hosts != NULL) +
		       (groups != NULL) + (facts != NULL) + (where != NULL);

	if (known != json_object_size(match) ||
	    known == (size_t)json_is_false(all))
		return false;
	return (all == NULL || json_is_boolean(all)) &&
	       (hosts == NULL || is_list(hosts, is_host_name, 4096)) &&
	       (groups == NULL || is_list(groups, is_group_name, SIZE_MAX)) &&
	       (facts == NULL || are_node_facts(facts)) &&
	       (where == NULL || is_tree(where, 1));
}

/* ---- meaning ---- */

/* The values of a fact: none at all, or a list (perhaps empty). */
struct values {
	bool there;
	json_t *list; /* owned */
};

static const json_t *
find_path(const json_t *facts, const char *name)
{
	const json_t *found = json_object_get(facts, name);
	const char *dot = strchr(name, '.');
	char first[256];

	if (found != NULL || dot == NULL || !json_is_object(facts))
		return found;
	snprintf(first, sizeof(first), "%.*s", (int)(dot - name), name);
	return find_path(json_object_get(facts, first), dot + 1);
}

static struct values
values_of(const json_t *facts, const char *name)
{
	static const char *const own[][2] = { { "hostname", REFERENCE_HOST },
		{ "fleet", REFERENCE_FLEET }, { "groups", REFERENCE_GROUP } };
	const json_t *found;

	for (unsigned i = 0; i < 3; i++) {
		size_t len = strlen(own[i][0]);

		if (strcmp(name, own[i][0]) == 0)
			return (
			    struct values){ true, json_pack("[s]", own[i][1]) };
		if (strncmp(name, own[i][0], len) == 0 && name[len] == '.')
			return (struct values){ false, json_array() };
	}
	found = find_path(facts, name);
	if (found == NULL || json_is_null(found))
		return (struct values){ false, json_array() };
	if (json_is_array(found))
		return (struct values){ true,
			json_copy((json_t *)(uintptr_t)found) };
	return (struct values){ true, json_pack("[O]", found) };
}

/* What a string is held against; NULL: nothing. The caller frees. */
static char *
as_text(const json_t *value)
{
	char number[32];

	if (json_is_string(value))
		return strdup(json_string_value(value));
	if (json_is_boolean(value))
		return strdup(json_is_true(value) ? "true" : "false");
	if (json_is_real(value))
		return json_dumps(
		    value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	if (!json_is_integer(value))
		return NULL;
	snprintf(number, sizeof(number), "%" PRId64,
	    (int64_t)json_integer_value(value));
	return strdup(number);
}

enum truth { NO, YES, CANNOT_SAY };

static enum truth
compare_text(const json_t *element, const char *op, const char *wanted)
{
	char *text = as_text(element);
	bool holds;

	if (text == NULL)
		return CANNOT_SAY;
	holds = strcmp(op, "glob") == 0 ? reference_glob(wanted, text, true)
					: strcmp(text, wanted) == 0;
	free(text);
	return holds ? YES : NO;
}

static enum truth
compare_number(const json_t *element, const char *op, const json_t *wanted)
{
	int order;

	if (!json_is_number(element))
		return CANNOT_SAY;
	if (json_is_integer(element)) {
		json_int_t x = json_integer_value(element);
		json_int_t y = json_integer_value(wanted);

		order = x < y ? -1 : x > y;
	} else {
		double x = json_real_value(element);
		double y = (double)json_integer_value(wanted);

		order = x < y ? -1 : x > y;
	}
	if (op[0] == 'l')
		return order < 0 || (op[1] == 'e' && order == 0) ? YES : NO;
	if (op[0] == 'g')
		return order > 0 || (op[1] == 'e' && order == 0) ? YES : NO;
	return order == 0 ? YES : NO;
}

static enum truth
compare(const json_t *element, const char *op, const json_t *wanted)
{
	if (json_is_string(wanted))
		return compare_text(element, op, json_string_value(wanted));
	if (json_is_integer(wanted))
		return compare_number(element, op, wanted);
	if (!json_is_boolean(element))
		return CANNOT_SAY;
	return json_is_true(element) == json_is_true(wanted) ? YES : NO;
}

/* Any element: NO and YES are about those that can be compared. */
static enum truth
compare_any(
    const json_t *facts, const char *name, const char *op, const json_t *wanted)
{
	struct values values = values_of(facts, name);
	size_t n = json_array_size(values.list), blind = 0;
	enum truth sum = values.there ? NO : CANNOT_SAY;

	for (size_t i = 0; i < n; i++) {
		enum truth one =
		    compare(json_array_get(values.list, i), op, wanted);

		blind += one == CANNOT_SAY;
		if (one == YES)
			sum = YES;
	}
	json_decref(values.list);
	return n > 0 && blind == n ? CANNOT_SAY : sum;
}

static bool tree_holds(
    const json_t *tree, const json_t *facts, bool *something_missing);

static bool
leaf_holds(const json_t *leaf, const json_t *facts, bool *something_missing)
{
	const char *name = json_string_value(json_object_get(leaf, "fact"));
	const char *op = json_string_value(json_object_get(leaf, "op"));
	const json_t *value = json_object_get(leaf, "value");
	enum truth truth;

	if (strcmp(op, "exists") == 0) {
		struct values values = values_of(facts, name);

		json_decref(values.list);
		return values.there != json_is_false(value);
	}
	truth = compare_any(facts, name, op, value);
	if (truth == CANNOT_SAY) {
		*something_missing = true;
		return false;
	}
	return strcmp(op, "ne") == 0 ? truth == NO : truth == YES;
}

static bool
branches_hold(const json_t *branches, bool all, const json_t *facts,
    bool *something_missing)
{
	size_t n = json_array_size(branches), held = 0;

	for (size_t i = 0; i < n; i++)
		held += tree_holds(
		    json_array_get(branches, i), facts, something_missing);
	return all ? held == n : held > 0;
}

static bool
tree_holds(const json_t *tree, const json_t *facts, bool *something_missing)
{
	const json_t *and = json_object_get(tree, "and");
	const json_t * or = json_object_get(tree, "or");
	const json_t *not = json_object_get(tree, "not");
	bool missing = false;

	if (and != NULL || or != NULL)
		return branches_hold(and != NULL ? and : or, and != NULL, facts,
		    something_missing);
	if (not == NULL)
		return leaf_holds(tree, facts, something_missing);
	/* The innermost "not" around a missing fact is false as well. */
	return !tree_holds(not, facts, &missing) && !missing;
}

static bool
any_equals(const json_t *list, const char *name)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(json_string_value(json_array_get(list, i)), name) ==
		    0)
			return true;
	return false;
}

static bool
node_facts_hold(const json_t *node_facts, const json_t *facts)
{
	const char *name;
	json_t *globs;

	json_object_foreach ((json_t *)(uintptr_t)node_facts, name, globs) {
		bool held = json_is_string(globs) &&
			    compare_any(facts, name, "glob", globs) == YES;

		for (size_t i = 0; i < json_array_size(globs); i++)
			held = held || compare_any(facts, name, "glob",
					   json_array_get(globs, i)) == YES;
		if (!held)
			return false;
	}
	return true;
}

/* match is valid. */
bool
reference_match(const json_t *match, const json_t *facts)
{
	const json_t *hosts = json_object_get(match, "hosts");
	const json_t *groups = json_object_get(match, "groups");
	const json_t *node_facts = json_object_get(match, "node_facts");
	const json_t *where = json_object_get(match, "where");
	bool missing;

	return (hosts == NULL || any_equals(hosts, REFERENCE_HOST)) &&
	       (groups == NULL || any_equals(groups, REFERENCE_GROUP)) &&
	       (node_facts == NULL || node_facts_hold(node_facts, facts)) &&
	       (where == NULL || tree_holds(where, facts, &missing));
}
