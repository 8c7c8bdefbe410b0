/*
 * The gate: its start, what it may ask for, what it is told. Part of
 * amirald.
 */
#ifndef AMIRAL_EXECUTOR_GATE_LINK_H
#define AMIRAL_EXECUTOR_GATE_LINK_H

#include "privsep/executor/executor.h"

/* peer_fn of the gate. */
void gate_begin(struct peer *);
/* Has the configuration read anew, now or when that is possible. */
void gate_reload(struct executor *);
/* What was read, or NULL. It is the gate's to answer. */
void gate_offer(struct executor *, struct settings *);
/* jobs_ended of the jobs. */
void gate_send_exited(const struct job_report *, void *executor);

#endif
