/* Part of amirald. */
#include "privsep/executor/gate_link.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/log.h"
#include "privsep/executor/audit.h"
#include "privsep/executor/issued.h"
#include "privsep/executor/net_link.h"
#include "privsep/executor/rights.h"

#define EXITED_LEN 41
/*
 * Frames to the gate. Past that nothing is started: what waits there may hold
 * three descriptors each, and ours are needed for other things.
 */
#define UNREAD_MAX (2 * JOBS_MAX)
#define ANSWER_MS  15000 /* to a new set; it takes less than a second */

/* Out */

static void
send_file(struct executor *ex, enum gate_file file, char *name, int fd)
{
	uint8_t kind = (uint8_t)file;
	const struct iovec pieces[] = {
		{ .iov_base = &kind, .iov_len = 1 },
		{ .iov_base = name, .iov_len = strlen(name) },
	};

	peer_send(&ex->gate, E2G_FILE, pieces, 2, &fd);
}

/*
 * Opened anew each time: unlike the others these change by themselves. In the
 * place of one that cannot be believed stands nothing at all, which the gate
 * refuses.
 */
static void
send_kept(struct executor *ex, const struct settings *settings,
    enum gate_file file, const char *name)
{
	char path[PATH_MAX];
	int fd = trust_store_open(settings->state_dir, name, path);

	if (fd == -1)
		return;
	send_file(ex, file, path, fd < 0 ? ex->null : fd);
	if (fd >= 0)
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

void
gate_send_set(struct executor *ex, const struct settings *settings)
{
	uint8_t body[1 + 4 + HOSTNAME_MAX];
	struct iovec piece = { .iov_base = body };
	struct writer w;

	for (unsigned i = 0; i < settings->files.count; i++)
		send_file(ex, settings->files.entries[i].kind,
		    settings->files.entries[i].name,
		    settings->files.entries[i].fd);
	send_kept(ex, settings, GATE_FILE_REVOKED, TRUST_STORE_REVOKED);
	send_kept(ex, settings, GATE_FILE_TRUST, TRUST_STORE_LIST);
	writer_init(&w, body, sizeof body);
	writer_u8(&w, ex->root);
	writer_text(&w, settings->hostname);
	piece.iov_len = w.used;
	peer_send(&ex->gate, E2G_COMMIT, &piece, 1, &ex->empty);
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
	const struct provider *row = provider_find(&ex->settings->table, name);
	struct job_report report = { .id = id, .end = JOB_NOT_STARTED };
	int ends[3];

	if (row == NULL)
		report.status = ENOENT;
	else if (link_queued(ex->gate.link) > UNREAD_MAX)
		report.status = EAGAIN;
	else
		report.status = jobs_launch(ex->jobs, row,
		    ex->settings->table.facts_dir, id, timeout_ms, ends);
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
	else if (!issued_raise(&ex->issued, ex->settings->state_dir, issued))
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
	trust_store_write(&ex->trust, ex->settings->state_dir, body, len);
}

static void
on_revoked(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct executor *ex = executor_of(arg);

	(void)fds;
	/* What is kept is read each time. */
	peer_spend(&ex->gate, LINK_BODY_MAX);
	trust_store_revoke(&ex->trust, ex->settings->state_dir, body, len);
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
begin_with(struct executor *ex, const int link[static 2])
{
	char name[] = "amirald-gate";
	char *argv[] = { name, NULL }, *envp[] = { NULL };
	const struct drop_ids ids = {
		.uid = ex->settings->gate.uid,
		.gid = ex->settings->gate.gid,
		.keep = (uint64_t)1 << CAP_SYS_CHROOT,
	};
	const struct drop_limit no_core = { RLIMIT_CORE, 0 };
	const struct child_plan plan = {
		.path = ex->gate_path,
		.argv = argv,
		.envp = envp,
		.fds = { ex->null, ex->null, ex->null, link[1] },
		.fd_count = 4,
		.limits = &no_core,
		.limit_count = 1,
		.ids = ex->root ? &ids : NULL,
		.no_new_privs = true,
		.umask = 077,
	};
	const struct peer_start start = {
		.plan = &plan,
		.in = &gate_to_executor,
		.out = &executor_to_gate,
		.handlers = handlers,
		.state = EXECUTOR_STARTING,
		.link = link[0],
	};

	peer_begin(&ex->gate, &start);
	close(link[1]);
}

void
gate_begin(struct peer *gate)
{
	struct executor *ex = gate->arg;
	int link[2];

	if (link_pair(link) == -1)
		fatal_errno("socketpair for the gate");
	begin_with(ex, link);
	peer_send(gate, E2G_NOTES, NULL, 0, &ex->notes);
	send_issued(ex);
	gate_send_set(ex, ex->settings);
}

/* What was given up at the start does not come back. */
static bool
rights_suffice(const struct executor *ex, const struct settings *settings)
{
	char name[RIGHTS_TEXT_MAX];
	int missing =
	    rights_missing(rights_needed(&settings->table) & ex->rights);

	if (missing == -1)
		return true;
	rights_text((uint64_t)1 << missing, name);
	log_error("the new table needs %s, which was given up when no row "
		  "needed it: restart amirald",
	    name);
	return false;
}

static struct settings *
load_anew(const struct executor *ex)
{
	struct settings *settings =
	    settings_load(ex->conf, &ex->filters, ex->root);

	if (settings == NULL || !ex->root || rights_suffice(ex, settings))
		return settings;
	settings_free(settings);
	return NULL;
}

/* Until the answer the former table is in force: silence must not keep it. */
static void
look_for_answer(void *arg)
{
	struct executor *ex = arg;

	if (ex->offered != NULL)
		peer_broken(
		    &ex->gate, "it does not answer to a new configuration");
}

static void
offer(struct executor *ex)
{
	gate_send_set(ex, ex->offered);
	ex->answer_timer.fn = look_for_answer;
	ex->answer_timer.arg = ex;
	loop_timer_set(ex->loop, &ex->answer_timer, ANSWER_MS);
}

void
gate_reload(struct executor *ex)
{
	/* One set at a time is on its way to the gate. */
	if (!ex->serving || ex->offered != NULL) {
		ex->reload_wanted = true;
		return;
	}
	ex->reload_wanted = false;
	ex->offered = load_anew(ex);
	if (ex->offered == NULL)
		log_error("the former configuration stays in force");
	else
		offer(ex);
}
