#include "fuzz/mutate.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/cast.h"
#include "fuzz/fuzz.h"
#include "wire/verify/envelope.h"

#define TREE_NODES_MAX 4096
#define TEXT_ROOM      64 /* bytes that a string may grow by */

static unsigned
draw(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 8;
}

/* ---- JSON as a tree ---- */

/* The n-th node below a tree, in the order of the text, and where it hangs. */
struct place {
	unsigned n;
	json_t *parent;
	const char *name; /* in an object */
	size_t index;     /* in an array */
	json_t *node;
};

static bool
place_find(json_t *parent, struct place *place)
{
	const char *name;
	json_t *child;
	size_t i;

	json_array_foreach (parent, i, child) {
		if (place->n-- == 0) {
			place->parent = parent;
			place->name = NULL;
			place->index = i;
			place->node = child;
			return true;
		}
		if (place_find(child, place))
			return true;
	}
	json_object_foreach (parent, name, child) {
		if (place->n-- == 0) {
			place->parent = parent;
			place->name = name;
			place->node = child;
			return true;
		}
		if (place_find(child, place))
			return true;
	}
	return false;
}

/* Any node below root; false where there is none. */
static bool
place_draw(json_t *root, unsigned *seed, struct place *place)
{
	*place = (struct place){ .n = TREE_NODES_MAX };
	if (place_find(root, place))
		return true;
	if (place->n == TREE_NODES_MAX)
		return false;
	place->n = draw(seed) % (TREE_NODES_MAX - place->n);
	return place_find(root, place);
}

static json_t *
value_draw(unsigned *seed)
{
	static const char *const values[] = { "null", "true", "false", "0", "1",
		"-1", "2", "4", "65536", "1763800000500", "1763800060000",
		"9223372036854775807", "253402300799999", "1.5", "1e308",
		"1.7976931348623157e308", "5e-324", "\"\"", "\"*\"", "\"/\"",
		"\"a\"", "\"hostname\"", "\"cpus\"", "\"os.name\"", "\"eq\"",
		"\"ne\"", "\"ge\"", "\"lt\"", "\"glob\"", "\"exists\"",
		"\"ping\"", "\"run\"", "\"cancel\"", "\"status\"", "\"list\"",
		"\"web\"", "\"www01.example.com\"", "\"alice@example.com\"",
		"\"bob@example.com\"", "\"\\u001b[2J\"", "\"\xe2\x80\xae\"",
		"[]", "{}", "[1]", "[\"*\"]", "{\"all\":true}",
		"{\"fact\":\"cpus\",\"op\":\"ge\",\"value\":4}",
		"{\"fact\":\"x.y\",\"op\":\"exists\"}",
		"{\"not\":{\"fact\":\"none\",\"op\":\"eq\",\"value\":\"a\"}}",
		"{\"word\":\"abc\"}" };

	return json_loads(
	    values[draw(seed) % (sizeof(values) / sizeof(values[0]))],
	    JSON_DECODE_ANY, NULL);
}

static json_t *
string_changed(const json_t *node, unsigned *seed)
{
	size_t len = json_string_length(node);
	size_t max = len + TEXT_ROOM;
	char *text = malloc(max);
	json_t *changed;

	(void)seed;
	if (text == NULL)
		abort();
	memcpy(text, json_string_value(node), len);
	len = LLVMFuzzerMutate((uint8_t *)text, len, max);
	changed = json_stringn(text, len);
	free(text);
	return changed;
}

static json_t *
integer_changed(const json_t *node, unsigned *seed)
{
	static const json_int_t steps[] = { 1, -1, 1000, -1000, 30000, -30000,
		600000, -600000, 3600000, 86400000 };
	uint64_t value = (uint64_t)json_integer_value(node);
	size_t i = draw(seed) % (sizeof(steps) / sizeof(steps[0]));

	return json_integer((json_int_t)(value + (uint64_t)steps[i]));
}

/* What shall stand where node stands; NULL: nothing. */
static json_t *
node_changed(json_t *root, const json_t *node, unsigned *seed)
{
	struct place other;

	switch (draw(seed) % 6) {
	case 0:
		return NULL;
	case 1:
		return value_draw(seed);
	case 2:
		place_draw(root, seed, &other);
		return json_deep_copy(other.node);
	default:
		if (json_is_string(node))
			return string_changed(node, seed);
		if (json_is_integer(node))
			return integer_changed(node, seed);
		return value_draw(seed);
	}
}

static void
member_add(json_t *object, unsigned *seed)
{
	static const char *const names[] = { "all", "hosts", "groups",
		"node_facts", "where", "and", "or", "not", "fact", "op",
		"value", "args", "seal_to", "options", "timeout", "stream",
		"max_hosts", "on_behalf_of", "reply_via", "hostname", "word",
		"digest", "expires", "signal", "truncated", "chunks", "usage",
		"cancelled_by", "data", "data64", "a.b", "" };
	const char *name =
	    names[draw(seed) % (sizeof(names) / sizeof(names[0]))];

	json_object_set_new(object, name, value_draw(seed));
}

static void
tree_change(json_t *root, unsigned *seed)
{
	struct place place;
	json_t *changed;

	if (!place_draw(root, seed, &place)) {
		member_add(root, seed);
		return;
	}
	if (json_is_object(place.node) && draw(seed) % 3 == 0) {
		member_add(place.node, seed);
		return;
	}
	if (json_is_array(place.node) && draw(seed) % 3 == 0) {
		json_array_append_new(place.node, value_draw(seed));
		return;
	}
	changed = node_changed(root, place.node, seed);
	if (place.name == NULL && changed == NULL)
		json_array_remove(place.parent, place.index);
	else if (place.name == NULL)
		json_array_set_new(place.parent, place.index, changed);
	else if (changed == NULL)
		json_object_del(place.parent, place.name);
	else
		json_object_set_new(place.parent, place.name, changed);
}

size_t
mutate_json(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	json_t *root = NULL;
	size_t len = 0;

	if (draw(&seed) % 4 != 0)
		root = json_loadb((const char *)data, size, 0, NULL);
	if (root != NULL) {
		unsigned changes = 1 + draw(&seed) % 3;

		while (changes-- > 0)
			tree_change(root, &seed);
		len = json_dumpb(root, (char *)data, max,
		    JSON_COMPACT | JSON_REAL_PRECISION(17));
		json_decref(root);
	}
	if (len > 0 && len <= max)
		return len;
	/* As bytes; a dump that did not fit has left some of them. */
	return LLVMFuzzerMutate(data, size, max);
}

size_t
mutate_parts(
    uint8_t *data, size_t size, size_t max, unsigned seed, uint8_t between)
{
	uint8_t *cut = size > 0 ? memchr(data, between, size) : NULL;
	size_t first = cut != NULL ? (size_t)(cut - data) : size;
	size_t rest = size - first, room = max - rest, len;
	uint8_t *tail;

	if (cut == NULL || rest < 2)
		return mutate_json(data, size, max, seed);
	if (draw(&seed) % 2 == 0)
		return first + 1 +
		       mutate_json(cut + 1, rest - 1, max - first - 1, seed);
	tail = malloc(rest);
	if (tail == NULL)
		abort();
	memcpy(tail, cut, rest);
	len = mutate_json(data, first, room, seed);
	memcpy(data + len, tail, rest);
	free(tail);
	return len + rest;
}

/* ---- envelopes ---- */

/* Where the payload starts, or size. */
static size_t
payload_at(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i + 1 < size; i++)
		if (bytes[i] == '\n' && bytes[i + 1] == '\n')
			return i + 2;
	return size;
}

/* Who signs what is changed: mostly those who had signed. */
static unsigned
signers_draw(const uint8_t *bytes, size_t size, enum envelope_kind kind,
    unsigned *seed, enum cast who[static ENVELOPE_LINES_MAX])
{
	struct envelope e;
	unsigned n = 0;

	if (draw(seed) % 16 != 0 &&
	    envelope_read(bytes, size, kind, &e) == STATUS_OK)
		for (; n < e.signatures; n++) {
			who[n] = cast_find(&e.signature[n].key);
			if (who[n] == CAST)
				who[n] = ALICE;
		}
	if (n > 0)
		return n;
	n = 1 + draw(seed) % 8 / 7 + draw(seed) % 16 / 15;
	for (unsigned i = 0; i < n; i++)
		who[i] = (enum cast)((draw(seed) % 3 + i) % CAST);
	return n;
}

static size_t
payload_resign(uint8_t *data, size_t size, size_t max, unsigned *seed,
    enum envelope_kind kind)
{
	enum cast who[ENVELOPE_LINES_MAX] = { ALICE };
	unsigned n = signers_draw(data, size, kind, seed, who);
	size_t at = payload_at(data, size), len;
	uint8_t *payload = malloc(max + 1), *signed_bytes;

	if (payload == NULL)
		abort();
	memcpy(payload, data + at, size - at);
	len = mutate_json(payload, size - at, max, draw(seed));
	signed_bytes = cast_sign(kind, who, n, payload, len, &len);
	free(payload);
	if (len <= max)
		memcpy(data, signed_bytes, len);
	free(signed_bytes);
	return len <= max ? len : LLVMFuzzerMutate(data, size, max);
}

size_t
mutate_envelope(uint8_t *data, size_t size, size_t max, unsigned seed,
    size_t header, enum envelope_kind kind)
{
	unsigned way = draw(&seed) % 64;

	fuzz_prepare();
	if (size < header || max <= header || way == 0)
		return LLVMFuzzerMutate(data, size, max);
	if (header > 0 && way < 16) {
		data[draw(&seed) % header] = (uint8_t)draw(&seed);
		return size;
	}
	if (way < 20)
		return header + LLVMFuzzerMutate(
				    data + header, size - header, max - header);
	return header + payload_resign(data + header, size - header,
			    max - header, &seed, kind);
}

/* ---- armor ---- */

size_t
mutate_armor(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	static const char begin[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
	static const char end[] = "-----END OPENSSH PRIVATE KEY-----\n";
	const size_t first = sizeof(begin) - 1, last = sizeof(end) - 1;
	size_t room = max / 4 * 3, len, text_len;
	uint8_t *blob;
	char *text;

	if (draw(&seed) % 16 == 0 || size < first + last || room < 1024)
		return LLVMFuzzerMutate(data, size, max);
	blob = malloc(room);
	text = malloc(max + 1);
	if (blob == NULL || text == NULL)
		abort();
	text_len = 0;
	if (sodium_base642bin(blob, room, (const char *)data + first,
		size - first - last, "\n", &len, NULL,
		sodium_base64_VARIANT_ORIGINAL) == 0) {
		len = LLVMFuzzerMutate(blob, len, room - first - last - 4);
		sodium_bin2base64(
		    text, max + 1, blob, len, sodium_base64_VARIANT_ORIGINAL);
		text_len = strlen(text);
	}
	if (text_len > 0 && first + text_len + 1 + last <= max) {
		memcpy(data, begin, first);
		memcpy(data + first, text, text_len);
		data[first + text_len] = '\n';
		memcpy(data + first + text_len + 1, end, last);
		size = first + text_len + 1 + last;
	} else {
		size = LLVMFuzzerMutate(data, size, max);
	}
	free(text);
	free(blob);
	return size;
}
