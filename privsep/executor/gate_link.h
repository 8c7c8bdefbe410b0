/*
 * The gate: its start, what it may ask for, what it is told. Part of
 * amirald.
 */
#ifndef AMIRAL_EXECUTOR_GATE_LINK_H
#define AMIRAL_EXECUTOR_GATE_LINK_H

#include "privsep/executor/executor.h"

/* peer_fn of the gate. */
void gate_begin(struct peer *);
/* Sends a set of files and its COMMIT. */
void gate_send_set(struct executor *, const struct settings *);
/* Reads the configuration anew and offers it to the gate. */
void gate_reload(struct executor *);
/* jobs_ended of the jobs. */
void gate_send_exited(const struct job_report *, void *executor);

#endif
