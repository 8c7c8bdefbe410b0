/* Part of the gate: see description.h. */
#include "agent/gate/description.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/glob.h"
#include "wire/json.h"

#define TEXT_MAX   4096
#define NAME_BYTES 64
#define SHOWN_NAME 96 /* bytes of an escaped argument name in a detail */
#define PATH_BYTES 4095

static const struct json_member description_members[] = {
	{ "name", JSON_STRING, true, 1, PROVIDER_MAX },
	{ "description", JSON_STRING, true, 0, TEXT_MAX },
	{ "side_effects", JSON_TRUE, false, 0, 0 },
	{ "args", JSON_OBJECT, false, 0, 0 },
	{ "summary", JSON_STRING, false, 0, TEXT_MAX },
	{ 0 },
};

static const struct json_member argument_members[] = {
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
	const char *complaint;
	bool text; /* may have a pattern */
	bool (*fits)(const json_t *);
} argument_types[ARGUMENT_TYPES] = {
	[ARGUMENT_STRING] = { "string", "is not a string", true, is_string },
	[ARGUMENT_INTEGER] = { "integer", "is not an integer", false,
	    is_integer },
	[ARGUMENT_BOOLEAN] = { "boolean", "is not a boolean", false,
	    is_boolean },
	[ARGUMENT_OBJECT] = { "object", "is not an object", false, is_object },
	[ARGUMENT_PATH] = { "path", "is not an absolute, canonical path", true,
	    is_path },
};

static bool
type_read(const char *name, enum argument_type *out)
{
	for (unsigned i = 0; i < ARGUMENT_TYPES; i++) {
		if (strcmp(name, argument_types[i].name) == 0) {
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
		if (!argument_types[type].fits(choice))
			return false;
	}
	return true;
}

static bool
argument_name_ok(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= NAME_BYTES &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == len;
}

/* NULL, or what is wrong with the argument's row. */
static const char *
argument_read(struct argument *argument, const char *name, const json_t *row)
{
	*argument = (struct argument){ .name = name };
	if (!argument_name_ok(name))
		return "a name is 1 to 64 letters, digits, '_', '.' or '-'";
	if (json_check(row, argument_members) != STATUS_OK)
		return "has unknown, missing or ill-typed members";
	if (!type_read(json_get_text(row, "type", ""), &argument->type))
		return "type is none of string, integer, boolean, object, path";
	argument->required = json_get_boolean(row, "required", false);
	argument->pattern = json_get_text(row, "pattern", NULL);
	argument->choices = json_object_get(row, "enum");
	if (argument->pattern != NULL &&
	    (!argument_types[argument->type].text ||
		!glob_valid(argument->pattern)))
		return "pattern is no shell pattern for a string or path";
	if (!choices_fit(argument->choices, argument->type))
		return "enum is empty or not of the argument's type";
	return NULL;
}

static bool
arguments_read(struct description *description, json_t *args,
    char error[static DESCRIPTION_ERROR_MAX])
{
	const char *name, *wrong;
	json_t *row;

	if (json_object_size(args) == 0)
		return true;
	description->owned =
	    json_object_size(args) > DESCRIPTION_ARGUMENTS
		? NULL
		: calloc(json_object_size(args), sizeof(struct argument));
	if (description->owned == NULL) {
		snprintf(error, DESCRIPTION_ERROR_MAX,
		    "args: more than %d, or out of memory",
		    DESCRIPTION_ARGUMENTS);
		return false;
	}
	description->arguments = description->owned;
	json_object_foreach (args, name, row) {
		wrong = argument_read(
		    &description->owned[description->argument_count++], name,
		    row);
		if (wrong != NULL) {
			snprintf(error, DESCRIPTION_ERROR_MAX, "args.%.64s: %s",
			    name, wrong);
			return false;
		}
	}
	return true;
}

static bool
description_read(struct description *description, const char *name,
    char error[static DESCRIPTION_ERROR_MAX])
{
	const json_t *root = description->root;

	if (json_check(root, description_members) != STATUS_OK) {
		snprintf(error, DESCRIPTION_ERROR_MAX,
		    "unknown, missing or ill-typed members");
		return false;
	}
	if (strcmp(json_get_text(root, "name", ""), name) != 0) {
		snprintf(error, DESCRIPTION_ERROR_MAX,
		    "name is not that of the file");
		return false;
	}
	snprintf(description->name, sizeof(description->name), "%s", name);
	description->side_effects =
	    json_get_boolean(root, "side_effects", true);
	return arguments_read(
	    description, json_object_get(root, "args"), error);
}

bool
description_parse(struct description *out, const char *name, const char *text,
    size_t len, char error[static DESCRIPTION_ERROR_MAX])
{
	struct description description = { 0 };
	enum status status;

	status =
	    json_strict((const uint8_t *)text, len, NULL, &description.root);
	if (status != STATUS_OK) {
		snprintf(error, DESCRIPTION_ERROR_MAX,
		    "not strict JSON with an object on top (%s)",
		    status_name(status));
		return false;
	}
	if (!description_read(&description, name, error)) {
		description_clear(&description);
		return false;
	}
	*out = description;
	return true;
}

void
description_clear(struct description *description)
{
	free(description->owned);
	json_decref(description->root);
	*description = (struct description){ 0 };
}

static const struct argument *
argument_find(const struct description *description, const char *name)
{
	for (unsigned i = 0; i < description->argument_count; i++) {
		if (strcmp(description->arguments[i].name, name) == 0)
			return &description->arguments[i];
	}
	return NULL;
}

static bool
choice_allowed(const json_t *choices, const json_t *value)
{
	const json_t *choice;
	size_t i;

	json_array_foreach (choices, i, choice) {
		if (json_equal(choice, value))
			return true;
	}
	return false;
}

/* NULL, or what is wrong with the value. */
static const char *
argument_refuses(const struct argument *argument, const json_t *value)
{
	if (!argument_types[argument->type].fits(value))
		return argument_types[argument->type].complaint;
	if (argument->choices != NULL &&
	    !choice_allowed(argument->choices, value))
		return "is none of the values that the provider takes";
	if (argument->pattern != NULL &&
	    !glob_match(
		argument->pattern, json_string_value(value), GLOB_PLAIN))
		return "does not fit the provider's pattern";
	return NULL;
}

static bool
arguments_fit(const struct description *description, json_t *args,
    char detail[static REPLY_DETAIL_MAX + 1])
{
	const char *name, *wrong;
	json_t *value;

	json_object_foreach (args, name, value) {
		const struct argument *argument =
		    argument_find(description, name);
		char shown[SHOWN_NAME];

		wrong = argument == NULL ? "is not known to the provider"
					 : argument_refuses(argument, value);
		if (wrong == NULL)
			continue;
		/* The name is the asker's own text. */
		escape_text(shown, sizeof(shown), name, strlen(name));
		snprintf(detail, REPLY_DETAIL_MAX + 1, "argument %s %s", shown,
		    wrong);
		return false;
	}
	return true;
}

bool
description_check(const struct description *description, json_t *args,
    char detail[static REPLY_DETAIL_MAX + 1])
{
	for (unsigned i = 0; i < description->argument_count; i++) {
		const struct argument *argument = &description->arguments[i];

		if (argument->required &&
		    json_object_get(args, argument->name) == NULL) {
			snprintf(detail, REPLY_DETAIL_MAX + 1,
			    "argument %s is missing", argument->name);
			return false;
		}
	}
	return arguments_fit(description, args, detail);
}
