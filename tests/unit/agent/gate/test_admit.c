/*
 * The order of admission: for each step, a request that fails this one and
 * every later one gets this one's answer. Then each step at its bounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "agent/gate/admit.h"
#include "agent/gate/jobs.h"
#include "fixture.h"
#include "privsep/messages.h"
#include "wire/json.h"

#define NOW   FIXTURE_NOW
#define HOURS (3600 * INT64_C(1000))

static struct fixture fixture;
static struct gate_replay replay;
static struct gate_jobs jobs;
static json_t *facts;
static struct gate_poison poison;
static struct gate_admit gate;

/* What a request is made of before it is signed. */
struct sample {
	json_t *json;
	unsigned who[5], lines;
	enum envelope_kind kind;
	bool torn;     /* no envelope at all */
	bool broken;   /* a bit of the signature */
	bool known;    /* seen before */
	bool poisoned; /* ended the gate before this one */
	bool busy;     /* no job is free */
};

static int
setup(void **state)
{
	(void)state;
	fixture_init(&fixture);
	replay_init(&replay);
	jobs_init(&jobs, fixture.loop);
	jobs_link(&jobs, fixture.link);
	facts = json_pack("{s:i}", "cpus", 4);
	gate = (struct gate_admit){
		.trust = &fixture.trust,
		.facts = &facts,
		.replay = &replay,
		.jobs = &jobs,
		.started = NOW - 10 * HOURS,
		.poison = &poison,
	};
	poison_init(&poison);
	return facts == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	json_decref(facts);
	poison_free(&poison);
	replay_clear(&replay);
	fixture_clear(&fixture);
	return 0;
}

static struct sample
sample_of(unsigned who, const char *provider)
{
	struct sample sample = { .who = { who }, .lines = 1 };

	sample.json = json_pack("{s:i, s:s, s:s, s:s, s:i, s:I, s:I, s:{s:b}, "
				"s:{s:s}}",
	    "version", 1, "fleet", FIXTURE_FLEET, "reply_to",
	    "51665ac9-bab5-4995-aa80-09bc79cfb2bd", "operator",
	    fixture_operator(who), "signatures", 1, "issued", (json_int_t)NOW,
	    "expires", (json_int_t)(NOW + 60000), "match", "all", 1, "command",
	    "provider", provider);
	assert_non_null(sample.json);
	return sample;
}

static void
sample_times(struct sample *sample, int64_t issued, int64_t expires)
{
	json_object_set_new(sample->json, "issued", json_integer(issued));
	json_object_set_new(sample->json, "expires", json_integer(expires));
}

static void
sample_args(struct sample *sample, json_t *args)
{
	json_object_set_new(
	    json_object_get(sample->json, "command"), "args", args);
}

/* One gate has it in hand, ends, and another begins. */
static void
poison_with(const uint8_t digest[static ENVELOPE_DIGEST_SIZE])
{
	int fd = memfd_create("notes", MFD_CLOEXEC);

	assert_true(fd != -1 && ftruncate(fd, NOTES_SIZE) == 0);
	poison_adopt(&poison, dup(fd));
	assert_true(poison_take(&poison, digest));
	poison_adopt(&poison, fd);
}

static void
poison_forget(void)
{
	poison_free(&poison);
	poison_init(&poison);
}

/* The result; the sample is used up. */
static struct admit_result
judged(struct sample *sample)
{
	struct admit_result result;
	struct envelope envelope;
	size_t payload_len, len;
	char *payload = json_compact(sample->json, &payload_len);
	uint8_t *bytes = fixture_envelope(&fixture, sample->kind, sample->who,
	    sample->lines, payload, payload_len, &len);
	uint8_t digest[ENVELOPE_DIGEST_SIZE];
	bool before;

	assert_int_equal(
	    envelope_open(bytes, len, sample->kind, &envelope), STATUS_OK);
	envelope_digest(&envelope, digest);
	if (sample->broken)
		bytes[200] = bytes[200] == 'A' ? 'B' : 'A';
	if (sample->torn)
		bytes[0] = '!';
	if (sample->known)
		replay_add(&replay, digest, "x", NOW + HOURS, REPLAY_COMPLETE);
	if (sample->poisoned)
		poison_with(digest);
	before = replay_find(&replay, digest) != NULL;
	admit(&gate, bytes, len, NOW, &result);
	poison_forget();
	if (result.outcome == ADMIT_DROPPED)
		assert_int_equal(replay_find(&replay, digest) != NULL, before);
	if (result.outcome == ADMIT_REFUSED)
		assert_int_equal(
		    replay_find(&replay, digest)->state, REPLAY_REFUSED);
	if (result.outcome == ADMIT_ADMITTED)
		assert_int_equal(
		    replay_find(&replay, digest)->state, REPLAY_RUNNING);
	if (result.outcome != ADMIT_DROPPED)
		assert_memory_equal(result.subject.request, digest, 32);
	assert_int_equal(
	    result.admitted != NULL, result.outcome == ADMIT_ADMITTED);
	json_decref(sample->json);
	free(payload);
	free(bytes);
	return result;
}

static void
expect_admitted(struct sample sample)
{
	struct admit_result result = judged(&sample);

	assert_int_equal(result.outcome, ADMIT_ADMITTED);
	admitted_free(result.admitted);
}

static void
expect_refused(struct sample sample, enum reply_reason reason)
{
	struct admit_result result = judged(&sample);

	assert_int_equal(result.outcome, ADMIT_REFUSED);
	assert_string_equal(
	    reply_reason_name(result.reason), reply_reason_name(reason));
	assert_string_not_equal(result.detail, "");
}

static void
expect_dropped(struct sample sample, unsigned drop)
{
	struct admit_result result = judged(&sample);

	assert_int_equal(result.outcome, ADMIT_DROPPED);
	assert_int_equal(result.drop, drop);
}

/* The order. Each of these spoils one step; later ones are spoilt too. */

static void
spoil_envelope(struct sample *sample)
{
	sample->torn = true;
}

static void
spoil_signature(struct sample *sample)
{
	sample->broken = true;
}

static void
spoil_signer(struct sample *sample)
{
	sample->who[0] = STRANGER;
}

static void
spoil_poison(struct sample *sample)
{
	sample->poisoned = true;
}

static void
spoil_schema(struct sample *sample)
{
	json_object_set_new(sample->json, "surprise", json_true());
}

static void
spoil_lines(struct sample *sample)
{
	json_object_set_new(sample->json, "signatures", json_integer(2));
}

static void
spoil_operator(struct sample *sample)
{
	json_object_set_new(
	    sample->json, "operator", json_string(fixture_operator(BOB)));
}

static void
spoil_fleet(struct sample *sample)
{
	json_object_set_new(
	    sample->json, "fleet", json_string("other-00000000"));
}

static void
spoil_match(struct sample *sample)
{
	json_object_set_new(sample->json, "match",
	    json_pack("{s:[s]}", "hosts", "other.example.com"));
}

static void
spoil_known(struct sample *sample)
{
	sample->known = true;
}

static void
spoil_clock(struct sample *sample)
{
	sample_times(sample, NOW + REQUEST_SKEW_MS + 1, NOW + 23 * HOURS);
}

static void
spoil_expires(struct sample *sample)
{
	sample_times(sample, NOW - 11 * HOURS, NOW);
}

static void
spoil_lifetime(struct sample *sample)
{
	sample_times(sample, NOW - 11 * HOURS, NOW + 1);
}

static void
spoil_floor(struct sample *sample)
{
	(void)sample;
	replay.floor = INT64_MAX;
}

static void
spoil_journal(struct sample *sample)
{
	(void)sample;
	gate.started = INT64_MAX;
}

static void
spoil_policy(struct sample *sample)
{
	json_object_set_new(json_object_get(sample->json, "command"),
	    "provider", json_string("forbidden"));
}

static void
spoil_provider(struct sample *sample)
{
	json_object_set_new(json_object_get(sample->json, "command"),
	    "provider", json_string("absent"));
}

static void
spoil_arguments(struct sample *sample)
{
	sample_args(sample, json_pack("{s:i}", "word", 1));
}

static void
spoil_seal(struct sample *sample)
{
	json_object_set_new(sample->json, "seal_to",
	    json_string("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
}

static void
spoil_capacity(struct sample *sample)
{
	sample->busy = true;
}

static const struct step {
	const char *name;
	void (*spoil)(struct sample *);
	enum admit_outcome outcome;
	unsigned why;
} order[] = {
	{ "envelope", spoil_envelope, ADMIT_DROPPED, STATUS_BASE64 },
	{ "signer", spoil_signer, ADMIT_DROPPED, STATUS_UNKNOWN_KEY },
	{ "signature", spoil_signature, ADMIT_DROPPED, STATUS_SIGNATURE },
	{ "poison", spoil_poison, ADMIT_DROPPED, DROP_POISONED },
	{ "schema", spoil_schema, ADMIT_DROPPED, STATUS_SCHEMA },
	{ "lines", spoil_lines, ADMIT_DROPPED, STATUS_LINES },
	{ "operator", spoil_operator, ADMIT_DROPPED, STATUS_OPERATOR },
	{ "fleet", spoil_fleet, ADMIT_DROPPED, STATUS_FLEET },
	{ "match", spoil_match, ADMIT_DROPPED, STATUS_NOT_MATCHED },
	{ "known", spoil_known, ADMIT_KNOWN, 0 },
	{ "clock", spoil_clock, ADMIT_REFUSED, REASON_CLOCK },
	{ "expires", spoil_expires, ADMIT_REFUSED, REASON_EXPIRED },
	{ "lifetime", spoil_lifetime, ADMIT_REFUSED, REASON_DENIED },
	{ "floor", spoil_floor, ADMIT_REFUSED, REASON_EXPIRED },
	{ "journal", spoil_journal, ADMIT_REFUSED, REASON_NO_JOURNAL },
	{ "policy", spoil_policy, ADMIT_REFUSED, REASON_DENIED },
	{ "provider", spoil_provider, ADMIT_REFUSED, REASON_UNKNOWN_PROVIDER },
	{ "arguments", spoil_arguments, ADMIT_REFUSED, REASON_BAD_ARGS },
	{ "seal", spoil_seal, ADMIT_REFUSED, REASON_BAD_SEAL },
	{ "capacity", spoil_capacity, ADMIT_REFUSED, REASON_BUSY },
};
#define STEPS (sizeof(order) / sizeof(order[0]))

/* All job slots of requests, taken by nobody in particular. */
static void
fill_jobs(struct admitted *placeholder)
{
	for (unsigned i = 0; i < JOBS_MAX; i++)
		jobs.table[i].admitted = placeholder;
}

static struct admitted *
placeholder_new(void)
{
	struct sample sample = sample_of(EVE, "run");

	return judged(&sample).admitted;
}

static void
check_step(size_t first)
{
	struct sample sample = sample_of(ALICE, "run");
	struct admitted *placeholder = placeholder_new();
	struct admit_result result;

	/* From the last to the first: what shares a member ends as first. */
	for (size_t i = STEPS; i-- > first;)
		order[i].spoil(&sample);
	if (sample.busy)
		fill_jobs(placeholder);
	result = judged(&sample);
	if (result.outcome != order[first].outcome)
		fail_msg("%s: outcome %d, drop %u, %s: %s", order[first].name,
		    (int)result.outcome, result.drop,
		    reply_reason_name(result.reason), result.detail);
	if (result.outcome == ADMIT_DROPPED)
		assert_int_equal(result.drop, order[first].why);
	if (result.outcome == ADMIT_REFUSED)
		assert_int_equal(result.reason, order[first].why);
	admitted_free(placeholder);
}

static void
test_order(void **state)
{
	for (size_t i = 0; i < STEPS; i++) {
		check_step(i);
		teardown(state);
		setup(state);
	}
}

/* No spoiling at all, and each alone: so that the table's rows can fail. */
static void
test_good_one(void **state)
{
	(void)state;
	expect_admitted(sample_of(ALICE, "run"));
	expect_admitted(sample_of(ALICE, "ping"));
}

/* What was let go early was answered somehow, and not by this. */
static void
test_forgotten_early(void **state)
{
	struct sample sample = sample_of(ALICE, "run");

	(void)state;
	replay.early = NOW - 5000;
	sample_times(&sample, NOW - 60000, NOW - 5000);
	expect_dropped(sample, DROP_LATE);
	sample = sample_of(ALICE, "run");
	sample_times(&sample, NOW - 60000, NOW - 4999);
	expect_refused(sample, REASON_EXPIRED);
}

static void
test_times_at_their_bounds(void **state)
{
	static const struct {
		int64_t issued, expires; /* from NOW */
		int reason;              /* -1: none; -2: silence */
	} rows[] = {
		{ REQUEST_SKEW_MS, 60000, -1 },
		{ REQUEST_SKEW_MS + 1, 60000, REASON_CLOCK },
		{ -1000, 1, -1 },
		{ -1000, 0, REASON_EXPIRED },
		{ -700000, -REPLAY_LATE_MS + 1, REASON_EXPIRED },
		{ -700000, -REPLAY_LATE_MS, -2 },
		{ 0, HOURS, -1 },
		{ 0, HOURS + 1, REASON_DENIED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sample sample = sample_of(ALICE, "run");

		sample_times(
		    &sample, NOW + rows[i].issued, NOW + rows[i].expires);
		if (rows[i].reason == -1)
			expect_admitted(sample);
		else if (rows[i].reason == -2)
			expect_dropped(sample, DROP_LATE);
		else
			expect_refused(
			    sample, (enum reply_reason)rows[i].reason);
	}
}

static void
test_floor_and_start(void **state)
{
	(void)state;
	replay.floor = NOW + 60000;
	expect_refused(sample_of(ALICE, "run"), REASON_EXPIRED);
	replay.floor = NOW + 60000 - 1;
	expect_admitted(sample_of(BOB, "run"));
	gate.started = NOW + 1;
	expect_refused(sample_of(CAROL, "run"), REASON_NO_JOURNAL);
	gate.started = NOW;
	expect_admitted(sample_of(DAVE, "run"));
}

static void
test_two_lines(void **state)
{
	struct sample sample = sample_of(ALICE, "run");

	(void)state;
	json_object_set_new(sample.json, "signatures", json_integer(2));
	sample.lines = 2;
	sample.who[1] = BOB;
	expect_admitted(sample);
	/* The second one is judged as the first is. */
	sample = sample_of(ALICE, "run");
	json_object_set_new(sample.json, "signatures", json_integer(2));
	sample.lines = 2;
	sample.who[1] = STRANGER;
	expect_dropped(sample, STATUS_UNKNOWN_KEY);
	/* Line 1 is the one that asks. */
	sample = sample_of(BOB, "run");
	json_object_set_new(sample.json, "signatures", json_integer(2));
	sample.lines = 2;
	sample.who[0] = ALICE;
	sample.who[1] = BOB;
	expect_dropped(sample, STATUS_OPERATOR);
}

/* The same request, signed by that many: fixture's operators in turn. */
static struct sample
signed_by(unsigned lines, const char *provider)
{
	struct sample sample = sample_of(ALICE, provider);

	sample.lines = lines;
	for (unsigned i = 0; i < lines; i++)
		sample.who[i] = ALICE + i;
	json_object_set_new(
	    sample.json, "signatures", json_integer((json_int_t)lines));
	return sample;
}

/* A policy of the test's own in the place of the fixture's. */
static void
set_policy(const char *sections)
{
	char text[1024], error[TRUST_ERROR_MAX];
	struct trust_files files;

	snprintf(text, sizeof(text),
	    "[agent]\nfleet = " FIXTURE_FLEET "\nhostname = " FIXTURE_HOST
	    "\n%s",
	    sections);
	fixture_files(&fixture, &files, GATE_FILE_CONF, text);
	gate_trust_clear(&fixture.trust);
	assert_int_equal(
	    gate_trust_build(&fixture.trust, &files, "", error), 0);
	trust_files_clear(&files);
}

/* One to four lines, and how many of them are demanded. */
static void
test_signatures_demanded(void **state)
{
	(void)state;
	for (unsigned demanded = 1; demanded <= ENVELOPE_LINES_MAX;
	     demanded++) {
		char sections[128];

		snprintf(sections, sizeof(sections),
		    "[policy p]\noperators=*\nproviders=run\nsignatures=%u\n",
		    demanded);
		set_policy(sections);
		for (unsigned n = 1; n <= ENVELOPE_LINES_MAX; n++) {
			if (n >= demanded)
				expect_admitted(signed_by(n, "run"));
			else
				expect_refused(
				    signed_by(n, "run"), REASON_SIGNATURES);
			replay_clear(&replay);
			replay_init(&replay);
		}
	}
}

/* None and five are no envelope at all; nor can one be left away. */
static void
test_number_of_lines(void **state)
{
	struct sample sample;
	struct admit_result result;
	uint8_t *bytes;
	size_t len;

	(void)state;
	sample = signed_by(5, "run");
	sample.who[4] = EVE;
	bytes = fixture_envelope(
	    &fixture, ENVELOPE_REQUEST, sample.who, 5, "{}", 2, &len);
	admit(&gate, bytes, len, NOW, &result);
	assert_int_equal(result.outcome, ADMIT_DROPPED);
	assert_int_equal(result.drop, STATUS_LINES);
	free(bytes);
	json_decref(sample.json);
	bytes = fixture_envelope(
	    &fixture, ENVELOPE_REQUEST, sample.who, 0, "{}", 2, &len);
	admit(&gate, bytes, len, NOW, &result);
	assert_int_equal(result.outcome, ADMIT_DROPPED);
	assert_int_equal(result.drop, STATUS_LINES);
	free(bytes);
	sample = signed_by(2, "run");
	sample.lines = 1;
	expect_dropped(sample, STATUS_LINES);
}

static void
test_who_signed_is_told(void **state)
{
	struct sample sample = signed_by(3, "run");
	struct admit_result result = judged(&sample);
	const struct audit_subject *subject = &result.subject;
	char shown[FINGERPRINT_SIZE];

	(void)state;
	assert_int_equal(result.outcome, ADMIT_ADMITTED);
	assert_string_equal(subject->operator_, fixture_operator(ALICE));
	assert_int_equal(subject->cosigner_count, 2);
	assert_string_equal(
	    subject->cosigners[1].operator_, fixture_operator(CAROL));
	sign_fingerprint(&fixture.keys[CAROL].public_key, shown);
	assert_string_equal(subject->cosigners[1].fingerprint, shown);
	admitted_free(result.admitted);
}

/* alice's request, which is known here; somebody asks about it. */
static struct sample
about(unsigned who, const char *provider, const uint8_t digest[static 32])
{
	struct sample sample = sample_of(who, provider);
	json_t *args = json_object();

	json_object_set_new(args, "digest", json_from_bytes(digest, 32));
	if (strcmp(provider, "cancel") == 0)
		json_object_set_new(args, "expires", json_integer(NOW + 60000));
	sample_args(&sample, args);
	return sample;
}

static void
test_others_jobs(void **state)
{
	static const char sections[] =
	    "[policy own]\noperators = *\nproviders = run\n"
	    "[policy p]\noperators = carol@*\nproviders = status, cancel\n"
	    "jobs = any\n"
	    "[policy with two]\noperators = dave@*, bob@*\n"
	    "providers = cancel\njobs = any\nsignatures = 2\n";
	struct sample sample = sample_of(ALICE, "run");
	struct admit_result result = judged(&sample);

	(void)state;
	admitted_free(result.admitted);
	set_policy(sections);
	for (unsigned i = 0; i < 2; i++) {
		const char *provider = i == 0 ? "status" : "cancel";

		expect_admitted(about(ALICE, provider, result.subject.request));
		expect_refused(about(BOB, provider, result.subject.request),
		    REASON_DENIED);
		expect_admitted(about(CAROL, provider, result.subject.request));
	}
	expect_refused(
	    about(DAVE, "cancel", result.subject.request), REASON_DENIED);
	sample = about(DAVE, "cancel", result.subject.request);
	sample.lines = 2;
	sample.who[1] = BOB;
	json_object_set_new(sample.json, "signatures", json_integer(2));
	expect_admitted(sample);
}

static void
test_other_namespaces(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ENVELOPE_KINDS; i++) {
		struct sample sample = sample_of(ALICE, "run");

		sample.kind = (enum envelope_kind)i;
		if (i == ENVELOPE_REQUEST)
			expect_admitted(sample);
		else
			assert_int_equal(
			    judged(&sample).outcome, ADMIT_DROPPED);
	}
}

static void
test_no_facts_at_all(void **state)
{
	json_t *none = NULL;
	struct sample sample = sample_of(ALICE, "run");

	(void)state;
	gate.facts = &none;
	expect_admitted(sample_of(ALICE, "run"));
	json_object_set_new(sample.json, "match",
	    json_pack("{s:{s:s}}", "node_facts", "cpus", "4"));
	expect_dropped(sample, STATUS_NOT_MATCHED);
}

static void
test_cancelled_ahead(void **state)
{
	struct sample sample = sample_of(ALICE, "run");
	uint8_t digest[32], ahead[32];
	size_t len;
	char *payload = json_compact(sample.json, &len);

	(void)state;
	crypto_hash_sha256(digest, (uint8_t *)payload, len);
	free(payload);
	/* bob's word does not count for alice's request. */
	replay_cancel_digest(digest, fixture_operator(BOB), ahead);
	assert_true(replay_add(&replay, ahead, fixture_operator(BOB),
	    NOW + HOURS, REPLAY_REFUSED));
	json_incref(sample.json);
	expect_admitted(sample);
	replay_clear(&replay);
	replay_init(&replay);
	replay_cancel_digest(digest, fixture_operator(ALICE), ahead);
	assert_true(replay_add(&replay, ahead, fixture_operator(ALICE),
	    NOW + HOURS, REPLAY_REFUSED));
	json_incref(sample.json);
	expect_refused(sample, REASON_CANCELLED);
	/* Nor does anybody's but of whom the policy lets. */
	replay_clear(&replay);
	replay_init(&replay);
	replay_cancel_digest(digest, REPLAY_ANYBODY, ahead);
	assert_true(replay_add(&replay, ahead, fixture_operator(BOB),
	    NOW + HOURS, REPLAY_REFUSED));
	expect_refused(sample, REASON_CANCELLED);
}

/* Who signed may take it back, also where another one asks. */
static void
test_cancelled_ahead_by_cosigner(void **state)
{
	static const struct {
		unsigned by;
		bool counts;
	} rows[] = { { BOB, true }, { CAROL, true }, { DAVE, false } };
	uint8_t digest[32], ahead[32];

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *by = fixture_operator(rows[i].by);
		struct sample sample = sample_of(ALICE, "run");
		size_t len;
		char *payload;

		sample.lines = 3;
		sample.who[1] = BOB;
		sample.who[2] = CAROL;
		json_object_set_new(sample.json, "signatures", json_integer(3));
		payload = json_compact(sample.json, &len);
		crypto_hash_sha256(digest, (uint8_t *)payload, len);
		free(payload);
		replay_clear(&replay);
		replay_init(&replay);
		replay_cancel_digest(digest, by, ahead);
		assert_true(replay_add(
		    &replay, ahead, by, NOW + HOURS, REPLAY_REFUSED));
		if (rows[i].counts)
			expect_refused(sample, REASON_CANCELLED);
		else
			expect_admitted(sample);
	}
}

static void
unused_data(void *arg, enum job_stream stream, const uint8_t *bytes, size_t len)
{
	(void)arg;
	(void)stream;
	(void)bytes;
	(void)len;
}

static void
unused_end(void *arg, const struct job_exit *result)
{
	(void)arg;
	(void)result;
}

static const struct job_hooks hooks = { unused_data, unused_end };

/* A request of who that differs by n, admitted and launched. */
static struct admitted *
launched(unsigned who, int n)
{
	struct sample sample = sample_of(who, "run");
	struct admit_result result;

	json_object_set_new(
	    sample.json, "options", json_pack("{s:i}", "timeout", n + 1));
	result = judged(&sample);
	if (result.outcome != ADMIT_ADMITTED)
		return NULL;
	assert_int_not_equal(
	    jobs_launch(&jobs, result.admitted, &hooks, NULL), -1);
	return result.admitted;
}

/* A quarter for each operator, one slot kept for the facts. */
static void
test_job_slots(void **state)
{
	struct admitted *running[JOBS_MAX], *refresh;
	unsigned n = 0;

	(void)state;
	for (unsigned who = ALICE; who <= DAVE; who++) {
		for (int i = 0; i < JOBS_SHARE && n < JOBS_OF_REQUESTS; i++) {
			running[n] = launched(who, i);
			assert_non_null(running[n++]);
		}
		assert_null(launched(who, 1000));
	}
	assert_int_equal(n, JOBS_OF_REQUESTS);
	assert_null(launched(EVE, 0));
	/* What needs no job is answered all the same. */
	expect_admitted(sample_of(EVE, "ping"));
	refresh = admit_facts_refresh(&gate);
	assert_int_not_equal(jobs_launch(&jobs, refresh, &hooks, NULL), -1);
	assert_int_equal(jobs_launch(&jobs, refresh, &hooks, NULL), -1);
	admitted_free(refresh);
	while (n > 0)
		admitted_free(running[--n]);
}

static void
fill_share(uint32_t entries, const char *owner)
{
	uint8_t digest[32];

	for (uint32_t i = 0; i < entries; i++) {
		crypto_hash_sha256(digest, (uint8_t *)&i, sizeof(i));
		if (replay_find(&replay, digest) == NULL)
			assert_true(replay_add(&replay, digest, owner,
			    NOW + HOURS, REPLAY_COMPLETE));
	}
}

static void
test_replay_share(void **state)
{
	const char *alice = fixture_operator(ALICE);
	struct sample sample = sample_of(ALICE, "ping");

	(void)state;
	fill_share(REPLAY_SHARE - REPLAY_RESERVE - 1, alice);
	expect_admitted(sample_of(ALICE, "run"));
	expect_refused(sample_of(ALICE, "uptime"), REASON_UNKNOWN_PROVIDER);
	expect_refused(sample, REASON_BUSY);
	expect_admitted(sample_of(BOB, "ping"));
	/* Every one of the last entries is a refusal; then there is silence. */
	fill_share(REPLAY_SHARE - 3, alice);
	sample = sample_of(ALICE, "ping");
	json_object_set_new(
	    sample.json, "options", json_pack("{s:i}", "timeout", 7));
	expect_dropped(sample, DROP_REPLAY_FULL);
	expect_admitted(sample_of(BOB, "run"));
}

/* The refusal of what comes from another year would stay until then. */
static void
test_share_of_the_future(void **state)
{
	static const struct {
		int64_t ahead;
		bool refused;
	} rows[] = {
		{ 400 * 24 * HOURS, true },
		{ 401 * 24 * HOURS, false },
		{ REQUEST_TTL_MAX_MS + 1, false },
		{ REQUEST_TTL_MAX_MS, true },
	};

	(void)state;
	fill_share(REPLAY_RESERVE - 1, fixture_operator(ALICE));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sample sample = sample_of(ALICE, "run");

		sample_times(
		    &sample, NOW + rows[i].ahead, NOW + rows[i].ahead + 60000);
		if (rows[i].refused)
			expect_refused(sample, REASON_CLOCK);
		else
			expect_dropped(sample, DROP_REPLAY_FULL);
	}
	expect_admitted(sample_of(ALICE, "run"));
}

static void
test_terms(void **state)
{
	struct sample sample = sample_of(ALICE, "run");
	const struct admitted_terms *terms;
	struct admit_result result;

	(void)state;
	sample_args(&sample, json_pack("{s:s}", "word", "w"));
	json_object_set_new(sample.json, "options",
	    json_pack("{s:i, s:b, s:s}", "timeout", 5, "stream", 1,
		"on_behalf_of", "irc nick"));
	json_object_set_new(sample.json, "reply_via", json_string("list"));
	result = judged(&sample);
	assert_int_equal(result.outcome, ADMIT_ADMITTED);
	terms = admitted_terms(result.admitted);
	assert_string_equal(terms->provider, "run");
	assert_null(terms->builtin);
	assert_string_equal(terms->args, "{\"word\":\"w\"}");
	assert_int_equal(terms->args_len, strlen(terms->args));
	assert_int_equal(terms->timeout_ms, 5000);
	assert_int_equal(terms->max_output, 1048576);
	assert_true(terms->stream);
	assert_string_equal(terms->operator_, fixture_operator(ALICE));
	assert_string_equal(terms->subject->on_behalf_of, "irc nick");
	assert_int_equal(admitted_answer(result.admitted)->via, REPLY_VIA_LIST);
	assert_int_equal(admitted_answer(result.admitted)->expires,
	    NOW + 60000 + 5000 + 600000);
	admitted_free(result.admitted);
}

static void
test_facts_refresh(void **state)
{
	struct admitted *refresh = admit_facts_refresh(&gate);
	const struct admitted_terms *terms = admitted_terms(refresh);

	(void)state;
	assert_string_equal(terms->provider, "facts");
	assert_string_equal(terms->args, "{}");
	assert_string_equal(terms->operator_, "");
	admitted_free(refresh);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_order),
		TEST(test_good_one),
		TEST(test_forgotten_early),
		TEST(test_times_at_their_bounds),
		TEST(test_floor_and_start),
		TEST(test_two_lines),
		TEST(test_signatures_demanded),
		TEST(test_number_of_lines),
		TEST(test_who_signed_is_told),
		TEST(test_others_jobs),
		TEST(test_other_namespaces),
		TEST(test_no_facts_at_all),
		TEST(test_cancelled_ahead),
		TEST(test_cancelled_ahead_by_cosigner),
		TEST(test_job_slots),
		TEST(test_replay_share),
		TEST(test_share_of_the_future),
		TEST(test_terms),
		TEST(test_facts_refresh),
	};

	return sodium_init() == -1 ||
	       cmocka_run_group_tests_name("admit", tests, NULL, NULL);
}
