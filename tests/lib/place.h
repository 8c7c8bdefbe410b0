/*
 * Where a test puts what it makes: $TMPDIR, which whoever runs broken tests
 * clears, or /tmp.
 */
#ifndef AMIRAL_TESTS_PLACE_H
#define AMIRAL_TESTS_PLACE_H

#include <stdio.h>
#include <stdlib.h>

#define PLACE_MAX 80 /* bytes, with the NUL */

/* For mkdtemp() and mkstemp(). */
static inline void
place_name(char out[static PLACE_MAX], const char *name)
{
	const char *parent = getenv("TMPDIR");
	int len = snprintf(out, PLACE_MAX, "%s/%s-XXXXXX",
	    parent != NULL ? parent : "/tmp", name);

	if (len < 0 || len >= PLACE_MAX)
		abort();
}

#endif
