/* Part of the gate and of the controller: see argument.h. */
#include "wire/argument.h"

#include <string.h>

#include "base/glob.h"
#include "wire/json.h"

#define NAME_BYTES 64
#define PATH_BYTES 4095
#define TEXT_MAX   4096

static const struct json_member members[] = {
	{ "type", JSON_STRING, true, 1, 16 },
	{ "required", JSON_TRUE, false, 0, 0 },
	{ "enum", JSON_ARRAY, false, 0, 0 },
	{ "pattern", JSON_STRING, false, 1, GLOB_PATTERN_MAX },
	{ "secret", JSON_TRUE, false, 0, 0 },
	{ "description", JSON_STRING, false, 0, TEXT_MAX },
	{ 0 },
};

static bool
path_canonical(const char *path)
{
	const char *part = path;

	if (path[0] != '/' || strlen(path) > PATH_BYTES)
		return false;
	if (path[1] == '\0')
		return true;
	while (*part == '/') {
		size_t len = strcspn(++part, "/");

		if (len == 0 || (len == 1 && part[0] == '.') ||
		    (len == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		part += len;
	}
	return true;
}

static bool
is_string(const json_t *value)
{
	return json_is_string(value);
}

static bool
is_integer(const json_t *value)
{
	return json_is_integer(value);
}

static bool
is_boolean(const json_t *value)
{
	return json_is_boolean(value);
}

static bool
is_object(const json_t *value)
{
	return json_is_object(value);
}

static bool
is_path(const json_t *value)
{
	return json_is_string(value) &&
	       path_canonical(json_string_value(value));
}

static const struct {
	const char *name;
	bool text; /* may have a pattern */
	bool (*fits)(const json_t *);
} types[ARGUMENT_TYPES] = {
	[ARGUMENT_STRING] = { "string", true, is_string },
	[ARGUMENT_INTEGER] = { "integer", false, is_integer },
	[ARGUMENT_BOOLEAN] = { "boolean", false, is_boolean },
	[ARGUMENT_OBJECT] = { "object", false, is_object },
	[ARGUMENT_PATH] = { "path", true, is_path },
};

static bool
type_read(const char *name, enum argument_type *out)
{
	for (unsigned i = 0; i < ARGUMENT_TYPES; i++) {
		if (strcmp(name, types[i].name) == 0) {
			*out = (enum argument_type)i;
			return true;
		}
	}
	return false;
}

static bool
choices_fit(const json_t *choices, enum argument_type type)
{
	const json_t *choice;
	size_t i;

	if (choices == NULL)
		return true;
	if (json_array_size(choices) == 0)
		return false;
	json_array_foreach (choices, i, choice) {
		if (!types[type].fits(choice))
			return false;
	}
	return true;
}

static bool
name_ok(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= NAME_BYTES &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == len;
}

const char *
argument_read(struct argument *out, const char *name, const json_t *row)
{
	struct argument argument = { .name = name };

	if (!name_ok(name))
		return "a name is 1 to 64 letters, digits, '_', '.' or '-'";
	if (json_check(row, members) != STATUS_OK)
		return "has unknown, missing or ill-typed members";
	if (!type_read(json_get_text(row, "type", ""), &argument.type))
		return "type is none of string, integer, boolean, object, path";
	argument.required = json_get_boolean(row, "required", false);
	argument.secret = json_get_boolean(row, "secret", false);
	argument.pattern = json_get_text(row, "pattern", NULL);
	argument.choices = json_object_get(row, "enum");
	if (argument.pattern != NULL &&
	    (!types[argument.type].text || !glob_valid(argument.pattern)))
		return "pattern is no shell pattern for a string or path";
	if (!choices_fit(argument.choices, argument.type))
		return "enum is empty or not of the argument's type";
	*out = argument;
	return NULL;
}

static bool
is_choice(const json_t *choices, const json_t *value)
{
	const json_t *choice;
	size_t i;

	json_array_foreach (choices, i, choice) {
		if (json_equal(choice, value))
			return true;
	}
	return false;
}

enum argument_verdict
argument_judge(const struct argument *argument, const json_t *value)
{
	if (!types[argument->type].fits(value))
		return ARGUMENT_ILL_TYPED;
	if (argument->choices != NULL && !is_choice(argument->choices, value))
		return ARGUMENT_NO_CHOICE;
	if (argument->pattern != NULL &&
	    !glob_match(
		argument->pattern, json_string_value(value), GLOB_PLAIN))
		return ARGUMENT_NO_MATCH;
	return ARGUMENT_FITS;
}
