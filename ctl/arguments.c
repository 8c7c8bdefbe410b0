/* amiral: KEY=VALUE words, and whether a provider takes them. */
#include "ctl/description.h"

#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "wire/json.h"

#define SHOWN_MAX 200 /* bytes of a list of names in a message */

static bool
path_canonical(const json_t *value)
{
	const char *path = json_string_value(value);

	if (path == NULL || path[0] != '/')
		return false;
	for (const char *part = path; path[1] != '\0' && *part == '/';) {
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

static const struct type_row {
	const char *name;
	bool (*fits)(const json_t *);
	const char *remedy;
} types[] = {
	{ "string", is_string, "a string: %s=TEXT" },
	{ "integer", is_integer, "a whole number: %s:=3" },
	{ "boolean", is_boolean, "a boolean: %s:=true or %s:=false" },
	{ "object", is_object, "an object: %s:='{\"name\": true}'" },
	{ "path", path_canonical,
	    "an absolute path without '.', '..' and '//': %s=/etc/hosts" },
};

static bool
add_argument(json_t *args, const char *word, char error[static CTL_ERROR_MAX])
{
	const char *equals = strchr(word, '=');
	bool is_json = equals != NULL && equals > word && equals[-1] == ':';
	size_t len = strcspn(word, "=") - (is_json ? 1 : 0);
	json_error_t why;
	json_t *value;

	if (equals == NULL || len == 0) {
		snprintf(error, CTL_ERROR_MAX,
		    "'%.300s' is no argument: write KEY=VALUE, or KEY:=JSON "
		    "for other than strings",
		    word);
		return false;
	}
	value = is_json ? json_loads(equals + 1,
			      JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &why)
			: json_string(equals + 1);
	if (value == NULL) {
		snprintf(error, CTL_ERROR_MAX, "argument %.*s: '%.200s' %s",
		    len > 100 ? 100 : (int)len, word, equals + 1,
		    is_json ? "is no JSON" : "is no UTF-8");
		return false;
	}
	if (json_object_getn(args, word, len) != NULL) {
		json_decref(value);
		snprintf(error, CTL_ERROR_MAX, "argument %.*s is given twice",
		    len > 100 ? 100 : (int)len, word);
		return false;
	}
	if (json_object_setn_new(args, word, len, value) == 0)
		return true;
	snprintf(error, CTL_ERROR_MAX, "argument %.100s: its name is no UTF-8",
	    word);
	return false;
}

json_t *
arguments_read(
    const char *const *words, unsigned n, char error[static CTL_ERROR_MAX])
{
	json_t *args = json_object();

	for (unsigned i = 0; args != NULL && i < n; i++)
		if (!add_argument(args, words[i], error)) {
			json_decref(args);
			return NULL;
		}
	if (args == NULL)
		snprintf(error, CTL_ERROR_MAX, "out of memory");
	return args;
}

/* The names, or the strings, of what there is, with commas. */
static void
list_names(const json_t *rows, char out[static SHOWN_MAX])
{
	struct json_each each = { 0 };
	size_t used = 0;

	out[0] = '\0';
	while (json_each(rows, &each) && used < SHOWN_MAX)
		used += (size_t)snprintf(out + used, SHOWN_MAX - used, "%s%s",
		    used > 0 ? ", " : "", each.name);
	for (size_t i = 0; i < json_array_size(rows) && used < SHOWN_MAX; i++) {
		char *text =
		    json_dumps(json_array_get(rows, i), JSON_ENCODE_ANY);

		used += (size_t)snprintf(out + used, SHOWN_MAX - used, "%s%s",
		    used > 0 ? ", " : "", text != NULL ? text : "?");
		free(text);
	}
}

static bool
refuse_type(const char *name, const struct type_row *type,
    char error[static CTL_ERROR_MAX])
{
	char remedy[CTL_ERROR_MAX / 2];
	const char *p = type->remedy;
	size_t used = 0;

	/* Each %s of the row is the name. */
	for (; *p != '\0' && used < sizeof remedy - 1; p++) {
		if (strncmp(p, "%s", 2) != 0) {
			remedy[used++] = *p;
			continue;
		}
		used += (size_t)snprintf(
		    remedy + used, sizeof remedy - used, "%.100s", name);
		p++;
	}
	remedy[used < sizeof remedy ? used : sizeof remedy - 1] = '\0';
	snprintf(error, CTL_ERROR_MAX, "argument %.100s is %s", name, remedy);
	return false;
}

static bool
is_choice(const json_t *choices, const json_t *value)
{
	if (choices == NULL)
		return true;
	for (size_t i = 0; i < json_array_size(choices); i++)
		if (json_equal(json_array_get(choices, i), value))
			return true;
	return false;
}

static bool
check_one(const char *name, const json_t *row, const json_t *value,
    char error[static CTL_ERROR_MAX])
{
	const char *type = json_get_text(row, "type", "");
	const char *pattern = json_get_text(row, "pattern", NULL);
	const json_t *choices = json_object_get(row, "enum");
	char shown[SHOWN_MAX];

	if (json_get_boolean(row, "secret", false)) {
		snprintf(error, CTL_ERROR_MAX,
		    "argument %.100s is a secret, and requests are not "
		    "sealed: put it on the hosts instead",
		    name);
		return false;
	}
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(types[i].name, type) == 0 && !types[i].fits(value))
			return refuse_type(name, &types[i], error);
	if (!is_choice(choices, value)) {
		list_names(choices, shown);
		snprintf(error, CTL_ERROR_MAX, "argument %.100s is one of %s",
		    name, shown);
		return false;
	}
	if (pattern != NULL && json_is_string(value) &&
	    !glob_match(pattern, json_string_value(value), GLOB_PLAIN)) {
		snprintf(error, CTL_ERROR_MAX,
		    "argument %.100s does not fit '%.255s'", name, pattern);
		return false;
	}
	return true;
}

bool
arguments_check(const struct description *d, const json_t *args,
    char error[static CTL_ERROR_MAX])
{
	const json_t *rows = json_object_get(d->root, "args");
	struct json_each each = { 0 };
	char shown[SHOWN_MAX];

	if (d->root == NULL)
		return true;
	while (json_each(args, &each)) {
		const json_t *row = json_object_get(rows, each.name);

		if (row == NULL) {
			list_names(rows, shown);
			snprintf(error, CTL_ERROR_MAX,
			    "%s takes no argument '%.100s': it takes %s",
			    d->name, each.name,
			    shown[0] != '\0' ? shown : "none");
			return false;
		}
		if (!check_one(each.name, row, each.value, error))
			return false;
	}
	each = (struct json_each){ 0 };
	while (json_each(rows, &each)) {
		if (!json_get_boolean(each.value, "required", false) ||
		    json_object_get(args, each.name) != NULL)
			continue;
		snprintf(error, CTL_ERROR_MAX,
		    "%s needs the argument %.100s: %.100s=VALUE", d->name,
		    each.name, each.name);
		return false;
	}
	return true;
}
