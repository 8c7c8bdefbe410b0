/* Part of the gate: see description.h. */
#include "agent/gate/description.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "wire/json.h"

#define TEXT_MAX   4096
#define SHOWN_NAME 96 /* bytes of an escaped argument name in a detail */

static const struct json_member description_members[] = {
	{ "name", JSON_STRING, true, 1, PROVIDER_MAX },
	{ "description", JSON_STRING, true, 0, TEXT_MAX },
	{ "side_effects", JSON_TRUE, false, 0, 0 },
	{ "args", JSON_OBJECT, false, 0, 0 },
	{ "summary", JSON_STRING, false, 0, TEXT_MAX },
	{ 0 },
};

/* Behind "argument NAME ", in a refusal. */
static const char *const ill_typed[ARGUMENT_TYPES] = {
	[ARGUMENT_STRING] = "is not a string",
	[ARGUMENT_INTEGER] = "is not an integer",
	[ARGUMENT_BOOLEAN] = "is not a boolean",
	[ARGUMENT_OBJECT] = "is not an object",
	[ARGUMENT_PATH] = "is not an absolute, canonical path",
};

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

/* NULL, or what is wrong with the value. */
static const char *
argument_refuses(const struct argument *argument, const json_t *value)
{
	switch (argument_judge(argument, value)) {
	case ARGUMENT_ILL_TYPED:
		return ill_typed[argument->type];
	case ARGUMENT_NO_CHOICE:
		return "is none of the values that the provider takes";
	case ARGUMENT_NO_MATCH:
		return "does not fit the provider's pattern";
	case ARGUMENT_FITS:
		break;
	}
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
