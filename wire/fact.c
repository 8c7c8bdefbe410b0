/* See fact.h. Part of gate and controller. */
#include "wire/fact.h"

#include <string.h>

#include "base/glob.h"

#define NUMBER_TEXT_MAX 64
#define LENGTH(array)   (sizeof(array) / sizeof((array)[0]))

/* ---- one value against another ---- */

/* One value of a fact: a string, or else what JSON has. */
struct element {
	const char *text;
	const json_t *json;
};

typedef enum fact_truth compare_fn(
    const struct fact_operation *, const struct element *, const json_t *value);

struct fact_operation {
	const char *name;
	bool (*value_valid)(const json_t *);
	compare_fn *compare; /* NULL: exists */
	int low, high;       /* signs of fact - value that hold */
	bool negated;
};

/* The JSON text of a number or boolean, a string as it is, else NULL. */
static const char *
element_text(const struct element *element, char buffer[static NUMBER_TEXT_MAX])
{
	size_t len;

	if (element->text != NULL)
		return element->text;
	if (json_is_boolean(element->json))
		return json_is_true(element->json) ? "true" : "false";
	if (!json_is_number(element->json))
		return NULL;
	len = json_dumpb(element->json, buffer, NUMBER_TEXT_MAX - 1,
	    JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	if (len == 0 || len >= NUMBER_TEXT_MAX)
		return NULL;
	buffer[len] = '\0';
	return buffer;
}

static int
number_order(const json_t *a, const json_t *b)
{
	if (json_is_integer(a) && json_is_integer(b)) {
		json_int_t x = json_integer_value(a);
		json_int_t y = json_integer_value(b);

		return (x > y) - (x < y);
	}
	return (json_number_value(a) > json_number_value(b)) -
	       (json_number_value(a) < json_number_value(b));
}

static enum fact_truth
compare_number(const struct fact_operation *operation,
    const struct element *element, const json_t *value)
{
	int order;

	if (!json_is_number(element->json) || !json_is_number(value))
		return FACT_MISSING;
	order = number_order(element->json, value);
	return order >= operation->low && order <= operation->high ? FACT_YES
								   : FACT_NO;
}

static enum fact_truth
compare_equal(const struct fact_operation *operation,
    const struct element *element, const json_t *value)
{
	char buffer[NUMBER_TEXT_MAX];
	const char *text;

	if (json_is_number(value))
		return compare_number(operation, element, value);
	if (json_is_boolean(value)) {
		if (!json_is_boolean(element->json))
			return FACT_MISSING;
		return json_typeof(value) == json_typeof(element->json)
			   ? FACT_YES
			   : FACT_NO;
	}
	text = element_text(element, buffer);
	if (text == NULL || !json_is_string(value))
		return FACT_MISSING;
	return strcmp(text, json_string_value(value)) == 0 ? FACT_YES : FACT_NO;
}

static enum fact_truth
compare_glob(const struct fact_operation *operation,
    const struct element *element, const json_t *value)
{
	char buffer[NUMBER_TEXT_MAX];
	const char *text = element_text(element, buffer);

	(void)operation;
	if (text == NULL || !json_is_string(value))
		return FACT_MISSING;
	return glob_match(json_string_value(value), text, GLOB_PLAIN) ? FACT_YES
								      : FACT_NO;
}

static bool
glob_value_valid(const json_t *value)
{
	return json_is_string(value) && glob_valid(json_string_value(value));
}

/* Integers only: a request cannot carry a real. */
static bool
number_value_valid(const json_t *value)
{
	return json_is_integer(value);
}

static bool
scalar_value_valid(const json_t *value)
{
	return json_is_string(value) || json_is_integer(value) ||
	       json_is_boolean(value);
}

static bool
exists_value_valid(const json_t *value)
{
	return value == NULL || json_is_boolean(value);
}

static const struct fact_operation operations[] = {
	{ "eq", scalar_value_valid, compare_equal, 0, 0, false },
	{ "ne", scalar_value_valid, compare_equal, 0, 0, true },
	{ "lt", number_value_valid, compare_number, -1, -1, false },
	{ "le", number_value_valid, compare_number, -1, 0, false },
	{ "gt", number_value_valid, compare_number, 1, 1, false },
	{ "ge", number_value_valid, compare_number, 0, 1, false },
	{ "glob", glob_value_valid, compare_glob, 0, 0, false },
	{ "exists", exists_value_valid, NULL, 0, 0, false },
};

const struct fact_operation *
fact_operation(const char *name)
{
	for (size_t i = 0; i < LENGTH(operations); i++)
		if (strcmp(operations[i].name, name) == 0)
			return &operations[i];
	return NULL;
}

bool
fact_operation_compares(const struct fact_operation *operation)
{
	return operation->compare != NULL;
}

bool
fact_value_valid(const struct fact_operation *operation, const json_t *value)
{
	return operation->value_valid(value);
}

/* ---- facts ---- */

bool
fact_name_valid(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= FACT_NAME_MAX && name[0] != '.' &&
	       name[len - 1] != '.' && strstr(name, "..") == NULL;
}

static bool
name_is_below(const char *name, const char *top)
{
	size_t len = strlen(top);

	return strncmp(name, top, len) == 0 &&
	       (name[len] == '\0' || name[len] == '.');
}

static const json_t *
fact_by_path(const json_t *facts, const char *name)
{
	const json_t *found = json_object_get(facts, name);
	const char *dot;

	while (found == NULL && (dot = strchr(name, '.')) != NULL) {
		facts = json_object_getn(facts, name, (size_t)(dot - name));
		name = dot + 1;
		found = json_object_get(facts, name);
	}
	return json_is_null(found) ? NULL : found;
}

struct fact
fact_find(const struct fact_view *view, const char *name)
{
	static char *const no_groups[] = { NULL };
	const struct match_host *host = view->host;
	struct fact fact = { .known = true };

	if (name_is_below(name, "hostname")) {
		if (strcmp(name, "hostname") == 0)
			fact.text = host->hostname;
	} else if (view->name_only) {
		fact.known = false;
	} else if (name_is_below(name, "fleet")) {
		if (strcmp(name, "fleet") == 0)
			fact.text = host->fleet;
	} else if (name_is_below(name, "groups")) {
		if (strcmp(name, "groups") == 0)
			fact.list =
			    host->groups != NULL ? host->groups : no_groups;
	} else {
		fact.json = fact_by_path(host->facts, name);
	}
	return fact;
}

bool
fact_exists(const struct fact *fact)
{
	return fact->text != NULL || fact->list != NULL || fact->json != NULL;
}

/* The i-th value of a list, or of anything else the only one. */
static bool
fact_element(const struct fact *fact, size_t i, struct element *element)
{
	*element = (struct element){ 0 };
	if (fact->list != NULL) {
		element->text = fact->list[i];
		return element->text != NULL;
	}
	if (json_is_array(fact->json)) {
		element->json = json_array_get(fact->json, i);
	} else if (i == 0) {
		element->json = fact->json;
		element->text = fact->text;
	}
	if (json_is_string(element->json))
		element->text = json_string_value(element->json);
	return element->json != NULL || element->text != NULL;
}

enum fact_truth
fact_compare(const struct fact *fact, const struct fact_operation *operation,
    const json_t *value)
{
	size_t elements = 0, compared = 0;
	bool holds = false;

	for (struct element element; fact_element(fact, elements, &element);
	     elements++) {
		enum fact_truth truth =
		    operation->compare(operation, &element, value);

		compared += truth != FACT_MISSING;
		holds = holds || truth == FACT_YES;
	}
	if (!fact_exists(fact) || (elements > 0 && compared == 0))
		return FACT_MISSING;
	return holds != operation->negated ? FACT_YES : FACT_NO;
}

bool
fact_is_any(const struct fact *fact, char *const *globs, enum glob_rule rule)
{
	char buffer[NUMBER_TEXT_MAX];
	struct element element;

	for (size_t i = 0; fact_element(fact, i, &element); i++) {
		const char *text = element_text(&element, buffer);

		for (size_t g = 0; text != NULL && globs[g] != NULL; g++)
			if (glob_match(globs[g], text, rule))
				return true;
	}
	return false;
}
