/*
 * amiral: -S and -F, from what a person writes to the "where" tree of a
 * match (protocol section 2). Every error names the column.
 *
 *   expr = term { "or" term }     term = factor { "and" factor }
 *   factor = "not" factor | "(" expr ")" | FACT [ OP VALUE ]
 *   OP is = == != < <= > >=; a FACT alone asks whether the host has it.
 */
#ifndef AMIRAL_CTL_SELECT_H
#define AMIRAL_CTL_SELECT_H

#include <jansson.h>
#include <stdbool.h>

#include "ctl/options.h"

#define SELECT_TEXT_MAX  4096 /* bytes of an expression */
#define SELECT_DEPTH_MAX 10   /* of objects and lists in its tree */

/* The caller's reference, or NULL and a message. */
json_t *select_parse(const char *expr, char error[static CTL_ERROR_MAX]);

/* FACT OP VALUE and nothing else, as -F has it: everything behind OP counts. */
struct comparison {
	char fact[256];
	const char *op;    /* "glob", "lt", ...: of the wire */
	bool negated;      /* != */
	const char *value; /* inside text */
};
bool select_comparison(
    const char *text, struct comparison *out, char error[static CTL_ERROR_MAX]);
/* Its node of a where tree; NULL and a message for a value of a wrong kind. */
json_t *select_node(
    const struct comparison *, char error[static CTL_ERROR_MAX]);

#endif
