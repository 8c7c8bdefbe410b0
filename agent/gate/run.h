/*
 * Part of the gate. A provider's run on behalf of a request: start, pieces
 * of output, and the one complete at its end.
 */
#ifndef AMIRAL_AGENT_GATE_RUN_H
#define AMIRAL_AGENT_GATE_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "agent/gate/admit.h"
#include "agent/gate/jobs.h"
#include "agent/gate/reply.h"

#define RUN_FLOW_MS 100 /* between two live pieces of less than full size */

struct run;

struct gate_runs {
	struct loop *loop;
	struct gate_jobs *jobs;
	struct gate_replies *replies;
	struct gate_replay *replay;
	struct gate_audit *audit;
	LIST_HEAD(, run) running;
};

/* Answers start, launches, and sees to the end. Takes admitted over. */
void run_start(struct gate_runs *, struct admitted *);
/* Ends a run, by its request. False if there is none. */
bool run_cancel(struct gate_runs *,
    const uint8_t request[static ENVELOPE_DIGEST_SIZE], const char *by);

#endif
