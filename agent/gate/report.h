/*
 * Part of the gate. Its log lines go to amirald, at a bounded rate; how many
 * were too many is said with the next one.
 */
#ifndef AMIRAL_AGENT_GATE_REPORT_H
#define AMIRAL_AGENT_GATE_REPORT_H

#include <stdint.h>

#include "base/log.h"
#include "privsep/link.h"

#define REPORT_BURST     64
#define REPORT_REFILL_MS 100 /* until one more line may go */

struct gate_report {
	struct link *executor;
	unsigned left;
	int64_t refilled_ms; /* monotonic */
	unsigned suppressed;
};

/* From now on every log line of this process goes there. */
void report_init(struct gate_report *, struct link *executor);

#endif
