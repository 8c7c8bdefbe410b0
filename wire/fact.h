/*
 * One fact of a host, found by name and held against one value of a match:
 * the leaves of wire/match.h, which says what they mean. Part of gate and
 * controller.
 */
#ifndef AMIRAL_WIRE_FACT_H
#define AMIRAL_WIRE_FACT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/glob.h"
#include "wire/match.h"

#define FACT_NAME_MAX 255 /* bytes, dots included */

/* A host, and whether more than its name is known of it. */
struct fact_view {
	const struct match_host *host;
	bool name_only;
};

/* A fact's value: one of three; none of them where the host has none. */
struct fact {
	const char *text;
	char *const *list; /* NULL-terminated */
	const json_t *json;
	bool known; /* false: may be anything, or nothing */
};

/* What a comparison came to. */
enum fact_truth {
	FACT_NO,
	FACT_YES,
	FACT_MISSING, /* nothing there that could be compared */
};

struct fact_operation; /* eq, ne, lt, le, gt, ge, glob, exists */

/* A dotted path without an empty component. */
bool fact_name_valid(const char *name);
struct fact fact_find(const struct fact_view *, const char *name);
bool fact_exists(const struct fact *);

/* NULL for a name that no operation has. */
const struct fact_operation *fact_operation(const char *name);
/* Needs a fact to be there; "exists" alone does not, and compares nothing. */
bool fact_operation_compares(const struct fact_operation *);
/* Whether "value" may be this; NULL: there is none. */
bool fact_value_valid(const struct fact_operation *, const json_t *value);
enum fact_truth fact_compare(
    const struct fact *, const struct fact_operation *, const json_t *value);
/*
 * Whether any value of it, a number or boolean as its JSON text, is one of
 * the globs (NULL-terminated). A fact that is not there is none of them.
 */
bool fact_is_any(const struct fact *, char *const *globs, enum glob_rule);

#endif
