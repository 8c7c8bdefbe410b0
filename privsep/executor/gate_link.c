/* Part of amirald. */
#include "privsep/executor/gate_link.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/log.h"
#include "privsep/executor/audit.h"
#include "privsep/executor/issued.h"
#include "privsep/executor/net_link.h"
#include "privsep/executor/reader_link.h"

#define EXITED_LEN 41
/*
 * Frames to the gate. Past that nothing is started: what waits there may hold
 * three descriptors each, and ours are needed for other things.
 */
#define UNREAD_MAX (2 * JOBS_MAX)
#define ANSWER_MS  15000 /* to a new set; it takes less than a second */

/* Out */

static void
send_file(struct executor *ex, const struct settings_file *file)
{
	const struct iovec piece = { file->body, file->len };

	peer_send(&ex->gate, E2G_FILE, &piece, 1, &file->fd);
}

/*
 * Opened anew each time: unlike the others these change by themselves. In the
 * place of one that cannot be believed stands nothing at all, which the gate
 * refuses.
 */
static void
send_kept(struct executor *ex, const struct state_dir *state,
    enum gate_file file, const char *name)
{
	int fd = state_dir_open(state, name, LINK_BODY_MAX);
	uint8_t kind = (uint8_t)file;
	char path[STATE_PATH_MAX];
	struct iovec pieces[] = { { &kind, 1 }, { path, 0 } };

	if (fd == STATE_NONE)
		return;
	state_dir_path(state, name, path);
	pieces[1].iov_len = strlen(path);
	peer_send(
	    &ex->gate, E2G_FILE, pieces, 2, fd == STATE_BAD ? &ex->null : &fd);
	if (fd != STATE_BAD)
		close(fd);
}

static void
send_issued(struct executor *ex)
{
	uint8_t body[8];
	const struct iovec piece = { .iov_base = body, .iov_len = sizeof body };
	struct writer w;

	if (ex->issued == 0)
		return;
	writer_init(&w, body, sizeof body);
	writer_u64(&w, (uint64_t)ex->issued);
	peer_send(&ex->gate, E2G_ISSUED, &piece, 1, NULL);
}

static void
send_set(struct executor *ex, const struct settings *s)
{
	const struct table_piece commit = s->table->commit;
	/* sendmsg(2) only reads it. */
	const struct iovec piece = {
		(void *)(uintptr_t)table_bytes(s->table, commit), commit.len
	};

	for (unsigned i = 0; i < s->count; i++)
		send_file(ex, &s->files[i]);
	send_kept(ex, &s->state, GATE_FILE_REVOKED, TRUST_STORE_REVOKED);
	send_kept(ex, &s->state, GATE_FILE_TRUST, TRUST_STORE_LIST);
	peer_send(&ex->gate, E2G_COMMIT, &piece, 1, &s->empty);
}

static uint64_t
microseconds(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_usec;
}

void
gate_send_exited(const struct job_report *report, void *arg)
{
	static const struct rusage none;
	const struct rusage *usage =
	    report->usage != NULL ? report->usage : &none;
	struct executor *ex = arg;
	uint8_t body[EXITED_LEN];
	const struct iovec piece = { .iov_base = body, .iov_len = EXITED_LEN };
	struct writer w;

	writer_init(&w, body, sizeof body);
	writer_u32(&w, report->id);
	writer_u8(&w, (uint8_t)report->end);
	writer_u32(&w, (uint32_t)report->status);
	writer_u64(&w, report->wall_us);
	writer_u64(&w, microseconds(&usage->ru_utime));
	writer_u64(&w, microseconds(&usage->ru_stime));
	writer_u64(&w, (uint64_t)usage->ru_maxrss);
	peer_send(&ex->gate, E2G_EXITED, &piece, 1, NULL);
}

static void
send_started(struct executor *ex, uint32_t id, const int ends[static 3])
{
	uint8_t body[4];
	const struct iovec piece = { .iov_base = body, .iov_len = sizeof body };
	struct writer w;

	writer_init(&w, body, sizeof body);
	writer_u32(&w, id);
	peer_send(&ex->gate, E2G_STARTED, &piece, 1, ends);
}

/* In */

static struct executor *
executor_of(void *gate)
{
	return ((struct peer *)gate)->arg;
}

static void
start_net(struct executor *ex)
{
	int64_t wait_ms = cpu_watch_wait_ms(&ex->net_watch);

	if (wait_ms == 0)
		net_begin(&ex->net);
	else
		peer_restart(&ex->net, wait_ms);
}

static void
on_ready(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct executor *ex = executor_of(arg);

	(void)body, (void)len, (void)fds;
	link_state(ex->gate.link, EXECUTOR_SERVING);
	ex->serving = true;
	/* One that is still ending starts anew by itself. */
	if (!peer_is_up(&ex->net))
		start_net(ex);
	if (ex->reload_wanted)
		gate_reload(ex);
}

static void
on_reloaded(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct executor *ex = executor_of(arg);
	struct settings *former = ex->settings;

	(void)body, (void)len, (void)fds;
	if (ex->offered == NULL) {
		peer_broken(
		    &ex->gate, "it answered a set that it was not sent");
		return;
	}
	ex->settings = ex->offered;
	ex->offered = NULL;
	log_info("the new configuration is in force");
	/* It starts anew, and is then told what is new. */
	if (peer_is_up(&ex->net) && settings_net_differs(former, ex->settings))
		peer_stop(&ex->net);
	settings_free(former);
	if (ex->reload_wanted)
		gate_reload(ex);
}

static void
on_kept(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct executor *ex = executor_of(arg);

	(void)fds;
	peer_spend(&ex->gate, len);
	relay_text(&ex->gate.relay, LOG_LEVEL_ERROR, body, len);
	if (ex->offered == NULL)
		return;
	log_error("the former configuration stays in force");
	settings_free(ex->offered);
	ex->offered = NULL;
	if (ex->reload_wanted)
		gate_reload(ex);
}

static void
launch(struct executor *ex, uint32_t id, uint32_t timeout_ms, const char *name)
{
	const struct table *table = ex->settings->table;
	const struct table_row *row = table_find(table, name);
	struct job_report report = { .id = id, .end = JOB_NOT_STARTED };
	int ends[3];

	if (row == NULL)
		report.status = ENOENT;
	else if (link_queued(ex->gate.link) > UNREAD_MAX)
		report.status = EAGAIN;
	else
		report.status =
		    jobs_launch(ex->jobs, table, row, id, timeout_ms, ends);
	if (report.status != 0) {
		gate_send_exited(&report, ex);
		return;
	}
	send_started(ex, id, ends);
	for (int i = 0; i < 3; i++)
		close(ends[i]);
}

static void
on_launch(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct executor *ex = executor_of(arg);
	char name[PROVIDER_MAX + 1] = "";
	uint32_t id, timeout_ms;
	uint64_t issued;
	struct cursor in;
	const uint8_t *rest;

	(void)fds;
	peer_spend(&ex->gate, len);
	cursor_init(&in, body, len);
	id = cursor_u32(&in);
	timeout_ms = cursor_u32(&in);
	(void)cursor_u32(&in); /* the pipe takes what fits in a request */
	issued = cursor_u64(&in);
	rest = cursor_rest(&in, &len);
	if (cursor_done(&in) && len <= PROVIDER_MAX)
		memcpy(name, rest, len);
	if (!name_is_provider(name) || strlen(name) != len)
		peer_broken(
		    &ex->gate, "it asked for what is no provider's name");
	else if (jobs_has(ex->jobs, id))
		peer_broken(&ex->gate, "it gave two jobs one number");
	else if (!issued_raise(&ex->issued, &ex->settings->state, issued))
		peer_broken(&ex->gate, "it launched what was issued later");
	else
		launch(ex, id, timeout_ms, name);
}

static void
on_kill(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct executor *ex = executor_of(arg);
	struct cursor in;

	(void)fds;
	peer_spend(&ex->gate, len);
	cursor_init(&in, body, len);
	jobs_kill(ex->jobs, cursor_u32(&in));
}

static void
on_log(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct executor *ex = executor_of(arg);

	(void)fds;
	peer_spend(&ex->gate, len);
	if (!relay_line(&ex->gate.relay, body, len))
		peer_broken(&ex->gate, "it sent a log line without a level");
}

static void
on_audit(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct executor *ex = executor_of(arg);

	(void)fds;
	peer_spend(&ex->gate, len);
	audit_write(ex->settings->audit, body, len);
}

static void
on_trust(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct executor *ex = executor_of(arg);

	(void)fds;
	/* Each costs a write, or a line in the log. */
	peer_spend(&ex->gate, LINK_BODY_MAX);
	trust_store_write(&ex->trust, &ex->settings->state, body, len);
}

static void
on_revoked(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct executor *ex = executor_of(arg);

	(void)fds;
	/* What is kept is read each time. */
	peer_spend(&ex->gate, LINK_BODY_MAX);
	trust_store_revoke(&ex->trust, &ex->settings->state, body, len);
}

static link_handler *const handlers[G2E_COUNT] = {
	[G2E_READY] = on_ready,
	[G2E_RELOADED] = on_reloaded,
	[G2E_KEPT] = on_kept,
	[G2E_LAUNCH] = on_launch,
	[G2E_KILL] = on_kill,
	[G2E_LOG] = on_log,
	[G2E_AUDIT] = on_audit,
	[G2E_TRUST] = on_trust,
	[G2E_REVOKED] = on_revoked,
};

/* Starting */

static void
start_gate(struct executor *ex)
{
	char name[] = "amirald-gate";
	char *argv[] = { name, NULL };
	const struct table *table = ex->settings->table;
	const struct drop_ids ids = table_ids(table, &table->gate);
	const struct peer_start start = {
		.path = ex->gate_path,
		.argv = argv,
		.ids = ex->root ? &ids : NULL,
		.null = ex->null,
		.error = ex->null,
		.extra = -1,
		.in = &gate_to_executor,
		.out = &executor_to_gate,
		.handlers = handlers,
		.state = EXECUTOR_STARTING,
	};

	peer_begin(&ex->gate, &start);
}

/* Until the answer nothing new is in force: silence must not keep it so. */
static void
look_for_answer(void *arg)
{
	struct executor *ex = arg;

	if (!ex->serving && peer_is_up(&ex->gate))
		peer_broken(&ex->gate, "it does not get ready");
	else if (ex->offered != NULL)
		peer_broken(
		    &ex->gate, "it does not answer to a new configuration");
}

static void
wait_for_answer(struct executor *ex, int64_t at_most_ms)
{
	ex->answer_timer.fn = look_for_answer;
	ex->answer_timer.arg = ex;
	loop_timer_set(ex->loop, &ex->answer_timer, at_most_ms);
}

void
gate_begin(struct peer *gate)
{
	struct executor *ex = gate->arg;

	start_gate(ex);
	peer_send(gate, E2G_NOTES, NULL, 0, &ex->notes);
	send_issued(ex);
	send_set(ex, ex->settings);
	wait_for_answer(ex, ex->ready_ms);
}

/*
 * Sending may end the gate, and with it what it has been offered: so that it
 * is only afterwards. False where there is none: the next one begins with
 * what is in force, and is then asked.
 */
static bool
offer(struct executor *ex, struct settings *settings)
{
	if (ex->serving)
		send_set(ex, settings);
	if (ex->serving)
		ex->offered = settings;
	return ex->serving;
}

void
gate_offer(struct executor *ex, struct settings *settings)
{
	if (settings == NULL) {
		log_error("the former configuration stays in force");
	} else if (offer(ex, settings)) {
		wait_for_answer(ex, ANSWER_MS);
		return;
	} else {
		ex->reload_wanted = true;
		settings_free(settings);
	}
	if (ex->reload_wanted)
		gate_reload(ex);
}

void
gate_reload(struct executor *ex)
{
	if (ex->stopping)
		return;
	/* One set at a time is read, or on its way to the gate. */
	ex->reload_wanted =
	    !ex->serving || ex->offered != NULL || ex->incoming != NULL;
	if (!ex->reload_wanted)
		reader_begin(ex);
}
