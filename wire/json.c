/* See json.h. Part of gate, controller, keys. */
#include "wire/json.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "wire/verify/base64.h"

#define REALS_NOWHERE -1.0 /* no magnitude is that small */
#define BASE64        sodium_base64_VARIANT_ORIGINAL

static bool parsing;

/*
 * jansson's parser passes over a refusal while it collects a string, and
 * then copies more than it has made room for.
 */
static void *
take_memory(size_t size)
{
	void *memory = malloc(size);

	if (memory == NULL && parsing)
		fatal("out of memory while reading JSON");
	return memory;
}

void
json_prepare(void)
{
	/* Zero would make jansson look for a seed of its own in /dev. */
	json_object_seed((size_t)randombytes_random() | 1);
	json_set_alloc_funcs(take_memory, free);
}

static json_t *
parse(const uint8_t *bytes, size_t len)
{
	json_t *root;

	parsing = true;
	root =
	    json_loadb((const char *)bytes, len, JSON_REJECT_DUPLICATES, NULL);
	parsing = false;
	return root;
}

/*
 * The parser recurses and builds as it goes, so depth is judged here first.
 * It also passes over a NUL behind a number, as if it were not there. What
 * else is not JSON may pass: the parser finds that out.
 */
static bool
prescan(const uint8_t *bytes, size_t len)
{
	unsigned depth = 0;
	bool quoted = false;

	if (memchr(bytes, '\0', len) != NULL)
		return false;
	for (size_t i = 0; i < len; i++) {
		uint8_t c = bytes[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '{' || c == '[')) {
			if (++depth > JSON_DEPTH_MAX)
				return false;
		} else if (!quoted && (c == '}' || c == ']')) {
			if (depth-- == 0)
				return false;
		}
	}
	return true;
}

/* True if every real below node is within the bound in magnitude. */
static bool
reals_within(const json_t *node, double bound)
{
	struct json_each each = { 0 };

	if (json_is_real(node))
		return json_real_value(node) <= bound &&
		       json_real_value(node) >= -bound;
	for (size_t i = 0; i < json_array_size(node); i++)
		if (!reals_within(json_array_get(node, i), bound))
			return false;
	while (json_each(node, &each))
		if (!reals_within(each.value, bound))
			return false;
	return true;
}

static bool
reals_in_place(const json_t *root, const char *reals_below)
{
	struct json_each each = { 0 };

	while (json_each(root, &each)) {
		bool allowed = reals_below != NULL &&
			       (*reals_below == '\0' ||
				   strcmp(each.name, reals_below) == 0);

		if (!reals_within(
			each.value, allowed ? JSON_REAL_MAX : REALS_NOWHERE))
			return false;
	}
	return true;
}

enum status
json_strict(
    const uint8_t *bytes, size_t len, const char *reals_below, json_t **out)
{
	json_t *root;

	if (len == 0 || !prescan(bytes, len))
		return STATUS_JSON;
	root = parse(bytes, len);
	if (root == NULL)
		return STATUS_JSON;
	if (!json_is_object(root) || !reals_in_place(root, reals_below)) {
		json_decref(root);
		return STATUS_JSON;
	}
	*out = root;
	return STATUS_OK;
}

char *
json_compact(const json_t *node, size_t *len)
{
	char *text = json_dumps(
	    node, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));

	if (text != NULL)
		*len = strlen(text);
	return text;
}

bool
json_each(const json_t *object, struct json_each *each)
{
	/* The iterators take no const, and change nothing. */
	json_t *plain = (json_t *)(uintptr_t)object;

	each->at = each->at == NULL ? json_object_iter(plain)
				    : json_object_iter_next(plain, each->at);
	if (each->at == NULL)
		return false;
	each->name = json_object_iter_key(each->at);
	each->value = json_object_iter_value(each->at);
	return true;
}

static enum status
member_check(const json_t *value, const struct json_member *row)
{
	int64_t measure;

	if (row->type == JSON_TRUE)
		return json_is_boolean(value) ? STATUS_OK : STATUS_SCHEMA;
	if (json_typeof(value) != row->type)
		return STATUS_SCHEMA;
	if (row->type == JSON_STRING)
		measure = (int64_t)json_string_length(value);
	else if (row->type == JSON_INTEGER)
		measure = json_integer_value(value);
	else
		return STATUS_OK;
	return measure < row->min || measure > row->max ? STATUS_RANGE
							: STATUS_OK;
}

/* Adds the members that stand in the schema to *known. */
static enum status
names_check(
    const json_t *object, const struct json_member *schema, size_t *known)
{
	for (const struct json_member *row = schema; row->name != NULL; row++) {
		if (json_object_get(object, row->name) != NULL)
			++*known;
		else if (row->required)
			return STATUS_SCHEMA;
	}
	return STATUS_OK;
}

static enum status
values_check(const json_t *object, const struct json_member *schema)
{
	enum status status = STATUS_OK;

	for (const struct json_member *row = schema;
	     row->name != NULL && status == STATUS_OK; row++) {
		const json_t *value = json_object_get(object, row->name);

		if (value != NULL)
			status = member_check(value, row);
	}
	return status;
}

enum status
json_check_parts(const json_t *object, const struct json_member *common,
    const struct json_member *special)
{
	size_t known = 0;
	enum status status;

	if (!json_is_object(object) ||
	    names_check(object, common, &known) != STATUS_OK ||
	    names_check(object, special, &known) != STATUS_OK ||
	    known != json_object_size(object))
		return STATUS_SCHEMA;
	status = values_check(object, common);
	return status == STATUS_OK ? values_check(object, special) : status;
}

enum status
json_check(const json_t *object, const struct json_member *schema)
{
	static const struct json_member none[] = { { 0 } };

	return json_check_parts(object, schema, none);
}

const char *
json_get_text(const json_t *object, const char *name, const char *fallback)
{
	const json_t *value = json_object_get(object, name);

	return json_is_string(value) ? json_string_value(value) : fallback;
}

int64_t
json_get_integer(const json_t *object, const char *name, int64_t fallback)
{
	const json_t *value = json_object_get(object, name);

	return json_is_integer(value) ? json_integer_value(value) : fallback;
}

bool
json_get_boolean(const json_t *object, const char *name, bool fallback)
{
	const json_t *value = json_object_get(object, name);

	return json_is_boolean(value) ? json_boolean_value(value) : fallback;
}

bool
json_get_name(const json_t *object, const char *name,
    bool (*valid)(const char *), char *dst, size_t size)
{
	const char *text = json_get_text(object, name, NULL);

	if (text == NULL || strlen(text) >= size || !valid(text))
		return false;
	memcpy(dst, text, strlen(text) + 1);
	return true;
}

enum status
json_get_bytes(const json_t *object, const char *name, size_t max,
    uint8_t **out, size_t *len)
{
	const char *text = json_get_text(object, name, NULL);
	size_t text_len, decoded;
	uint8_t *bytes;

	if (text == NULL)
		return STATUS_BASE64;
	text_len = strlen(text);
	if (text_len / 4 > max / 3 + 1)
		return STATUS_BASE64;
	bytes = malloc(max + 1);
	if (bytes == NULL)
		return STATUS_MEMORY;
	if (!base64_decode(bytes, max, text, text_len, &decoded)) {
		free(bytes);
		return STATUS_BASE64;
	}
	*out = bytes;
	*len = decoded;
	return STATUS_OK;
}

bool
json_get_base64(
    const json_t *object, const char *name, uint8_t *out, size_t size)
{
	uint8_t *bytes;
	size_t len;
	bool exact;

	if (json_get_bytes(object, name, size, &bytes, &len) != STATUS_OK)
		return false;
	exact = len == size;
	if (exact)
		memcpy(out, bytes, size);
	free(bytes);
	return exact;
}

json_t *
json_from_bytes(const uint8_t *bytes, size_t len)
{
	size_t size = sodium_base64_encoded_len(len, BASE64);
	char *text = malloc(size);
	json_t *string;

	if (text == NULL)
		return NULL;
	sodium_bin2base64(text, size, bytes, len, BASE64);
	string = json_string_nocheck(text);
	free(text);
	return string;
}

bool
json_text_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}
