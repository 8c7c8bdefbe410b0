/*
 * amirald-gate: keys, policy and decisions of an agent, in a process that
 * can do nothing but talk to amirald and amiral-net.
 */
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "agent/gate/facts.h"
#include "agent/gate/hello.h"
#include "agent/gate/intake.h"
#include "agent/gate/netlink.h"
#include "agent/gate/report.h"
#include "agent/gate/setup.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/log.h"
#include "privsep/drop.h"
#include "privsep/messages.h"
#include "wire/json.h"

#define LOOP_FDS       (2 + 3 * JOBS_MAX)
#define FIRST_FACTS_MS 15000 /* that READY waits for them */
#define TIDY_EVERY_MS  60000
#define EXIT_SETUP     1 /* the first set was refused */

struct gate {
	struct loop *loop;
	struct link *executor;
	bool ready; /* was said */
	int answer; /* RELOADED or KEPT that found no room; -1: none */
	struct loop_timer patience, tidy;
	struct gate_report report;
	struct gate_setup setup;
	struct gate_trust trust;
	struct gate_replay replay;
	struct gate_memory memory;
	struct gate_outbox outbox;
	struct gate_replies replies;
	struct gate_audit audit;
	struct gate_drops drops;
	struct gate_jobs jobs;
	struct gate_poison poison;
	struct gate_runs runs;
	struct gate_admit admit;
	struct gate_facts facts;
	struct gate_builtins builtins;
	struct gate_hello hello;
	struct gate_throttle throttle;
	struct gate_intake intake;
	struct gate_push push;
	struct gate_netlink netlink;
};

/* What amirald says. */

static void
on_file(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct gate *gate = arg;

	setup_on_file(&gate->setup, body, len, fds[0]);
}

static void
on_commit(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct gate *gate = arg;

	setup_on_commit(&gate->setup, body, len, fds[0]);
}

static void
on_net(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct gate *gate = arg;

	(void)body;
	(void)len;
	netlink_open(&gate->netlink, fds[0]);
}

static void
on_started(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct gate *gate = arg;

	jobs_on_started(&gate->jobs, body, len, fds);
}

static void
on_exited(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct gate *gate = arg;

	(void)fds;
	jobs_on_exited(&gate->jobs, body, len);
}

/* What a former gate ran although its time was still to come. */
static void
on_issued(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct gate *gate = arg;
	struct cursor cursor;
	int64_t last;

	(void)fds;
	cursor_init(&cursor, body, len);
	last = (int64_t)cursor_u64(&cursor);
	if (last >= gate->admit.started)
		gate->admit.started = last + 1;
}

static void
on_notes(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct gate *gate = arg;

	(void)body;
	(void)len;
	poison_adopt(&gate->poison, fds[0]);
}

static link_handler *const executor_handlers[E2G_COUNT] = {
	[E2G_FILE] = on_file,
	[E2G_COMMIT] = on_commit,
	[E2G_NET] = on_net,
	[E2G_STARTED] = on_started,
	[E2G_EXITED] = on_exited,
	[E2G_ISSUED] = on_issued,
	[E2G_NOTES] = on_notes,
};

static void
executor_ended(enum link_end end, const char *why, void *arg)
{
	struct gate *gate = arg;

	if (end == LINK_VIOLATION)
		fatal("amirald broke a rule: %s", why);
	loop_stop(gate->loop, 0);
}

/* Amirald hands over no other set before it has the answer to this one. */
static void
set_answer(struct gate *gate, unsigned type, const char *why)
{
	size_t len = type == G2E_KEPT ? strnlen(why, LOG_LINE_MAX) : 0;

	gate->answer =
	    link_send_bytes(gate->executor, type, why, len) ? -1 : (int)type;
}

/* What net sent waits for amirald, or for time. */
static void
gate_go_on(void *arg)
{
	struct gate *gate = arg;

	intake_busy(&gate->intake, true);
	intake_go_on(&gate->intake);
	intake_busy(&gate->intake, false);
}

static void
executor_drained(void *arg)
{
	struct gate *gate = arg;

	if (gate->answer != -1)
		set_answer(gate, (unsigned)gate->answer, "reason lost");
	gate_go_on(gate);
}

/* What follows from it. */

static void
gate_say_ready(void *arg)
{
	struct gate *gate = arg;

	if (gate->ready)
		return;
	gate->ready = true;
	loop_timer_clear(gate->loop, &gate->patience);
	if (!link_send_bytes(gate->executor, G2E_READY, NULL, 0))
		fatal("amirald takes no messages");
}

static void
facts_done(bool changed, void *arg)
{
	struct gate *gate = arg;

	gate_say_ready(gate);
	if (changed)
		hello_send(&gate->hello);
}

static void
facts_late(void *arg)
{
	log_warning(
	    "no facts after %d s: starting without", FIRST_FACTS_MS / 1000);
	gate_say_ready(arg);
}

static void
set_in_force(bool first, void *arg)
{
	struct gate *gate = arg;

	facts_identify(&gate->facts);
	facts_refresh(&gate->facts);
	if (first) {
		link_state(gate->executor, GATE_SERVING);
		loop_timer_set(gate->loop, &gate->patience, FIRST_FACTS_MS);
		return;
	}
	log_info("reloaded: %zu operators' keys, %u providers described",
	    operators_count(gate->trust.operators),
	    gate->trust.description_count);
	netlink_keys(&gate->netlink);
	hello_send(&gate->hello);
	set_answer(gate, G2E_RELOADED, "");
}

static void
list_in_force(void *arg)
{
	struct gate *gate = arg;

	netlink_keys(&gate->netlink);
	hello_send(&gate->hello);
}

static void
set_refused(bool first, const char *why, void *arg)
{
	struct gate *gate = arg;

	set_answer(gate, G2E_KEPT, why);
	if (first)
		loop_stop(gate->loop, EXIT_SETUP);
}

static void
gate_tidy(void *arg)
{
	struct gate *gate = arg;

	replay_expire(&gate->replay, clock_wall_ms() - REPLAY_LATE_MS);
	loop_timer_set(gate->loop, &gate->tidy, TIDY_EVERY_MS);
}

/* How the parts hang together. */

static void
gate_make_link(struct gate *gate)
{
	struct link_setup setup = {
		.loop = gate->loop,
		.fd = LINK_FD_EXECUTOR,
		.in = &executor_to_gate,
		.out = &gate_to_executor,
		.handlers = executor_handlers,
		.ended = executor_ended,
		.drained = executor_drained,
		.arg = gate,
	};

	gate->executor = link_open(&setup, GATE_SETUP);
	report_init(&gate->report, gate->executor);
	gate->setup = (struct gate_setup){
		.executor = gate->executor,
		.trust = &gate->trust,
		.done = set_in_force,
		.failed = set_refused,
		.arg = gate,
	};
}

static void
gate_make_replies(struct gate *gate)
{
	replay_init(&gate->replay);
	memory_init(&gate->memory);
	outbox_init(&gate->outbox);
	replies_init(
	    &gate->replies, &gate->trust, &gate->outbox, &gate->memory);
	audit_init(&gate->audit, gate->executor);
	drops_init(&gate->drops, gate->loop);
	poison_init(&gate->poison);
}

static void
gate_make_runs(struct gate *gate)
{
	jobs_init(&gate->jobs, gate->loop);
	jobs_link(&gate->jobs, gate->executor);
	gate->runs = (struct gate_runs){
		.loop = gate->loop,
		.jobs = &gate->jobs,
		.replies = &gate->replies,
		.replay = &gate->replay,
		.audit = &gate->audit,
	};
	gate->admit = (struct gate_admit){
		.trust = &gate->trust,
		.facts = &gate->facts.object,
		.replay = &gate->replay,
		.jobs = &gate->jobs,
		.started = clock_wall_ms(),
		.poison = &gate->poison,
	};
	facts_init(&gate->facts, gate->loop, &gate->jobs, &gate->admit,
	    facts_done, gate);
	gate->builtins = (struct gate_builtins){
		.trust = &gate->trust,
		.facts = &gate->facts.object,
		.replay = &gate->replay,
		.memory = &gate->memory,
		.runs = &gate->runs,
		.replies = &gate->replies,
		.audit = &gate->audit,
	};
}

static void
gate_make_intake(struct gate *gate)
{
	throttle_init(&gate->throttle, gate->loop, gate_go_on, gate);
	hello_init(&gate->hello, gate->loop, &gate->trust, &gate->facts,
	    &gate->replies);
	gate->intake = (struct gate_intake){
		.admit = &gate->admit,
		.builtins = &gate->builtins,
		.runs = &gate->runs,
		.replies = &gate->replies,
		.memory = &gate->memory,
		.outbox = &gate->outbox,
		.audit = &gate->audit,
		.drops = &gate->drops,
		.executor = gate->executor,
		.throttle = &gate->throttle,
	};
	STAILQ_INIT(&gate->intake.waiting);
	gate->push = (struct gate_push){
		.executor = gate->executor,
		.trust = &gate->trust,
		.drops = &gate->drops,
		.done = list_in_force,
		.arg = gate,
	};
	gate->netlink = (struct gate_netlink){
		.loop = gate->loop,
		.trust = &gate->trust,
		.outbox = &gate->outbox,
		.hello = &gate->hello,
		.intake = &gate->intake,
		.push = &gate->push,
	};
}

static void
gate_make(struct gate *gate)
{
	gate->loop = loop_new(LOOP_FDS);
	gate->patience = (struct loop_timer){ .fn = facts_late, .arg = gate };
	gate->tidy = (struct loop_timer){ .fn = gate_tidy, .arg = gate };
	gate_make_link(gate);
	gate_make_replies(gate);
	gate_make_runs(gate);
	gate_make_intake(gate);
	gate_tidy(gate);
}

static void
libraries_prepare(void)
{
	if (sodium_init() == -1)
		fatal("libsodium does not start");
	json_prepare();
}

int
main(void)
{
	static struct gate gate = { .answer = -1 };
	int result;

	log_open("gate", LOG_LEVEL_INFO);
	signal(SIGPIPE, SIG_IGN);
	drop_prepare(getppid());
	libraries_prepare();
	gate_make(&gate);
	/* The first set that amirald hands over locks this process in. */
	result = loop_run(gate.loop);
	gate_trust_clear(&gate.trust);
	return result;
}
