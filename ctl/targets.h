/* amiral: from the TARGETS of the command line to a request's match. */
#ifndef AMIRAL_CTL_TARGETS_H
#define AMIRAL_CTL_TARGETS_H

#include <jansson.h>
#include <stdbool.h>

#include "ctl/options.h"
#include "keys/known_hosts.h"

#define TARGETS_FILE_MAX (1024 * 1024)

struct targets {
	json_t *match;
	bool by_name; /* names alone decide */
	size_t count; /* by_name: how many known hosts they mean */
};

/*
 * Names are resolved against known; file is its name in messages. Without
 * any target the match is for every host. False and a message.
 */
bool targets_build(const struct options *, const struct known_hosts *known,
    const char *file, struct targets *out, char error[static CTL_ERROR_MAX]);
/* The same of a match that is known to be good; takes a reference. */
void targets_of(
    struct targets *out, json_t *match, const struct known_hosts *known);
void targets_clear(struct targets *);

#endif
