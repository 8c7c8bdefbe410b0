/* Part of the gate: see object.h. */
#include "agent/gate/object.h"

#include "wire/json.h"

/* One level is the reply or hello around it. */
#define DEPTH_MAX (JSON_DEPTH_MAX - 1)

/* Recursion ends at JSON_DEPTH_MAX: json_strict() has looked. */
static unsigned
depth_of(const json_t *node)
{
	struct json_each each = { 0 };
	unsigned deepest = 0, depth;

	if (!json_is_object(node) && !json_is_array(node))
		return 0;
	for (size_t i = 0; i < json_array_size(node); i++) {
		depth = depth_of(json_array_get(node, i));
		if (depth > deepest)
			deepest = depth;
	}
	while (json_each(node, &each)) {
		depth = depth_of(each.value);
		if (depth > deepest)
			deepest = depth;
	}
	return deepest + 1;
}

json_t *
object_read(const uint8_t *bytes, size_t len)
{
	json_t *object;

	if (json_strict(bytes, len, "", &object) != STATUS_OK)
		return NULL;
	if (depth_of(object) > DEPTH_MAX) {
		json_decref(object);
		return NULL;
	}
	return object;
}

size_t
object_size(const json_t *object)
{
	return json_dumpb(object, NULL, 0,
	    JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
}
