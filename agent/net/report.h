/*
 * Part of amiral-net. Its log: LOG frames to the parent, REPORT_RATE lines a
 * second, the rest counted and told with the next line.
 */
#ifndef AMIRAL_AGENT_NET_REPORT_H
#define AMIRAL_AGENT_NET_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "privsep/link.h"

#define REPORT_RATE 10

struct report {
	struct link *link;
	unsigned type; /* LOG of that link */
	int64_t since_ms;
	unsigned lines, suppressed;
	bool sending;
};

/* Log lines go here from now on; r must outlive the process's last line. */
void report_open(struct report *r, struct link *, unsigned type);

/* Says how many lines were suppressed, where any were. */
void report_flush(struct report *);

#endif
