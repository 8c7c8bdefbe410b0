/* What becomes of requests while answers do not get away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "agent/gate/facts.h"
#include "agent/gate/intake.h"
#include "base/clock.h"
#include "fixture.h"
#include "privsep/messages.h"
#include "wire/json.h"

static struct fixture fixture;
static struct gate_replay replay;
static struct gate_jobs jobs;
static struct gate_admit gate;
static struct gate_memory memory;
static struct gate_outbox outbox;
static struct gate_replies replies;
static struct gate_audit audit;
static struct gate_drops drops;
static struct gate_runs runs;
static struct gate_builtins builtins;
static struct gate_intake intake;
static json_t *facts;
static struct gate_poison poison;
static struct gate_throttle throttle;

static void
make_answering(void)
{
	memory_init(&memory);
	outbox_init(&outbox);
	replies_init(&replies, &fixture.trust, &outbox, &memory);
	audit_init(&audit, fixture.link);
	drops_init(&drops, fixture.loop);
	jobs_init(&jobs, fixture.loop);
	jobs_link(&jobs, fixture.link);
	runs = (struct gate_runs){ .loop = fixture.loop,
		.jobs = &jobs,
		.replies = &replies,
		.replay = &replay,
		.audit = &audit };
	builtins = (struct gate_builtins){ .trust = &fixture.trust,
		.facts = &facts,
		.replay = &replay,
		.memory = &memory,
		.runs = &runs,
		.replies = &replies,
		.audit = &audit };
}

static void
throttle_over(void *arg)
{
	(void)arg;
	intake_go_on(&intake);
	loop_stop(fixture.loop, 0);
}

static int
setup(void **state)
{
	(void)state;
	fixture_init(&fixture);
	replay_init(&replay);
	facts = json_object();
	poison_init(&poison);
	make_answering();
	gate = (struct gate_admit){ .trust = &fixture.trust,
		.facts = &facts,
		.replay = &replay,
		.jobs = &jobs,
		.poison = &poison };
	intake = (struct gate_intake){ .admit = &gate,
		.builtins = &builtins,
		.runs = &runs,
		.replies = &replies,
		.memory = &memory,
		.outbox = &outbox,
		.audit = &audit,
		.drops = &drops,
		.executor = fixture.link,
		.throttle = &throttle };
	STAILQ_INIT(&intake.waiting);
	throttle_init(&throttle, fixture.loop, throttle_over, NULL);
	return 0;
}

static void
outbox_empty(void)
{
	while (outbox.letters > 0)
		outbox_done(&outbox, outbox.next_id - outbox.letters);
}

static int
teardown(void **state)
{
	(void)state;
	do
		outbox_empty();
	while (intake.count > 0 && (intake_go_on(&intake), true));
	memory_clear(&memory);
	json_decref(facts);
	poison_free(&poison);
	replay_clear(&replay);
	loop_timer_clear(fixture.loop, &drops.timer);
	loop_timer_clear(fixture.loop, &throttle.timer);
	fixture_clear(&fixture);
	return 0;
}

/* A fresh ping; n tells one from another. */
static uint8_t *
ping(int n, size_t *len)
{
	const unsigned who = ALICE;
	int64_t now = clock_wall_ms();
	json_t *json = json_pack("{s:i, s:s, s:s, s:s, s:i, s:I, s:I, s:{s:b}, "
				 "s:{s:s}, s:{s:i}}",
	    "version", 1, "fleet", FIXTURE_FLEET, "reply_to",
	    "51665ac9-bab5-4995-aa80-09bc79cfb2bd", "operator",
	    fixture_operator(who), "signatures", 1, "issued", (json_int_t)now,
	    "expires", (json_int_t)(now + 60000), "match", "all", 1, "command",
	    "provider", "ping", "options", "timeout", n + 1);
	size_t payload_len;
	char *payload = json_compact(json, &payload_len);
	uint8_t *bytes = fixture_envelope(
	    &fixture, ENVELOPE_REQUEST, &who, 1, payload, payload_len, len);

	free(payload);
	json_decref(json);
	return bytes;
}

static void
take_ping(int n)
{
	size_t len;
	uint8_t *bytes = ping(n, &len);

	intake_take(&intake, bytes, len);
	free(bytes);
}

static void
take_junk(size_t len)
{
	static const uint8_t junk[ENVELOPE_MAX];

	intake_take(&intake, junk, len);
}

static void
outbox_fill(void)
{
	struct letter *letter = letter_new((const uint8_t *)"x", 1);

	letter->kind = LETTER_PIECE;
	while (outbox_post(&outbox, letter))
		;
	letter_release(letter);
}

static void
test_answers_at_once(void **state)
{
	(void)state;
	take_ping(1);
	assert_int_equal(outbox.letters, 1);
	assert_int_equal(intake.count, 0);
	take_junk(10);
	assert_int_equal(drops.counts[STATUS_LAYOUT], 1);
}

static void
test_waits_for_the_outbox(void **state)
{
	(void)state;
	outbox_fill();
	take_ping(1);
	take_ping(2);
	assert_int_equal(intake.count, 2);
	assert_int_equal(outbox.letters, OUTBOX_LETTERS);
	assert_int_equal(replay.used, 0);
	intake_go_on(&intake);
	assert_int_equal(intake.count, 2);
	/* One place, one answer. */
	outbox_done(&outbox, 0);
	intake_go_on(&intake);
	assert_int_equal(intake.count, 1);
	assert_int_equal(outbox.letters, OUTBOX_LETTERS);
	/* A later one does not pass those that wait. */
	outbox_done(&outbox, 1);
	take_ping(3);
	assert_int_equal(intake.count, 2);
	outbox_empty();
	intake_go_on(&intake);
	assert_int_equal(intake.count, 0);
	assert_int_equal(intake.bytes, 0);
	assert_int_equal(outbox.letters, 2);
	assert_int_equal(replay.used, 3);
}

static void
test_bound_of_those_that_wait(void **state)
{
	(void)state;
	outbox_fill();
	for (unsigned i = 0; i < INTAKE_WAITING; i++)
		take_junk(1);
	assert_int_equal(intake.count, INTAKE_WAITING);
	assert_int_equal(drops.counts[DROP_BACKLOG], 0);
	take_junk(1);
	assert_int_equal(intake.count, INTAKE_WAITING);
	assert_int_equal(drops.counts[DROP_BACKLOG], 1);
}

static void
test_bound_of_their_bytes(void **state)
{
	unsigned fit = INTAKE_BYTES / ENVELOPE_MAX;

	(void)state;
	outbox_fill();
	for (unsigned i = 0; i < fit + 3; i++)
		take_junk(ENVELOPE_MAX);
	assert_int_equal(intake.count, fit);
	assert_int_equal(drops.counts[DROP_BACKLOG], 3);
}

/* amirald stops reading: no request is decided, and net is not read. */
static void
test_waits_for_amirald(void **state)
{
	static const uint8_t line[AUDIT_LINE_MAX];
	struct link *net;
	char frame[AUDIT_LINE_MAX + 1];
	int peer;

	(void)state;
	net = fixture_link(&fixture, &net_to_gate, &gate_to_net, &peer);
	intake_net(&intake, net);
	while (!link_full(fixture.link))
		link_send_bytes(fixture.link, G2E_AUDIT, line, sizeof(line));
	take_ping(1);
	assert_int_equal(intake.count, 1);
	assert_true(intake.paused);
	while (!link_empty(fixture.link)) {
		while (
		    recv(fixture.peer, frame, sizeof(frame), MSG_DONTWAIT) > 0)
			;
		fixture_turn(&fixture);
	}
	intake_go_on(&intake);
	assert_int_equal(intake.count, 0);
	assert_false(intake.paused);
	assert_int_equal(outbox.letters, 1);
	intake_net(&intake, NULL);
	link_close(net);
	close(peer);
}

/* As much as one message is over what is saved up. */
#define BAD_AT_ONCE (THROTTLE_BURST_US / THROTTLE_BAD_US)

/* 100 unverifiable ones a second; amirald's messages do not wait. */
static void
test_unverifiable_ones_are_read_slowly(void **state)
{
	struct link *net;
	int64_t start = clock_monotonic_ms(), passed;
	unsigned count = 0;
	int peer;

	(void)state;
	net = fixture_link(&fixture, &net_to_gate, &gate_to_net, &peer);
	intake_net(&intake, net);
	for (; !intake.paused && count < 2 * BAD_AT_ONCE; count++)
		take_junk(10);
	passed = clock_monotonic_ms() - start;
	assert_in_range(count, BAD_AT_ONCE, BAD_AT_ONCE + passed / 10 + 1);
	assert_int_equal(drops.counts[STATUS_LAYOUT], count);
	take_ping(1);
	assert_int_equal(outbox.letters, 1);
	loop_run(fixture.loop);
	assert_false(intake.paused);
	/* It was waited for, not just set. */
	assert_true(clock_monotonic_ms() - start >=
		    THROTTLE_CHUNK_US * BUDGET_PART / 1000);
	intake_net(&intake, NULL);
	link_close(net);
	close(peer);
}

/* Half a processor, whatever it is that net costs. */
static void
test_time_is_bounded(void **state)
{
	struct link *net;
	int peer;

	(void)state;
	net = fixture_link(&fixture, &net_to_gate, &gate_to_net, &peer);
	intake_net(&intake, net);
	intake_busy(&intake, true);
	take_ping(1);
	intake_busy(&intake, false);
	assert_false(intake.paused);
	/* As if it had taken that much more. */
	intake_busy(&intake, true);
	throttle.began_us -= THROTTLE_BURST_US;
	intake_busy(&intake, false);
	assert_true(intake.paused);
	loop_run(fixture.loop);
	assert_false(intake.paused);
	assert_true(budget_left_us(&throttle.budget, clock_monotonic_ms()) > 0);
	intake_net(&intake, NULL);
	link_close(net);
	close(peer);
}

static void
no_facts(bool changed, void *arg)
{
	(void)changed;
	(void)arg;
}

/* Amirald does not read: the facts are asked for later, and nobody dies. */
static void
test_facts_wait_for_amirald(void **state)
{
	static const uint8_t line[AUDIT_LINE_MAX];
	struct gate_facts own;

	(void)state;
	facts_init(&own, fixture.loop, &jobs, &gate, no_facts, NULL);
	while (link_send_bytes(fixture.link, G2E_AUDIT, line, sizeof(line)))
		;
	/* Smaller frames than that may still fit. */
	while (link_send_bytes(fixture.link, G2E_LOG, line, 1))
		;
	facts_refresh(&own);
	assert_null(own.admitted);
	assert_true(own.timer.armed);
	assert_true(jobs_room(&jobs, ""));
	loop_timer_clear(fixture.loop, &own.timer);
	json_decref(own.object);
}

/* What was answered is not decided again, and sent again once. */
static void
test_known(void **state)
{
	size_t len;
	uint8_t *bytes = ping(1, &len);

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		intake_take(&intake, bytes, len);
	assert_int_equal(outbox.letters, 2);
	assert_int_equal(replay.used, 1);
	free(bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answers_at_once),
		TEST(test_waits_for_the_outbox),
		TEST(test_bound_of_those_that_wait),
		TEST(test_bound_of_their_bytes),
		TEST(test_waits_for_amirald),
		TEST(test_unverifiable_ones_are_read_slowly),
		TEST(test_time_is_bounded),
		TEST(test_facts_wait_for_amirald),
		TEST(test_known),
	};

	return sodium_init() == -1 ||
	       cmocka_run_group_tests_name("intake", tests, NULL, NULL);
}
