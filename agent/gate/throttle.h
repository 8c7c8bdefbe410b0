/*
 * Part of the gate. What a hostile net, or Redis through an honest one, may
 * cost: half a processor in the long run, and 100 messages a second that
 * nobody can have signed. Beyond it net is not read, until there is time
 * again; jobs and amirald do not wait.
 */
#ifndef AMIRAL_AGENT_GATE_THROTTLE_H
#define AMIRAL_AGENT_GATE_THROTTLE_H

#include <stdbool.h>

#include "base/budget.h"
#include "base/loop.h"

#define THROTTLE_BURST_US 6000000 /* some 70,000 pings at once */
#define THROTTLE_CHUNK_US 100000  /* that must be left to go on */
/* What an unverifiable message counts for, whatever it took. */
#define THROTTLE_BAD_US (1000000 / BUDGET_PART / 100)

struct gate_throttle {
	struct loop *loop;
	struct budget budget;
	struct loop_timer timer; /* armed: net is not to be read */
	int64_t began_us;
};

/* go_on: there is time again. */
void throttle_init(
    struct gate_throttle *, struct loop *, loop_timer_fn *go_on, void *arg);
/* Around everything that is done for net. */
void throttle_begin(struct gate_throttle *);
void throttle_end(struct gate_throttle *);
/* A message was unverifiable. */
void throttle_bad(struct gate_throttle *);
bool throttle_shut(const struct gate_throttle *);

#endif
