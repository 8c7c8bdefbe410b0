/* Part of the gate: see jobs.h. */
#include "agent/gate/jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/log.h"

#define READ_SIZE   16384
#define DRAIN_READS 64 /* after the end: all that a pipe can hold, and more */

void
jobs_init(struct gate_jobs *jobs, struct loop *loop)
{
	*jobs = (struct gate_jobs){ .loop = loop };
}

void
jobs_link(struct gate_jobs *jobs, struct link *executor)
{
	jobs->executor = executor;
}

bool
jobs_room(const struct gate_jobs *jobs, const char *operator_)
{
	unsigned all = 0, own = 0;

	for (unsigned i = 0; i < JOBS_MAX; i++) {
		const struct gate_job *job = &jobs->table[i];
		const char *of;

		if (job->admitted == NULL)
			continue;
		of = admitted_terms(job->admitted)->operator_;
		all += of[0] != '\0';
		own += strcmp(of, operator_) == 0;
	}
	return all < JOBS_OF_REQUESTS && own < JOBS_SHARE;
}

static bool
launch_send(
    struct gate_jobs *jobs, uint32_t number, const struct admitted_terms *terms)
{
	uint8_t body[20 + PROVIDER_MAX];
	struct writer writer;

	writer_init(&writer, body, sizeof(body));
	writer_u32(&writer, number);
	writer_u32(&writer, terms->timeout_ms);
	writer_u32(&writer, (uint32_t)terms->args_len);
	writer_u64(&writer, (uint64_t)terms->issued);
	writer_bytes(&writer, terms->provider, strlen(terms->provider));
	if (!writer_done(&writer))
		fatal("a provider's name is longer than a name may be");
	return link_send_bytes(jobs->executor, G2E_LAUNCH, body, writer.used);
}

int
jobs_launch(struct gate_jobs *jobs, const struct admitted *admitted,
    const struct job_hooks *hooks, void *arg)
{
	unsigned number = 0;

	while (number < JOBS_MAX && jobs->table[number].admitted != NULL)
		number++;
	if (number == JOBS_MAX)
		return -1;
	jobs->table[number] = (struct gate_job){
		.admitted = admitted,
		.hooks = hooks,
		.arg = arg,
		.jobs = jobs,
		.in = -1,
		.out = { -1, -1 },
	};
	if (launch_send(jobs, number, admitted_terms(admitted)))
		return (int)number;
	jobs->table[number].admitted = NULL;
	return -1;
}

void
jobs_kill(struct gate_jobs *jobs, int number)
{
	uint8_t body[4];
	struct writer writer;

	writer_init(&writer, body, sizeof(body));
	writer_u32(&writer, (uint32_t)number);
	if (!link_send_bytes(jobs->executor, G2E_KILL, body, sizeof(body)))
		fatal("amirald takes no more messages");
}

static void
end_close(struct gate_jobs *jobs, int *fd)
{
	if (*fd == -1)
		return;
	loop_unwatch(jobs->loop, *fd);
	close(*fd);
	*fd = -1;
}

/* A provider that does not read its arguments is no error. */
static void
arguments_write(int fd, short events, void *arg)
{
	struct gate_job *job = arg;
	const struct admitted_terms *terms = admitted_terms(job->admitted);
	ssize_t n;

	(void)events;
	n = write(
	    fd, terms->args + job->written, terms->args_len - job->written);
	if (n > 0)
		job->written += (size_t)n;
	if ((n < 0 && errno != EAGAIN && errno != EINTR) ||
	    job->written == terms->args_len)
		end_close(job->jobs, &job->in);
}

static void
output_deliver(struct gate_job *job, enum job_stream stream,
    const uint8_t *bytes, size_t len)
{
	size_t room = admitted_terms(job->admitted)->max_output - job->read;

	if (len > room) {
		job->truncated = true;
		len = room;
	}
	job->read += len;
	if (len > 0)
		job->hooks->data(job->arg, stream, bytes, len);
}

/* False once there is nothing more for now, or for ever. */
static bool
output_read(struct gate_job *job, enum job_stream stream)
{
	uint8_t bytes[READ_SIZE];
	ssize_t n = read(job->out[stream], bytes, sizeof(bytes));

	if (n > 0) {
		output_deliver(job, stream, bytes, (size_t)n);
		return true;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		end_close(job->jobs, &job->out[stream]);
	return false;
}

static void
output_ready(int fd, short events, void *arg)
{
	struct gate_job *job = arg;

	(void)events;
	output_read(job, fd == job->out[JOB_STDOUT] ? JOB_STDOUT : JOB_STDERR);
}

static struct gate_job *
job_named(struct gate_jobs *jobs, uint32_t number)
{
	if (number >= JOBS_MAX || jobs->table[number].admitted == NULL)
		fatal("amirald speaks of a job that does not run");
	return &jobs->table[number];
}

static int
end_take(struct gate_job *job, int fd, short events, loop_fd_fn *fn)
{
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		fatal_errno("a provider's pipe");
	loop_watch(job->jobs->loop, fd, events, fn, job);
	return fd;
}

void
jobs_on_started(
    struct gate_jobs *jobs, const uint8_t *body, size_t len, const int *fds)
{
	struct cursor cursor;
	struct gate_job *job;

	cursor_init(&cursor, body, len);
	job = job_named(jobs, cursor_u32(&cursor));
	if (job->started || !cursor_done(&cursor))
		fatal("amirald started a job twice");
	job->started = true;
	job->in = end_take(job, fds[0], POLLOUT, arguments_write);
	job->out[JOB_STDOUT] = end_take(job, fds[1], POLLIN, output_ready);
	job->out[JOB_STDERR] = end_take(job, fds[2], POLLIN, output_ready);
	arguments_write(job->in, POLLOUT, job);
}

/*
 * What the pipes hold at the provider's end still counts, but nobody waits
 * for their end of file: a grandchild may keep them open.
 */
static void
output_drain(struct gate_job *job)
{
	for (unsigned i = 0; i < JOB_STREAMS; i++) {
		unsigned reads = 0;

		while (job->out[i] != -1 && reads++ < DRAIN_READS &&
		       output_read(job, (enum job_stream)i))
			;
		end_close(job->jobs, &job->out[i]);
	}
	end_close(job->jobs, &job->in);
}

void
jobs_on_exited(struct gate_jobs *jobs, const uint8_t *body, size_t len)
{
	struct job_exit result = { 0 };
	struct cursor cursor;
	struct gate_job *job, ended;
	uint8_t end;

	cursor_init(&cursor, body, len);
	job = job_named(jobs, cursor_u32(&cursor));
	end = cursor_u8(&cursor);
	result.code = cursor_u32(&cursor);
	result.wall_us = cursor_u64(&cursor);
	result.user_us = cursor_u64(&cursor);
	result.system_us = cursor_u64(&cursor);
	result.max_rss_kib = cursor_u64(&cursor);
	if (!cursor_done(&cursor) || end >= JOB_ENDS ||
	    (end == JOB_NOT_STARTED) == job->started)
		fatal("amirald ends a job in a way that makes no sense");
	result.end = (enum job_end)end;
	output_drain(job);
	result.truncated = job->truncated;
	ended = *job;
	job->admitted = NULL; /* the number is free again */
	ended.hooks->ended(ended.arg, &result);
}
