/* Part of the fuzz targets: see reference.h. */
#include <string.h>

#include "fuzz/reference.h"

static bool
is_path(const char *path)
{
	size_t len = strlen(path);

	if (path[0] != '/' || len > 4095)
		return false;
	if (len == 1)
		return true;
	if (path[len - 1] == '/' || strstr(path, "//") != NULL ||
	    strstr(path, "/./") != NULL || strstr(path, "/../") != NULL)
		return false;
	return strcmp(path + len - 2, "/.") != 0 &&
	       (len < 3 || strcmp(path + len - 3, "/..") != 0);
}

static bool
is_of_type(const char *type, const json_t *value)
{
	switch (type[0]) {
	case 's':
		return json_is_string(value);
	case 'i':
		return json_is_integer(value);
	case 'b':
		return json_is_boolean(value);
	case 'o':
		return json_is_object(value);
	default:
		return json_is_string(value) &&
		       is_path(json_string_value(value));
	}
}

static bool
is_choice(const json_t *choices, const json_t *value)
{
	for (size_t i = 0; i < json_array_size(choices); i++)
		if (json_equal(json_array_get(choices, i), value))
			return true;
	return choices == NULL;
}

bool
reference_arguments(const json_t *described, const json_t *args)
{
	const char *name;
	json_t *value, *row;

	json_object_foreach ((json_t *)(uintptr_t)args, name, value) {
		const char *pattern, *type;

		row = json_object_get(described, name);
		type = json_string_value(json_object_get(row, "type"));
		pattern = json_string_value(json_object_get(row, "pattern"));
		if (type == NULL || !is_of_type(type, value) ||
		    !is_choice(json_object_get(row, "enum"), value))
			return false;
		if (pattern != NULL &&
		    !reference_glob(pattern, json_string_value(value), true))
			return false;
	}
	json_object_foreach ((json_t *)(uintptr_t)described, name, row) {
		if (json_is_true(json_object_get(row, "required")) &&
		    json_object_get(args, name) == NULL)
			return false;
	}
	return true;
}
