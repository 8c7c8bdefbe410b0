/*
 * Strict JSON (RFC 8259, narrowed): an object on top, no duplicate members,
 * no NUL, valid UTF-8, depth at most JSON_DEPTH_MAX (checked before the
 * parser sees a byte), integers within int64. Reals only where the caller
 * says so, only below the named member, and at most JSON_REAL_MAX. Part of
 * gate, controller, keys.
 */
#ifndef AMIRAL_WIRE_JSON_H
#define AMIRAL_WIRE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/verify/status.h"

#define JSON_DEPTH_MAX 16 /* the object on top is 1 */
/* In magnitude: written with 15 digits, a larger real could not be read. */
#define JSON_REAL_MAX 1.79769313486231e308
/* Milliseconds at the end of the year 9999: sums of times do not overflow. */
#define JSON_TIME_MAX 253402300799999LL

/*
 * reals_below: name of the top-level member inside which reals are allowed;
 * "" allows them everywhere, NULL nowhere. *out is the caller's reference.
 * Out of memory ends the process: jansson's parser, refused, goes on beyond
 * the room that it has.
 */
enum status json_strict(
    const uint8_t *bytes, size_t len, const char *reals_below, json_t **out);
/*
 * Seeds jansson's hash from libsodium, and hands out its memory: before the
 * sandbox, once a process.
 */
void json_prepare(void);
/* Compact, 15 digits for reals; allocated, *len without the NUL. */
char *json_compact(const json_t *, size_t *len);

/*
 * The members of an object in turn, in the order of the text:
 * struct json_each each = { 0 }; while (json_each(object, &each)) ...
 */
struct json_each {
	void *at;
	const char *name;
	const json_t *value;
};
bool json_each(const json_t *object, struct json_each *);

/*
 * A schema of an object: one row a member, ended by a row without a name.
 * Unknown members, missing required ones and other types are STATUS_SCHEMA;
 * integers outside [min, max] and strings of another number of bytes than
 * that STATUS_RANGE. Arrays and objects are looked at for their type only.
 */
struct json_member {
	const char *name;
	json_type type; /* JSON_TRUE stands for either boolean */
	bool required;
	int64_t min, max;
};
enum status json_check(const json_t *object, const struct json_member *schema);
/* The same for a schema in two parts. */
enum status json_check_parts(const json_t *object,
    const struct json_member *common, const struct json_member *special);
/* Readers for members that json_check() has passed; fallback where absent. */
const char *json_get_text(
    const json_t *, const char *name, const char *fallback);
int64_t json_get_integer(const json_t *, const char *name, int64_t fallback);
bool json_get_boolean(const json_t *, const char *name, bool fallback);
/* A string that valid() accepts and that fits, with its NUL; dst stays on
 * false. */
bool json_get_name(const json_t *, const char *name,
    bool (*valid)(const char *), char *dst, size_t size);
/* Canonical base64 of exactly size bytes; out stays on false. */
bool json_get_base64(
    const json_t *, const char *name, uint8_t *out, size_t size);
/* Canonical base64 of at most max bytes, allocated; STATUS_BASE64,
 * STATUS_MEMORY. */
enum status json_get_bytes(
    const json_t *, const char *name, size_t max, uint8_t **out, size_t *len);
/* A string of base64; NULL when out of memory. */
json_t *json_from_bytes(const uint8_t *bytes, size_t len);
/* Printable ASCII and spaces, or nothing at all. */
bool json_text_printable(const char *);

#endif
