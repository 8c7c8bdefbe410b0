/*
 * Part of amiral-net. What was dropped, by status, and how fast: counters
 * that come out as one line at a bounded rate, and the throttle that stops
 * reading a flood. Both are given the time and have no timers.
 */
#ifndef AMIRAL_AGENT_NET_TALLY_H
#define AMIRAL_AGENT_NET_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/verify/status.h"

#define TALLY_LINE_MAX  512
#define TALLY_QUICK_MS  200  /* to the first line after a quiet time */
#define TALLY_PERIOD_MS 1000 /* between two lines */
#define THROTTLE_RATE   100  /* unverifiable messages a second */
#define THROTTLE_MS     1000

struct tally {
	uint64_t count[STATUS_COUNT], total;
	bool spoken;
	int64_t last_ms; /* of the last line, if spoken */
};

void tally_add(struct tally *, enum status);
/* How long from now until a line is due; -1 where nothing was dropped. */
int64_t tally_due(const struct tally *, int64_t now_ms);
/*
 * "dropped 12 messages: layout 9, signature 2, unknown-key 1"; counters are
 * then zero. False where nothing was dropped.
 */
bool tally_take(
    struct tally *, int64_t now_ms, char line[static TALLY_LINE_MAX]);

struct throttle {
	int64_t since_ms;
	unsigned count;
};

/* Counts one; how long to read nothing any more: 0 or up to THROTTLE_MS. */
int64_t throttle_hit(struct throttle *, int64_t now_ms);

#endif
