/* See match.h. Part of gate and controller. */
#include "wire/match.h"

#include <stdint.h>
#include <string.h>

#include "base/name.h"
#include "wire/fact.h"
#include "wire/json.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the tree of "where" ---- */

/*
 * What can be said of a branch: may it hold, must it, and may or must there
 * be a missing fact below it that no "not" has taken up yet. With all facts
 * known may and must are the same.
 */
struct outcome {
	bool may, must, may_miss, must_miss;
};

static struct outcome
outcome_of(bool holds, bool missing)
{
	return (struct outcome){ holds, holds, missing, missing };
}

static struct outcome
leaf_test(const json_t *leaf, const struct fact_view *view)
{
	const struct fact_operation *operation =
	    fact_operation(json_get_text(leaf, "op", ""));
	struct fact fact = fact_find(view, json_get_text(leaf, "fact", ""));
	enum fact_truth truth;

	if (operation == NULL)
		return outcome_of(false, true);
	if (!fact.known)
		return (struct outcome){ .may = true,
			.may_miss = fact_operation_compares(operation) };
	if (!fact_operation_compares(operation))
		return outcome_of(
		    fact_exists(&fact) == json_get_boolean(leaf, "value", true),
		    false);
	truth = fact_compare(&fact, operation, json_object_get(leaf, "value"));
	return outcome_of(truth == FACT_YES, truth == FACT_MISSING);
}

static struct outcome where_test(
    const json_t *where, const struct fact_view *view, unsigned depth);

/* Every branch is looked at: a missing fact counts wherever it stands. */
static struct outcome
branches_test(const json_t *branches, bool all, const struct fact_view *view,
    unsigned depth)
{
	size_t n = json_array_size(branches);
	struct outcome sum = { .may = all && n > 0, .must = all && n > 0 };

	for (size_t i = 0; i < n; i++) {
		struct outcome one =
		    where_test(json_array_get(branches, i), view, depth);

		sum.may = all ? sum.may && one.may : sum.may || one.may;
		sum.must = all ? sum.must && one.must : sum.must || one.must;
		sum.may_miss = sum.may_miss || one.may_miss;
		sum.must_miss = sum.must_miss || one.must_miss;
	}
	return sum;
}

static struct outcome
where_test(const json_t *where, const struct fact_view *view, unsigned depth)
{
	const json_t *branch;
	struct outcome inner;

	if (depth == 0)
		return outcome_of(false, true);
	if ((branch = json_object_get(where, "and")) != NULL)
		return branches_test(branch, true, view, depth - 1);
	if ((branch = json_object_get(where, "or")) != NULL)
		return branches_test(branch, false, view, depth - 1);
	if ((branch = json_object_get(where, "not")) == NULL)
		return leaf_test(where, view);
	inner = where_test(branch, view, depth - 1);
	return (struct outcome){
		.may = !inner.must && !inner.must_miss,
		.must = !inner.may && !inner.may_miss,
	};
}

static bool
leaf_valid(const json_t *leaf)
{
	const json_t *value = json_object_get(leaf, "value");
	const struct fact_operation *operation =
	    fact_operation(json_get_text(leaf, "op", ""));

	return json_object_size(leaf) == (value == NULL ? 2 : 3) &&
	       operation != NULL && fact_value_valid(operation, value) &&
	       fact_name_valid(json_get_text(leaf, "fact", ""));
}

static bool where_valid(const json_t *where, unsigned depth);

static bool
branches_valid(const json_t *branches, unsigned depth)
{
	size_t n = json_array_size(branches);

	for (size_t i = 0; i < n; i++)
		if (!where_valid(json_array_get(branches, i), depth))
			return false;
	return n > 0;
}

static bool
where_valid(const json_t *where, unsigned depth)
{
	const json_t *branch;

	if (depth == 0)
		return false;
	if (json_object_size(where) != 1)
		return leaf_valid(where);
	if ((branch = json_object_get(where, "not")) != NULL)
		return where_valid(branch, depth - 1);
	if ((branch = json_object_get(where, "and")) == NULL)
		branch = json_object_get(where, "or");
	return branches_valid(branch, depth - 1);
}

/* ---- the keys of a match ---- */

static bool
list_valid(const json_t *list, bool (*valid)(const json_t *), size_t max)
{
	size_t n = json_array_size(list);

	if (n > max)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!valid(json_array_get(list, i)))
			return false;
	return n > 0;
}

static bool
all_valid(const json_t *value)
{
	return json_is_boolean(value);
}

static bool
all_holds(const json_t *value, const struct fact_view *view)
{
	(void)view;
	return json_is_true(value);
}

static bool
host_name_valid(const json_t *value)
{
	return json_is_string(value) && name_is_host(json_string_value(value));
}

static bool
hosts_valid(const json_t *value)
{
	return list_valid(value, host_name_valid, MATCH_HOSTS_MAX);
}

static bool
list_has(const json_t *list, const char *text)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *one = json_string_value(json_array_get(list, i));

		if (one != NULL && strcmp(one, text) == 0)
			return true;
	}
	return false;
}

static bool
hosts_hold(const json_t *value, const struct fact_view *view)
{
	return list_has(value, view->host->hostname);
}

static bool
group_name_valid(const json_t *value)
{
	const char *name = json_string_value(value);

	return name != NULL && *name != '\0' && strlen(name) <= FACT_NAME_MAX;
}

static bool
groups_valid(const json_t *value)
{
	return list_valid(value, group_name_valid, SIZE_MAX);
}

static bool
groups_hold(const json_t *value, const struct fact_view *view)
{
	char *const *group = view->host->groups;

	if (view->name_only)
		return true;
	for (; group != NULL && *group != NULL; group++)
		if (list_has(value, *group))
			return true;
	return false;
}

static bool
glob_is_valid(const json_t *value)
{
	return fact_value_valid(fact_operation("glob"), value);
}

static bool
node_facts_valid(const json_t *value)
{
	struct json_each each = { 0 };

	while (json_each(value, &each))
		if (!fact_name_valid(each.name) ||
		    !(glob_is_valid(each.value) ||
			list_valid(each.value, glob_is_valid, SIZE_MAX)))
			return false;
	return json_object_size(value) > 0;
}

static bool
fact_globs_hold(const struct fact *fact, const json_t *globs)
{
	const struct fact_operation *glob = fact_operation("glob");

	if (!json_is_array(globs))
		return fact_compare(fact, glob, globs) == FACT_YES;
	for (size_t i = 0; i < json_array_size(globs); i++)
		if (fact_compare(fact, glob, json_array_get(globs, i)) ==
		    FACT_YES)
			return true;
	return false;
}

static bool
node_facts_hold(const json_t *value, const struct fact_view *view)
{
	struct json_each each = { 0 };

	while (json_each(value, &each)) {
		struct fact fact = fact_find(view, each.name);

		if (fact.known && !fact_globs_hold(&fact, each.value))
			return false;
	}
	return json_object_size(value) > 0;
}

static bool
where_is_valid(const json_t *value)
{
	return where_valid(value, JSON_DEPTH_MAX);
}

static bool
where_holds(const json_t *value, const struct fact_view *view)
{
	return where_test(value, view, JSON_DEPTH_MAX).may;
}

static const struct key {
	const char *name;
	bool (*valid)(const json_t *);
	bool (*holds)(const json_t *, const struct fact_view *);
} keys[] = {
	{ "all", all_valid, all_holds },
	{ "hosts", hosts_valid, hosts_hold },
	{ "groups", groups_valid, groups_hold },
	{ "node_facts", node_facts_valid, node_facts_hold },
	{ "where", where_is_valid, where_holds },
};

static const struct key *
key_find(const char *name)
{
	for (size_t i = 0; i < LENGTH(keys); i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

/* "all": false says nothing. */
static bool
says_nothing(const struct json_each *each)
{
	return json_is_false(each->value) && strcmp(each->name, "all") == 0;
}

enum status
match_check(const json_t *match)
{
	struct json_each each = { 0 };
	size_t constraints = 0;

	while (json_each(match, &each)) {
		const struct key *key = key_find(each.name);

		if (key == NULL || !key->valid(each.value))
			return STATUS_MATCH;
		if (!says_nothing(&each))
			constraints++;
	}
	return constraints > 0 ? STATUS_OK : STATUS_MATCH;
}

static bool
match_view(const json_t *match, const struct fact_view *view)
{
	struct json_each each = { 0 };
	size_t constraints = 0;

	while (json_each(match, &each)) {
		const struct key *key = key_find(each.name);

		if (says_nothing(&each))
			continue;
		if (key == NULL || !key->holds(each.value, view))
			return false;
		constraints++;
	}
	return constraints > 0;
}

bool
match_test(const json_t *match, const struct match_host *host)
{
	return match_view(match, &(struct fact_view){ .host = host });
}

bool
match_possible(const json_t *match, const char *hostname)
{
	const struct match_host host = { .hostname = hostname };

	return match_view(
	    match, &(struct fact_view){ .host = &host, .name_only = true });
}

bool
match_by_name(const json_t *match)
{
	const json_t *node_facts = json_object_get(match, "node_facts");
	bool other_facts = node_facts != NULL &&
			   (json_object_size(node_facts) != 1 ||
			       json_object_get(node_facts, "hostname") == NULL);

	return !other_facts && json_object_get(match, "groups") == NULL &&
	       json_object_get(match, "where") == NULL;
}
