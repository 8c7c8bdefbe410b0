/*
 * Part of amirald.
 *
 * The mark. Whatever a provider's process forks, however it detaches itself,
 * comes back to amirald as a child when its parents have ended (amirald is a
 * subreaper). What it cannot forge on that way, unless it is root, is a pair
 * of hard resource limits (mark.h): each job gets its own. A row with
 * daemon = yes sets no limits, so what it leaves behind stays alive.
 */
#include "privsep/executor/jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "privsep/executor/child.h"
#include "privsep/executor/mark.h"

#define GRACE_MS        2000 /* between SIGTERM and SIGKILL */
#define LAUNCHES_BURST  200
#define LAUNCHES_A_SEC  200
#define PROVIDER_NOFILE 1024
#define PROVIDER_NPROC  512 /* of its user, in all jobs: 8 in each of them */

struct job {
	struct jobs *jobs;
	bool used, daemon, abandoned, terminated;
	uint32_t id;
	pid_t pid;
	mark_t mark;
	enum job_end end;
	uint64_t started_us;
	struct loop_timer timer;
};

struct jobs {
	struct loop *loop;
	bool root;
	jobs_ended *ended;
	void *arg;
	struct job table[JOBS_MAX];
	unsigned count;
	struct marks marks;
	bool sweeping;
	int64_t bucket_ms; /* launches that may be made, as time saved up */
};

struct jobs *
jobs_new(struct loop *loop, bool root, jobs_ended *ended, void *arg)
{
	struct jobs *jobs;

	if ((jobs = calloc(1, sizeof *jobs)) == NULL)
		fatal_errno("jobs");
	jobs->loop = loop;
	jobs->root = root;
	jobs->ended = ended;
	jobs->arg = arg;
	marks_init(&jobs->marks);
	return jobs;
}

void
jobs_free(struct jobs *jobs)
{
	free(jobs);
}

static uint64_t
now_us(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) == -1)
		fatal_errno("clock_gettime");
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static struct job *
find_id(struct jobs *jobs, uint32_t id)
{
	for (unsigned i = 0; i < JOBS_MAX; i++)
		if (jobs->table[i].used && !jobs->table[i].abandoned &&
		    jobs->table[i].id == id)
			return &jobs->table[i];
	return NULL;
}

static struct job *
find_pid(struct jobs *jobs, pid_t pid)
{
	for (unsigned i = 0; i < JOBS_MAX; i++)
		if (jobs->table[i].used && jobs->table[i].pid == pid)
			return &jobs->table[i];
	return NULL;
}

static bool
mark_runs(const struct jobs *jobs, mark_t mark)
{
	for (unsigned i = 0; i < JOBS_MAX; i++)
		if (jobs->table[i].used && jobs->table[i].mark == mark)
			return true;
	return false;
}

bool
jobs_has(const struct jobs *jobs, uint32_t id)
{
	for (unsigned i = 0; i < JOBS_MAX; i++)
		if (jobs->table[i].used && !jobs->table[i].abandoned &&
		    jobs->table[i].id == id)
			return true;
	return false;
}

size_t
jobs_pids(const struct jobs *jobs, pid_t out[static JOBS_MAX])
{
	size_t count = 0;

	for (unsigned i = 0; i < JOBS_MAX; i++)
		if (jobs->table[i].used)
			out[count++] = jobs->table[i].pid;
	return count;
}

bool
jobs_are_over(const struct jobs *jobs)
{
	return jobs->count == 0 && !jobs->sweeping;
}

/* Ending */

/* A started job leads a process group; what has left it is swept later. */
static void
job_signal(const struct job *job, int number)
{
	if (kill(-job->pid, number) == -1 && errno != ESRCH)
		log_error("kill of process group %d: %s", (int)job->pid,
		    strerror(errno));
}

static void
job_terminate(struct job *job, enum job_end end)
{
	if (job->terminated)
		return;
	job->terminated = true;
	job->end = end;
	job_signal(job, SIGTERM);
	loop_timer_set(job->jobs->loop, &job->timer, GRACE_MS);
}

static void
job_overdue(void *arg)
{
	struct job *job = arg;

	if (job->terminated)
		job_signal(job, SIGKILL);
	else
		job_terminate(job, JOB_TIMEOUT);
}

void
jobs_kill(struct jobs *jobs, uint32_t id)
{
	struct job *job = find_id(jobs, id);

	if (job != NULL)
		job_terminate(job, JOB_KILLED);
}

void
jobs_abandon(struct jobs *jobs, bool at_once)
{
	for (unsigned i = 0; i < JOBS_MAX; i++) {
		struct job *job = &jobs->table[i];

		if (!job->used)
			continue;
		job->abandoned = true;
		if (at_once)
			job_signal(job, SIGKILL);
		else
			job_terminate(job, JOB_KILLED);
	}
}

void
jobs_dying(struct jobs *jobs, pid_t pid)
{
	const struct job *job = find_pid(jobs, pid);

	if (job != NULL && !job->daemon)
		job_signal(job, SIGKILL);
}

void
jobs_reaped(
    struct jobs *jobs, pid_t pid, int status, const struct rusage *usage)
{
	struct job *job = find_pid(jobs, pid);
	struct job_report report;

	if (job == NULL)
		return;
	report = (struct job_report){ .id = job->id,
		.end = job->end,
		.status = status,
		.wall_us = now_us() - job->started_us,
		.usage = usage };
	loop_timer_clear(jobs->loop, &job->timer);
	job->used = false;
	jobs->count--;
	jobs->sweeping = true;
	if (!job->abandoned)
		jobs->ended(&report, jobs->arg);
}

/* Neither one of ours, nor of a job that runs, nor a daemon's. */
static bool
is_left_behind(struct jobs *jobs, pid_t pid, const pid_t *spared, size_t n)
{
	mark_t mark;

	for (size_t i = 0; i < n; i++)
		if (spared[i] == pid)
			return false;
	if (find_pid(jobs, pid) != NULL)
		return false;
	mark = mark_of(&jobs->marks, pid);
	return mark != MARK_NONE && !mark_runs(jobs, mark);
}

/* Not yet a zombie: those alone hold children that are not yet ours. */
static bool
is_alive(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
		   0 &&
	       info.si_pid == 0;
}

/*
 * Only children are looked at: the children of what is killed here are ours
 * once it has ended, and its end brings us here again.
 */
bool
jobs_sweep(struct jobs *jobs, const pid_t *spared, size_t n)
{
	FILE *children;
	int pid;

	if (!jobs->sweeping)
		return false;
	jobs->sweeping = false;
	if ((children = fopen("/proc/thread-self/children", "re")) == NULL) {
		log_error(
		    "/proc/thread-self/children: %s; what a provider left "
		    "running cannot be ended",
		    strerror(errno));
		return false;
	}
	while (fscanf(children, "%d", &pid) == 1) {
		if (!is_alive(pid) || !is_left_behind(jobs, pid, spared, n))
			continue;
		/* Not reaped yet, so the number is nobody else's. */
		kill(pid, SIGKILL);
		jobs->sweeping = true;
	}
	fclose(children);
	return jobs->sweeping;
}

/* Starting */

/* At most LAUNCHES_BURST at once and LAUNCHES_A_SEC in the long run. */
static bool
take_token(struct jobs *jobs)
{
	const int64_t cost = 1000 / LAUNCHES_A_SEC;
	int64_t now = clock_monotonic_ms();

	if (jobs->bucket_ms < now - LAUNCHES_BURST * cost)
		jobs->bucket_ms = now - LAUNCHES_BURST * cost;
	if (jobs->bucket_ms + cost > now)
		return false;
	jobs->bucket_ms += cost;
	return true;
}

static struct job *
free_entry(struct jobs *jobs)
{
	for (unsigned i = 0; i < JOBS_MAX; i++)
		if (!jobs->table[i].used)
			return &jobs->table[i];
	return NULL;
}

struct pipes {
	int child[3], gate[3];
};

static void
close_three(const int fds[static 3])
{
	for (int i = 0; i < 3; i++)
		if (fds[i] != -1)
			close(fds[i]);
}

/* The gate must never wait; the provider's ends are as a program expects. */
static int
pipes_open(struct pipes *pipes)
{
	int pair[2];

	*pipes = (struct pipes){ { -1, -1, -1 }, { -1, -1, -1 } };
	for (int i = 0; i < 3; i++) {
		if (pipe2(pair, O_CLOEXEC) == -1)
			return -1;
		pipes->child[i] = pair[i == 0 ? 0 : 1];
		pipes->gate[i] = pair[i == 0 ? 1 : 0];
		if (fcntl(pipes->gate[i], F_SETFL, O_NONBLOCK) == -1)
			return -1;
	}
	return 0;
}

/*
 * The last one counts the processes of a user. root has no such limit, and
 * ours would be held to it for what else its user runs.
 */
static unsigned
limit_count(const struct table_row *row, bool root)
{
	if (row->daemon)
		return 0;
	return root && row->ids.uid != 0 ? 6 : 5;
}

/* execve(2) takes its words without const, and only reads them. */
static char *
word(const char *text)
{
	return (char *)(uintptr_t)text;
}

static pid_t
start_child(const struct table *table, const struct table_row *row,
    const int fds[3], bool root,
    const struct drop_limit mark[static MARK_LIMITS])
{
	char *argv[] = { word(table_text(table, row->path)), NULL };
	char *envp[] = { word("PATH=/usr/sbin:/usr/bin:/sbin:/bin"),
		word("LANG=C.UTF-8"), word(table_text(table, table->facts)),
		NULL };
	const struct drop_ids ids = table_ids(table, &row->ids);
	struct sock_fprog filter;
	const struct drop_limit limits[] = {
		{ RLIMIT_AS, (rlim_t)row->memory },
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_NOFILE, PROVIDER_NOFILE },
		mark[0],
		mark[1],
		{ RLIMIT_NPROC, PROVIDER_NPROC },
	};
	const struct child_plan plan = {
		.path = argv[0],
		.argv = argv,
		.envp = envp,
		.fds = { fds[0], fds[1], fds[2] },
		.fd_count = 3,
		.limits = limits,
		.limit_count = limit_count(row, root),
		.ids = root ? &ids : NULL,
		.filter = table_filter(table, row->filter, &filter),
		.no_new_privs = !row->daemon,
		.umask = row->daemon ? 022 : 077,
	};
	const char *step;
	pid_t pid;

	if ((pid = child_start(&plan, &step)) == -1)
		log_error("provider %s: not started: %s: %s",
		    table_text(table, row->name), step, strerror(errno));
	return pid;
}

static void
job_begin(struct jobs *jobs, struct job *job, const struct table_row *row,
    uint32_t id, uint32_t timeout_ms)
{
	int64_t limit_ms = (int64_t)row->timeout_s * 1000;

	if (timeout_ms != 0 && timeout_ms < limit_ms)
		limit_ms = timeout_ms;
	*job = (struct job){ .jobs = jobs,
		.used = true,
		.daemon = row->daemon,
		.id = id,
		.end = JOB_ENDED,
		.started_us = now_us() };
	job->timer.fn = job_overdue;
	job->timer.arg = job;
	loop_timer_set(jobs->loop, &job->timer, limit_ms);
	jobs->count++;
}

int
jobs_launch(struct jobs *jobs, const struct table *table,
    const struct table_row *row, uint32_t id, uint32_t timeout_ms,
    int ends[static 3])
{
	struct job *job = free_entry(jobs);
	struct pipes pipes;
	struct drop_limit limits[MARK_LIMITS];
	mark_t mark;
	pid_t pid = -1;
	int error = 0;

	if (job == NULL || !take_token(jobs))
		return EAGAIN;
	mark = marks_next(&jobs->marks, limits);
	if (pipes_open(&pipes) == 0)
		pid = start_child(table, row, pipes.child, jobs->root, limits);
	if (pid == -1)
		error = errno;
	close_three(pipes.child);
	if (pid == -1) {
		close_three(pipes.gate);
		return error;
	}
	job_begin(jobs, job, row, id, timeout_ms);
	job->pid = pid;
	if (!row->daemon)
		job->mark = mark;
	memcpy(ends, pipes.gate, sizeof pipes.gate);
	return 0;
}
