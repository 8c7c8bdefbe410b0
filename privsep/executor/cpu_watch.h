/*
 * What a peer costs: half a processor in the long run. Who uses more than
 * that and what was saved up is ended, and starts when there is time again.
 * Part of amirald.
 */
#ifndef AMIRAL_EXECUTOR_CPU_WATCH_H
#define AMIRAL_EXECUTOR_CPU_WATCH_H

#include <sys/resource.h>

#include "base/budget.h"
#include "privsep/executor/peer.h"

#define CPU_WATCH_BURST_US 10000000 /* saved up at most */
#define CPU_WATCH_START_US 5000000  /* again, once nothing was left */
#define CPU_WATCH_MIN_MS   1000     /* between two looks */

struct cpu_watch {
	struct peer *peer;
	struct budget budget; /* of one process after the other */
	int64_t seen_us;      /* of this one, that the budget has paid */
	bool overdrawn;       /* the next one waits until there is enough */
	struct loop_timer timer;
};

void cpu_watch_init(struct cpu_watch *, struct peer *);
/* A process of the peer's has just been started. */
void cpu_watch_begin(struct cpu_watch *);
/* It is reaped, and has used so much in all. */
void cpu_watch_end(struct cpu_watch *, const struct rusage *);
/* How long the next one has to wait. */
int64_t cpu_watch_wait_ms(struct cpu_watch *);

#endif
