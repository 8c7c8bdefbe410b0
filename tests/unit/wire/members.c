#include "members.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MARKER "@@marker@@"

static json_t *
text_load(const char *text)
{
	json_t *node = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(node);
	return node;
}

static json_t *
object_at(json_t *root, const char *path)
{
	char name[64];
	json_t *object = root;

	while (*path != '\0') {
		size_t len = strcspn(path, ".");

		assert_true(len < sizeof(name));
		memcpy(name, path, len);
		name[len] = '\0';
		object = json_object_get(object, name);
		path += len + (path[len] == '.');
	}
	assert_true(json_is_object(object));
	return object;
}

static enum status
parse_node(parse_fn *parse, const json_t *root)
{
	char *text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15));
	enum status status;

	assert_non_null(text);
	status = parse((const uint8_t *)text, strlen(text));
	free(text);
	return status;
}

/* The text with MARKER replaced by name, which may have escapes. */
static enum status
parse_marked(parse_fn *parse, const json_t *root, const char *name)
{
	char *text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15));
	char *at, *made;
	enum status status;

	assert_non_null(text);
	at = strstr(text, MARKER);
	assert_non_null(at);
	made = malloc(strlen(text) + strlen(name) + 1);
	assert_non_null(made);
	memcpy(made, text, (size_t)(at - text));
	strcpy(made + (at - text), name);
	strcat(made, at + strlen(MARKER));
	status = parse((const uint8_t *)made, strlen(made));
	free(made);
	free(text);
	return status;
}

static void
check_deleted(parse_fn *parse, const char *text, const struct member_row *row)
{
	json_t *root = text_load(text);

	assert_int_equal(
	    json_object_del(object_at(root, row->object), row->name), 0);
	if (row->required)
		assert_int_equal(parse_node(parse, root), STATUS_SCHEMA);
	else
		assert_int_equal(parse_node(parse, root), STATUS_OK);
	json_decref(root);
}

static void
check_doubled(parse_fn *parse, const char *text, const struct member_row *row)
{
	json_t *root = text_load(text);
	json_t *object = object_at(root, row->object);
	char escaped[80];

	assert_true(strlen(row->name) < 60);
	snprintf(escaped, sizeof(escaped), "\\u%04x%s",
	    (unsigned)(unsigned char)row->name[0], row->name + 1);
	json_object_set(object, MARKER, json_object_get(object, row->name));
	assert_int_equal(parse_marked(parse, root, row->name), STATUS_JSON);
	assert_int_equal(parse_marked(parse, root, escaped), STATUS_JSON);
	/* The escaped name alone is the same name. */
	json_object_del(object, row->name);
	assert_int_equal(parse_marked(parse, root, escaped), STATUS_OK);
	json_decref(root);
}

static bool
same_type(json_type type, const json_t *value)
{
	return type == JSON_TRUE ? json_is_boolean(value)
				 : json_typeof(value) == type;
}

static void
check_types(parse_fn *parse, const char *text, const struct member_row *row)
{
	static const char *const samples[] = { "{}", "[]", "\"\"", "\"x\"", "0",
		"1", "1.5", "true", "false", "null" };
	json_t *root = text_load(text);
	json_t *object = object_at(root, row->object);

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		json_t *value = text_load(samples[i]);
		enum status status;

		json_object_set(object, row->name, value);
		status = parse_node(parse, root);
		if (!same_type(row->type, value))
			assert_true(
			    status == STATUS_SCHEMA ||
			    (status == STATUS_JSON && json_is_real(value)));
		json_decref(value);
	}
	json_decref(root);
}

static void
check_unknown(parse_fn *parse, const char *text, const struct member_row *row)
{
	static const char *const names[] = { "", "x", "Version", "version ",
		"v2", "__proto__" };
	json_t *root = text_load(text);
	json_t *object = object_at(root, row->object);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		json_object_set_new(object, names[i], json_integer(1));
		assert_int_equal(parse_node(parse, root), STATUS_SCHEMA);
		json_object_del(object, names[i]);
	}
	json_decref(root);
}

/* A member that the table forgot would never be tested. */
static void
check_complete(const char *text, const struct member_row *rows)
{
	json_t *root = text_load(text);

	for (const struct member_row *row = rows; row->name != NULL; row++) {
		size_t n = 0;

		for (const struct member_row *other = rows; other->name != NULL;
		     other++)
			n += strcmp(other->object, row->object) == 0;
		assert_int_equal(
		    json_object_size(object_at(root, row->object)), n);
	}
	json_decref(root);
}

void
members_check(parse_fn *parse, const char *text, const struct member_row *rows)
{
	assert_int_equal(parse((const uint8_t *)text, strlen(text)), STATUS_OK);
	check_complete(text, rows);
	for (const struct member_row *row = rows; row->name != NULL; row++) {
		check_deleted(parse, text, row);
		check_doubled(parse, text, row);
		check_types(parse, text, row);
		check_unknown(parse, text, row);
	}
}

void
values_check(parse_fn *parse, const char *text, const struct value_row *rows)
{
	for (const struct value_row *row = rows; row->name != NULL; row++) {
		json_t *root = text_load(text);
		enum status status;

		json_object_set_new(object_at(root, row->object), row->name,
		    text_load(row->value));
		status = parse_node(parse, root);
		if (status != row->expected)
			fail_msg("%s.%s = %.60s: %s instead of %s", row->object,
			    row->name, row->value, status_name(status),
			    status_name(row->expected));
		json_decref(root);
	}
}

void
bytes_check(parse_fn *parse, const char *text)
{
	size_t len = strlen(text);
	uint8_t *copy = malloc(len);
	size_t refused = 0;

	assert_non_null(copy);
	memcpy(copy, text, len);
	for (size_t i = 0; i < 8 * len; i++) {
		copy[i / 8] ^= (uint8_t)(1 << i % 8);
		refused += parse(copy, len) != STATUS_OK;
		copy[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	/* Names and numbers may turn into others; structure may not. */
	assert_true(refused > 2 * len);
	free(copy);
	for (size_t cut = 0; cut < len; cut++) {
		/* Its own block, so that a read past the end shows. */
		uint8_t *piece = malloc(cut + 1);

		assert_non_null(piece);
		memcpy(piece, text, cut);
		assert_int_equal(parse(piece, cut), STATUS_JSON);
		free(piece);
	}
}
