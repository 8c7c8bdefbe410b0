/* Part of the gate: see run.h. */
#include "agent/gate/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "agent/gate/object.h"
#include "agent/gate/text.h"
#include "base/log.h"

#define EXIT_NOT_STARTED 127 /* what a shell says of such a command */
#define EXIT_SIGNAL      128 /* and of one that a signal ended */

struct run {
	LIST_ENTRY(run) next;
	struct gate_runs *runs;
	struct admitted *admitted;
	const struct admitted_terms *terms;
	int job;
	struct text text[JOB_STREAMS];
	struct loop_timer flow; /* live pieces */
	bool lost;              /* a piece found no room */
	char cancelled_by[PRINCIPAL_MAX + 1];
};

static const char *const stream_names[JOB_STREAMS] = {
	[JOB_STDOUT] = "stdout",
	[JOB_STDERR] = "stderr",
};

static const enum reply_ended ended_of[JOB_ENDS] = {
	[JOB_ENDED] = ENDED_EXIT, /* or a signal: the wait status tells */
	[JOB_TIMEOUT] = ENDED_TIMEOUT,
	[JOB_KILLED] = ENDED_CANCELLED,
	[JOB_NOT_STARTED] = ENDED_EXIT,
};

static void
piece_send(
    struct run *run, enum job_stream stream, const uint8_t *bytes, size_t len)
{
	struct reply reply = {
		.status = REPLY_OUTPUT,
		.data = bytes,
		.data_len = len,
	};

	snprintf(
	    reply.stream, sizeof(reply.stream), "%s", stream_names[stream]);
	if (!reply_send(
		run->runs->replies, admitted_answer(run->admitted), &reply))
		run->lost = true;
}

static void
piece_stdout(void *arg, const uint8_t *bytes, size_t len)
{
	piece_send(arg, JOB_STDOUT, bytes, len);
}

static void
piece_stderr(void *arg, const uint8_t *bytes, size_t len)
{
	piece_send(arg, JOB_STDERR, bytes, len);
}

static text_piece_fn *const piece_fns[JOB_STREAMS] = {
	[JOB_STDOUT] = piece_stdout,
	[JOB_STDERR] = piece_stderr,
};

/* What may be the provider's object waits for the end. */
static void
run_flow(void *arg)
{
	struct run *run = arg;

	for (unsigned i = 0; i < JOB_STREAMS; i++) {
		struct text *text = &run->text[i];

		if (i == JOB_STDERR || text->flowing || !text_like_object(text))
			text_flush(text, true, piece_fns[i], run);
	}
}

static void
run_data(void *arg, enum job_stream stream, const uint8_t *bytes, size_t len)
{
	struct run *run = arg;

	if (!text_add(&run->text[stream], bytes, len, piece_fns[stream], run))
		run->lost = true;
	if (run->terms->stream && !run->flow.armed)
		loop_timer_set(run->runs->loop, &run->flow, RUN_FLOW_MS);
}

/* The provider's object, or NULL: stdout was text. The caller's reference. */
static json_t *
run_object(const struct run *run)
{
	const struct text *text = &run->text[JOB_STDOUT];

	if (text->flowing || text->used == 0)
		return NULL;
	return object_read(text->held, text->used);
}

static int
exit_code(const struct job_exit *result)
{
	int status = (int)result->code;

	if (result->end == JOB_NOT_STARTED)
		return EXIT_NOT_STARTED;
	if (WIFSIGNALED(status))
		return EXIT_SIGNAL + WTERMSIG(status);
	return WEXITSTATUS(status);
}

static void
output_finish(json_t *output, const struct job_exit *result)
{
	const char *why = "it is unknown to amirald, or over one of its bounds";

	json_object_set_new(output, "exit", json_integer(exit_code(result)));
	if (result->end != JOB_NOT_STARTED)
		return;
	if (result->code != 0 && strerrordesc_np((int)result->code) != NULL)
		why = strerrordesc_np((int)result->code);
	json_object_set_new(output, "error",
	    json_sprintf("the provider did not start: %s", why));
}

/* The provider's object with its exit; NULL where a reply cannot hold it. */
static json_t *
run_object_finished(const struct run *run, const struct job_exit *result)
{
	json_t *object = run_object(run);

	if (object == NULL)
		return NULL;
	output_finish(object, result);
	if (object_size(object) <= REPLY_OUTPUT_MAX)
		return object;
	json_decref(object);
	return NULL;
}

/* What complete carries, after the pieces of everything that it does not. */
static json_t *
run_output(struct run *run, const struct job_exit *result)
{
	json_t *output = run_object_finished(run, result);
	bool text = output == NULL;

	if (text) {
		text_flush(&run->text[JOB_STDOUT], false, piece_stdout, run);
		output = json_object();
		output_finish(output, result);
	}
	if (text || exit_code(result) != 0 || run->terms->stream ||
	    run->text[JOB_STDERR].flowing)
		text_flush(&run->text[JOB_STDERR], false, piece_stderr, run);
	if (output == NULL)
		fatal("out of memory");
	return output;
}

static void
complete_fill(struct reply *reply, const struct job_exit *result)
{
	int status = (int)result->code;

	reply->ended = ended_of[result->end];
	reply->truncated = result->truncated;
	if (result->end == JOB_NOT_STARTED)
		return;
	if (WIFSIGNALED(status)) {
		reply->signal = WTERMSIG(status);
		if (result->end == JOB_ENDED)
			reply->ended = ENDED_SIGNAL;
	}
	reply->has_usage = true;
	reply->usage = (struct reply_usage){
		.wall_ms = (int64_t)(result->wall_us / 1000),
		.user_ms = (int64_t)(result->user_us / 1000),
		.system_ms = (int64_t)(result->system_us / 1000),
		.max_rss_kib = (int64_t)result->max_rss_kib,
	};
}

static void
complete_send(struct run *run, const struct job_exit *result)
{
	struct reply reply = { .status = REPLY_COMPLETE };

	complete_fill(&reply, result);
	reply.output = run_output(run, result);
	reply.output_lost = run->lost;
	if (reply.ended == ENDED_CANCELLED)
		memcpy(reply.cancelled_by, run->cancelled_by,
		    sizeof(reply.cancelled_by));
	for (unsigned i = 0; i < JOB_STREAMS; i++) {
		reply.has_chunks |= run->text[i].pieces > 0;
		text_chunks(&run->text[i], &reply.chunks[i]);
	}
	reply_send(run->runs->replies, admitted_answer(run->admitted), &reply);
	json_decref(reply.output);
	replay_mark(
	    run->runs->replay, run->terms->subject->request, REPLAY_COMPLETE);
	audit_write(run->runs->audit, AUDIT_ENDED, run->terms->subject,
	    reply_ended_name(reply.ended));
}

static void
run_free(struct run *run)
{
	for (unsigned i = 0; i < JOB_STREAMS; i++)
		text_clear(&run->text[i]);
	LIST_REMOVE(run, next);
	admitted_free(run->admitted);
	free(run);
}

static void
run_ended(void *arg, const struct job_exit *result)
{
	struct run *run = arg;

	if (run->flow.armed)
		loop_timer_clear(run->runs->loop, &run->flow);
	complete_send(run, result);
	run_free(run);
}

static const struct job_hooks run_hooks = {
	.data = run_data,
	.ended = run_ended,
};

void
run_start(struct gate_runs *runs, struct admitted *admitted)
{
	struct run *run = calloc(1, sizeof(*run));
	struct reply start = { .status = REPLY_START };

	if (run == NULL)
		fatal("out of memory");
	run->runs = runs;
	run->admitted = admitted;
	run->terms = admitted_terms(admitted);
	run->flow = (struct loop_timer){ .fn = run_flow, .arg = run };
	for (unsigned i = 0; i < JOB_STREAMS; i++)
		text_init(&run->text[i]);
	LIST_INSERT_HEAD(&runs->running, run, next);
	/* First: intake has seen to room for one frame, not for two. */
	run->job = jobs_launch(runs->jobs, admitted, &run_hooks, run);
	if (run->job == -1)
		fatal("a request was admitted without a job for it");
	audit_write(runs->audit, AUDIT_ADMITTED, run->terms->subject, "start");
	reply_send(runs->replies, admitted_answer(admitted), &start);
}

bool
run_cancel(struct gate_runs *runs,
    const uint8_t request[static ENVELOPE_DIGEST_SIZE], const char *by)
{
	struct run *run;

	LIST_FOREACH(run, &runs->running, next)
	{
		if (memcmp(run->terms->subject->request, request,
			ENVELOPE_DIGEST_SIZE) != 0)
			continue;
		snprintf(
		    run->cancelled_by, sizeof(run->cancelled_by), "%s", by);
		jobs_kill(runs->jobs, run->job);
		return true;
	}
	return false;
}
