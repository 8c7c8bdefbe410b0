/*
 * Part of the gate and of the controller, so that both judge alike: one
 * argument that a provider's description (DIR/NAME.json, member "args")
 * names, and whether a value fits it.
 */
#ifndef AMIRAL_WIRE_ARGUMENT_H
#define AMIRAL_WIRE_ARGUMENT_H

#include <jansson.h>
#include <stdbool.h>

enum argument_type {
	ARGUMENT_STRING,
	ARGUMENT_INTEGER,
	ARGUMENT_BOOLEAN,
	ARGUMENT_OBJECT,
	ARGUMENT_PATH, /* absolute and canonical, at most 4,095 bytes */
	ARGUMENT_TYPES
};

/* What it points to belongs to the description. */
struct argument {
	const char *name;
	enum argument_type type;
	bool required;
	bool secret;
	const char *pattern;   /* a glob, or NULL */
	const json_t *choices; /* an array, or NULL */
};

/*
 * Reads the row of the argument name, strictly: NULL, or what is wrong with
 * it, and out is untouched.
 */
const char *argument_read(
    struct argument *out, const char *name, const json_t *row);

enum argument_verdict {
	ARGUMENT_FITS,
	ARGUMENT_ILL_TYPED,
	ARGUMENT_NO_CHOICE, /* none of its enum */
	ARGUMENT_NO_MATCH   /* not its pattern */
};

enum argument_verdict argument_judge(
    const struct argument *, const json_t *value);

#endif
