/*
 * Properties of a message's schema, from a table with one row for each
 * member: what happens when it is missing, twice there, of another type,
 * out of its range, or when an unknown one stands beside it.
 */
#ifndef AMIRAL_TESTS_MEMBERS_H
#define AMIRAL_TESTS_MEMBERS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/verify/status.h"

/* Parses and clears; what a test sees is the status. */
typedef enum status parse_fn(const uint8_t *payload, size_t len);

struct member_row {
	const char *object; /* dotted path of its object; "": the top */
	const char *name;
	json_type type; /* JSON_TRUE: either boolean */
	bool required;
};

/* A value (JSON text) at a path and the status that it must earn. */
struct value_row {
	const char *object, *name, *value;
	enum status expected;
};

/* text must be valid and hold every member of rows; rows end with a NULL name.
 */
void members_check(parse_fn *, const char *text, const struct member_row *rows);
void values_check(parse_fn *, const char *text, const struct value_row *rows);
/* Every bit flipped, every length cut: no cut may pass. */
void bytes_check(parse_fn *, const char *text);

#endif
