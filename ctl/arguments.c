/* amiral: KEY=VALUE words, and whether a provider takes them. */
#include "ctl/description.h"

#include <stdlib.h>
#include <string.h>

#include "wire/argument.h"
#include "wire/json.h"

#define SHOWN_MAX 200 /* bytes of a list of names in a message */

/* Each %s is the argument's name. */
static const char *const remedies[ARGUMENT_TYPES] = {
	[ARGUMENT_STRING] = "a string: %s=TEXT",
	[ARGUMENT_INTEGER] = "a whole number: %s:=3",
	[ARGUMENT_BOOLEAN] = "a boolean: %s:=true or %s:=false",
	[ARGUMENT_OBJECT] = "an object: %s:='{\"name\": true}'",
	[ARGUMENT_PATH] =
	    "an absolute path without '.', '..' and '//': %s=/etc/hosts",
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
refuse_type(const struct argument *argument, char error[static CTL_ERROR_MAX])
{
	char remedy[CTL_ERROR_MAX / 2];
	const char *p = remedies[argument->type];
	size_t used = 0;

	for (; *p != '\0' && used < sizeof remedy - 1; p++) {
		if (strncmp(p, "%s", 2) != 0) {
			remedy[used++] = *p;
			continue;
		}
		used += (size_t)snprintf(remedy + used, sizeof remedy - used,
		    "%.100s", argument->name);
		p++;
	}
	remedy[used < sizeof remedy ? used : sizeof remedy - 1] = '\0';
	snprintf(error, CTL_ERROR_MAX, "argument %.100s is %s", argument->name,
	    remedy);
	return false;
}

static bool
check_one(const struct argument *argument, const json_t *value,
    char error[static CTL_ERROR_MAX])
{
	char shown[SHOWN_MAX];

	if (argument->secret) {
		snprintf(error, CTL_ERROR_MAX,
		    "argument %.100s is a secret, and requests are not "
		    "sealed: put it on the hosts instead",
		    argument->name);
		return false;
	}
	switch (argument_judge(argument, value)) {
	case ARGUMENT_ILL_TYPED:
		return refuse_type(argument, error);
	case ARGUMENT_NO_CHOICE:
		list_names(argument->choices, shown);
		snprintf(error, CTL_ERROR_MAX, "argument %.100s is one of %s",
		    argument->name, shown);
		return false;
	case ARGUMENT_NO_MATCH:
		snprintf(error, CTL_ERROR_MAX,
		    "argument %.100s does not fit '%.255s'", argument->name,
		    argument->pattern);
		return false;
	case ARGUMENT_FITS:
		break;
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
		struct argument argument;

		/* A row that reads badly is in no description that loads. */
		if (argument_read(&argument, each.name,
			json_object_get(rows, each.name)) != NULL) {
			list_names(rows, shown);
			snprintf(error, CTL_ERROR_MAX,
			    "%s takes no argument '%.100s': it takes %s",
			    d->name, each.name,
			    shown[0] != '\0' ? shown : "none");
			return false;
		}
		if (!check_one(&argument, each.value, error))
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
