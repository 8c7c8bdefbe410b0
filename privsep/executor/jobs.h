/*
 * Provider processes that run: started, timed, killed, reaped, each of them
 * whole. A job is the process that was started and everything that came of
 * it; all of it carries the job's mark (see jobs.c). Part of amirald.
 */
#ifndef AMIRAL_EXECUTOR_JOBS_H
#define AMIRAL_EXECUTOR_JOBS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/loop.h"
#include "privsep/executor/table.h"
#include "privsep/messages.h"

struct jobs;

struct job_report {
	uint32_t id;
	enum job_end end;
	int status;
	uint64_t wall_us;
	const struct rusage *usage;
};
typedef void jobs_ended(const struct job_report *, void *arg);

/* root: children change their ids. Fatal when out of memory. */
struct jobs *jobs_new(struct loop *, bool root, jobs_ended *, void *arg);
void jobs_free(struct jobs *);
/*
 * Starts row as job id. 0, and the gate's ends of stdin, stdout, stderr in
 * ends, which the caller closes; or the errno to report.
 */
int jobs_launch(struct jobs *, const struct table *, const struct table_row *,
    uint32_t id, uint32_t timeout_ms, int ends[static 3]);
bool jobs_has(const struct jobs *, uint32_t id);
/* SIGTERM, and SIGKILL a little later. Unknown ids are ignored. */
void jobs_kill(struct jobs *, uint32_t id);
/* Kills all, at once or not, and forgets their ids: nobody asks any more. */
void jobs_abandon(struct jobs *, bool at_once);
/* True if nothing that was started runs any more. */
bool jobs_are_over(const struct jobs *);
/* Before the child is reaped, while its number cannot be another's. */
void jobs_dying(struct jobs *, pid_t);
/* After that. */
void jobs_reaped(struct jobs *, pid_t, int status, const struct rusage *);
/* The processes of those that run; how many they are. */
size_t jobs_pids(const struct jobs *, pid_t out[static JOBS_MAX]);
/*
 * Kills what ended jobs have left behind; the spared ones are children of
 * amirald that are no jobs. True while some of it lives: then it has to be
 * called again when the next child has ended, and nothing else be reaped.
 */
bool jobs_sweep(struct jobs *, const pid_t *spared, size_t n);

#endif
