/*
 * Part of the gate. What a provider says of itself (DIR/NAME.json) and
 * whether a request's arguments fit it. Strict on both sides: a member that
 * is not known, or of another type, refuses the description; an argument
 * that is not described refuses the request.
 */
#ifndef AMIRAL_AGENT_GATE_DESCRIPTION_H
#define AMIRAL_AGENT_GATE_DESCRIPTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/name.h"
#include "wire/argument.h"
#include "wire/reply.h"

#define DESCRIPTION_MAX       65536 /* bytes of a file */
#define DESCRIPTION_ARGUMENTS 64
#define DESCRIPTION_ERROR_MAX 512

struct description {
	char name[PROVIDER_MAX + 1];
	bool side_effects; /* true where the file does not say */
	const struct argument *arguments;
	unsigned argument_count;
	struct argument *owned; /* NULL in the gate's own tables */
	json_t *root;           /* owns what the arguments point to */
};

/*
 * Reads the description of the provider name. False and what is wrong in
 * error, out untouched. The caller frees with description_clear().
 */
bool description_parse(struct description *out, const char *name,
    const char *text, size_t len, char error[static DESCRIPTION_ERROR_MAX]);
void description_clear(struct description *);
/*
 * Whether args (NULL: none) are what the provider takes; false and a detail
 * that names the argument.
 */
bool description_check(const struct description *, json_t *args,
    char detail[static REPLY_DETAIL_MAX + 1]);

#endif
