/*
 * Part of the gate. Provider processes as the gate sees them: a number, three
 * pipe ends, an end. The executor runs them; here arguments are written,
 * output is read (always: past its bound it is thrown away), and whoever
 * launched a job hears of both.
 */
#ifndef AMIRAL_AGENT_GATE_JOBS_H
#define AMIRAL_AGENT_GATE_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/gate/admit.h"
#include "base/loop.h"
#include "privsep/messages.h"

#define JOBS_OF_REQUESTS (JOBS_MAX - 1) /* one is kept for the facts */
#define JOBS_SHARE       (JOBS_MAX / 4) /* of one operator */

enum job_stream { JOB_STDOUT, JOB_STDERR, JOB_STREAMS };

struct job_exit {
	enum job_end end;
	uint32_t code; /* wait status, or errno where it did not start */
	uint64_t wall_us, user_us, system_us, max_rss_kib;
	bool truncated; /* output went over its bound */
};

struct job_hooks {
	void (*data)(void *arg, enum job_stream, const uint8_t *, size_t);
	/* Once, after the last data. */
	void (*ended)(void *arg, const struct job_exit *);
};

struct gate_job {
	const struct admitted *admitted; /* NULL: the number is free */
	const struct job_hooks *hooks;
	void *arg;
	struct gate_jobs *jobs;
	bool started;
	int in; /* -1: closed, as the two below */
	int out[JOB_STREAMS];
	size_t written; /* of the arguments */
	size_t read;    /* of both streams, up to the bound */
	bool truncated;
};

struct gate_jobs {
	struct loop *loop;
	struct link *executor;
	struct gate_job table[JOBS_MAX];
};

void jobs_init(struct gate_jobs *, struct loop *);
/* The link that LAUNCH and KILL go to. */
void jobs_link(struct gate_jobs *, struct link *executor);
/* True if one more request of this operator may run. */
bool jobs_room(const struct gate_jobs *, const char *operator_);
/*
 * Launches; admitted stays the caller's and must outlive the job. The job's
 * number, or -1 if none is free or amirald does not keep up.
 */
int jobs_launch(struct gate_jobs *, const struct admitted *,
    const struct job_hooks *, void *arg);
/* Asks for a running job's end; its ended hook tells what became of it. */
void jobs_kill(struct gate_jobs *, int job);
/* E2G_STARTED and E2G_EXITED; a broken one is fatal. */
void jobs_on_started(
    struct gate_jobs *, const uint8_t *body, size_t len, const int *fds);
void jobs_on_exited(struct gate_jobs *, const uint8_t *body, size_t len);

#endif
