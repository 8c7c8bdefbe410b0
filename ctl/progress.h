/*
 * amiral: the bar. On stderr, only where that is a terminal and nobody
 * asked for quiet, and only for runs that take a while. No escape sequence.
 */
#ifndef AMIRAL_CTL_PROGRESS_H
#define AMIRAL_CTL_PROGRESS_H

#include "ctl/options.h"

struct progress {
	bool wanted, drawn;
	int64_t next_ms; /* not before */
};

void progress_init(struct progress *, const struct options *);
void progress_show(struct progress *, size_t done, size_t total);
void progress_clear(struct progress *);
/* "[=====     ] 12/40" into line; shown by progress_show(). */
#define PROGRESS_LINE_MAX 80
void progress_line(
    char line[static PROGRESS_LINE_MAX], size_t done, size_t total);

#endif
