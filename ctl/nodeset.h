/*
 * amiral: names as people write them: comma lists and ranges of numbers in
 * brackets. "web[01-03,7].x,db1" is web01.x, web02.x, web03.x, web7.x, db1.
 */
#ifndef AMIRAL_CTL_NODESET_H
#define AMIRAL_CTL_NODESET_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/options.h"

#define NODESET_MAX 16384 /* names of one set */

struct nodeset {
	char **names; /* in the order written, each once only if written so */
	size_t n;
};

/* Adds what text says to set. False and a message; set stays valid. */
bool nodeset_add(
    struct nodeset *, const char *text, char error[static CTL_ERROR_MAX]);
/*
 * The same for a file's text: names or lists with white space between them,
 * '#' to the end of the line is a comment.
 */
bool nodeset_add_lines(
    struct nodeset *, char *text, char error[static CTL_ERROR_MAX]);
void nodeset_free(struct nodeset *);

#endif
