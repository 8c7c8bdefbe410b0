/* What becomes of a host, reply by reply; and the exit status of them all. */
#include "check.h"

#include <sodium.h>

#include "cast.h"
#include "ctl/verdict.h"
#include "wire/json.h"

struct table {
	struct cast cast;
	struct verdicts verdicts;
};

static int
setup(void **state)
{
	struct table *t = calloc(1, sizeof *t);

	assert_non_null(t);
	cast_init(&t->cast);
	verdicts_init(&t->verdicts, t->cast.known);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct table *t = *state;

	verdicts_clear(&t->verdicts);
	cast_clear(&t->cast);
	free(t);
	return 0;
}

static enum outcome
take(struct table *t, unsigned host, const struct reply *reply, int64_t now)
{
	struct verified v;
	enum outcome outcome;

	cast_verified(&t->cast, host, reply, &v);
	outcome = verdicts_take(&t->verdicts, &v, now);
	reply_clear(&v.reply);
	return outcome;
}

static enum outcome
take_start(struct table *t, unsigned host, int64_t seq, int64_t now)
{
	struct reply reply = cast_reply(&t->cast, host, REPLY_START, seq);

	return take(t, host, &reply, now);
}

static struct reply
complete(const struct table *t, unsigned host, int64_t seq)
{
	struct reply reply = cast_reply(&t->cast, host, REPLY_COMPLETE, seq);

	reply.ended = ENDED_EXIT;
	return reply;
}

static enum outcome
take_exit(struct table *t, unsigned host, int64_t seq, int code, int64_t now)
{
	struct reply reply = complete(t, host, seq);
	enum outcome outcome;

	reply.output = json_pack("{si}", "exit", code);
	outcome = take(t, host, &reply, now);
	json_decref(reply.output);
	return outcome;
}

static enum outcome
take_piece(struct table *t, unsigned host, int64_t seq, const char *stream,
    const char *text)
{
	struct reply reply = cast_reply(&t->cast, host, REPLY_OUTPUT, seq);

	strcpy(reply.stream, stream);
	reply.data = (const uint8_t *)text;
	reply.data_len = strlen(text);
	return take(t, host, &reply, 1);
}

static void
test_life(void **state)
{
	struct table *t = *state;
	struct host *host = &t->verdicts.hosts[0];

	assert_false(host_counts(host));
	assert_int_equal(host_verdict(host), VERDICT_NO_ANSWER);
	verdicts_expect(&t->verdicts, 0);
	verdicts_expect(&t->verdicts, 0);
	assert_int_equal(t->verdicts.expected, 1);
	assert_true(host_counts(host));
	assert_int_equal(take_start(t, 0, 0, 5), OUTCOME_NEW);
	assert_int_equal(host_verdict(host), VERDICT_UNFINISHED);
	assert_int_equal(host->acknowledged_ms, 5);
	assert_int_equal(t->verdicts.expected_acknowledged, 1);
	assert_int_equal(take_exit(t, 0, 1, 0, 9), OUTCOME_NEW);
	assert_int_equal(host_verdict(host), VERDICT_OK);
	assert_int_equal(host->acknowledged_ms, 5);
	assert_int_equal(host->completed_ms, 9);
	assert_string_equal(host->uuid, CAST_UUID);
	assert_int_equal(t->verdicts.finals, 1);
	assert_int_equal(t->verdicts.acknowledged, 1);
}

/* An answer may come before it is known that it was expected. */
static void
test_expected_late(void **state)
{
	struct table *t = *state;

	take_start(t, 1, 0, 1);
	assert_int_equal(t->verdicts.expected_acknowledged, 0);
	assert_true(host_counts(&t->verdicts.hosts[1]));
	verdicts_expect(&t->verdicts, 1);
	assert_int_equal(t->verdicts.expected_acknowledged, 1);
}

static void
test_failures(void **state)
{
	static const struct {
		enum reply_ended ended;
		const char *output;
		enum verdict verdict;
	} rows[] = {
		{ ENDED_EXIT, "{\"exit\":0}", VERDICT_OK },
		{ ENDED_EXIT, "{\"exit\":1}", VERDICT_FAILED },
		{ ENDED_EXIT, "{}", VERDICT_FAILED },
		{ ENDED_EXIT, "{\"exit\":\"0\"}", VERDICT_FAILED },
		{ ENDED_EXIT, "{\"exit\":false}", VERDICT_FAILED },
		{ ENDED_SIGNAL, "{\"exit\":0}", VERDICT_FAILED },
		{ ENDED_TIMEOUT, "{\"exit\":0}", VERDICT_FAILED },
		{ ENDED_CANCELLED, "{\"exit\":0}", VERDICT_FAILED },
		{ ENDED_LOST, "{\"exit\":0}", VERDICT_FAILED },
	};
	struct table *t = *state;

	for (int i = 0; i < COUNT(rows); i++) {
		struct reply reply = complete(t, 0, 0);

		reply.ended = rows[i].ended;
		reply.signal = rows[i].ended == ENDED_SIGNAL ? 9 : 0;
		reply.output = json_loads(rows[i].output, 0, NULL);
		assert_int_equal(take(t, 0, &reply, 1), OUTCOME_NEW);
		assert_int_equal(
		    host_verdict(&t->verdicts.hosts[0]), rows[i].verdict);
		json_decref(reply.output);
		verdicts_clear(&t->verdicts);
		verdicts_init(&t->verdicts, t->cast.known);
	}
}

static void
test_refused(void **state)
{
	struct table *t = *state;
	struct reply reply = cast_reply(&t->cast, 2, REPLY_NOOP, 0);

	reply.reason = REASON_DENIED;
	strcpy(reply.detail, "no policy");
	assert_int_equal(take(t, 2, &reply, 1), OUTCOME_NEW);
	assert_int_equal(host_verdict(&t->verdicts.hosts[2]), VERDICT_REFUSED);
	assert_int_equal(t->verdicts.finals, 1);
}

static void
test_repetition(void **state)
{
	struct table *t = *state;
	struct reply reply = cast_reply(&t->cast, 0, REPLY_START, 0);
	struct verified v;
	size_t len;
	uint8_t *bytes = cast_sign(&t->cast, 0, &reply, &len);

	for (int i = 0; i < 3; i++) {
		verify_reply(&t->cast.verify, bytes, len, &v);
		assert_int_equal(verdicts_take(&t->verdicts, &v, i),
		    i == 0 ? OUTCOME_NEW : OUTCOME_REPEATED);
		reply_clear(&v.reply);
	}
	assert_int_equal(t->verdicts.hosts[0].seen_count, 1);
	assert_int_equal(t->verdicts.hosts[0].acknowledged_ms, 0);
	free(bytes);
}

/* The first final reply wins, whatever comes later. */
static void
test_contradiction(void **state)
{
	struct table *t = *state;

	take_start(t, 0, 0, 1);
	take_exit(t, 0, 1, 0, 2);
	assert_int_equal(take_exit(t, 0, 1, 1, 3), OUTCOME_CONTRADICTS);
	assert_int_equal(take_exit(t, 0, 2, 1, 3), OUTCOME_CONTRADICTS);
	assert_int_equal(host_verdict(&t->verdicts.hosts[0]), VERDICT_OK);
	assert_int_equal(t->verdicts.hosts[0].completed_ms, 2);
	assert_int_equal(t->verdicts.finals, 1);
	/* Two different acknowledgements with one number. */
	take_start(t, 1, 0, 1);
	assert_int_equal(take_exit(t, 1, 0, 0, 2), OUTCOME_CONTRADICTS);
}

static void
test_clones(void **state)
{
	struct table *t = *state;
	struct reply reply = cast_reply(&t->cast, 0, REPLY_START, 0);

	assert_int_equal(take(t, 0, &reply, 1), OUTCOME_NEW);
	memset(reply.boot, 'C', sizeof reply.boot);
	assert_int_equal(take(t, 0, &reply, 1), OUTCOME_CLONED);
	/* In turns, with numbers of their own. */
	reply = cast_reply(&t->cast, 1, REPLY_START, 0);
	assert_int_equal(take(t, 1, &reply, 1), OUTCOME_NEW);
	memset(reply.boot, 'C', sizeof reply.boot);
	reply.seq = 1;
	assert_int_equal(take(t, 1, &reply, 1), OUTCOME_NEW);
	memset(reply.boot, 'B', sizeof reply.boot);
	reply.seq = 2;
	assert_int_equal(take(t, 1, &reply, 1), OUTCOME_CLONED);
}

/* A gate that was started anew is no clone of itself. */
static void
test_restarted_gate(void **state)
{
	struct table *t = *state;
	struct reply reply = complete(t, 0, 1);

	take_start(t, 0, 0, 1);
	memset(reply.boot, 'C', sizeof reply.boot);
	reply.ended = ENDED_LOST;
	reply.output = json_object();
	assert_int_equal(take(t, 0, &reply, 2), OUTCOME_NEW);
	assert_int_equal(host_verdict(&t->verdicts.hosts[0]), VERDICT_FAILED);
	/* The same, where the gate does not know its numbers any more. */
	take_start(t, 1, 0, 1);
	reply.seq = 0;
	strcpy(reply.hostname, cast_name(1));
	assert_int_equal(take(t, 1, &reply, 2), OUTCOME_NEW);
	json_decref(reply.output);
}

static void
test_pieces(void **state)
{
	struct table *t = *state;
	struct host *host = &t->verdicts.hosts[0];
	struct reply reply = complete(t, 0, 5);
	char *all;
	size_t len;

	take_start(t, 0, 0, 1);
	assert_int_equal(take_piece(t, 0, 3, "stdout", "two "), OUTCOME_NEW);
	assert_int_equal(take_piece(t, 0, 1, "stdout", "one "), OUTCOME_NEW);
	assert_int_equal(take_piece(t, 0, 2, "stderr", "oops"), OUTCOME_NEW);
	assert_int_equal(take_piece(t, 0, 4, "stdout", "three"), OUTCOME_NEW);
	assert_int_equal(host->last, REPLY_OUTPUT);
	all = host_stream(host, false, &len);
	assert_int_equal(len, 13);
	assert_memory_equal(all, "one two three", 13);
	free(all);
	all = host_stream(host, true, &len);
	assert_int_equal(len, 4);
	free(all);
	reply.output = json_pack("{si}", "exit", 0);
	reply.has_chunks = true;
	reply.chunks[0].count = 3;
	reply.chunks[1].count = 1;
	take(t, 0, &reply, 2);
	/* The numbers are right, the digests (of zeros) are not theirs. */
	assert_false(host_output_whole(host));
	json_decref(reply.output);
}

static void
test_whole_output(void **state)
{
	struct table *t = *state;
	struct host *host = &t->verdicts.hosts[0];
	struct reply reply = complete(t, 0, 3);

	take_piece(t, 0, 1, "stdout", "one ");
	take_piece(t, 0, 2, "stdout", "two");
	reply.output = json_pack("{si}", "exit", 0);
	reply.has_chunks = true;
	reply.chunks[0].count = 2;
	crypto_hash_sha256(
	    reply.chunks[0].sha256, (const unsigned char *)"one two", 7);
	take(t, 0, &reply, 2);
	assert_true(host_output_whole(host));
	host->final.chunks[0].count = 3;
	assert_false(host_output_whole(host));
	host->final.chunks[0].count = 2;
	host->final.chunks[1].count = 1;
	assert_false(host_output_whole(host));
	host->final.chunks[1].count = 0;
	host->final.output_lost = true;
	assert_false(host_output_whole(host));
	json_decref(reply.output);
}

/* Over its bounds a run forgets output, and says so; verdicts stay. */
static void
test_bounds(void **state)
{
	struct table *t = *state;
	struct host *host = &t->verdicts.hosts[0];

	take_start(t, 0, 0, 1);
	t->verdicts.memory = VERDICT_MEMORY_MAX - 3;
	assert_int_equal(take_piece(t, 0, 1, "stdout", "abc"), OUTCOME_NEW);
	assert_int_equal(take_piece(t, 0, 2, "stdout", "d"), OUTCOME_LATE);
	assert_true(host->pieces_lost);
	assert_int_equal(host->piece_count, 1);
	assert_int_equal(take_exit(t, 0, 3, 0, 2), OUTCOME_NEW);
	assert_int_equal(host_verdict(host), VERDICT_OK);
	assert_null(host->final.output);
	assert_false(host_output_whole(host));
	assert_true(t->verdicts.memory <= VERDICT_MEMORY_MAX);
}

static void
test_exit_status(void **state)
{
	static const struct {
		struct tally tally;
		int status;
	} rows[] = {
		{ { 0, { 0, 0, 0, 0, 0 }, 0, 0 }, 5 },
		{ { 3, { 3, 0, 0, 0, 0 }, 0, 0 }, 0 },
		{ { 3, { 2, 1, 0, 0, 0 }, 0, 0 }, 2 },
		{ { 3, { 2, 0, 1, 0, 0 }, 0, 0 }, 2 },
		{ { 3, { 2, 0, 0, 1, 0 }, 0, 0 }, 3 },
		{ { 3, { 2, 0, 0, 0, 1 }, 0, 0 }, 3 },
		{ { 3, { 0, 1, 1, 1, 0 }, 0, 0 }, 3 },
		{ { 3, { 3, 0, 0, 0, 0 }, 0, 1 }, 3 },
		{ { 3, { 2, 1, 0, 0, 0 }, 0, 1 }, 3 },
		{ { 3, { 3, 0, 0, 0, 0 }, 1, 0 }, 4 },
		{ { 3, { 0, 1, 1, 0, 1 }, 1, 0 }, 4 },
		{ { 0, { 0, 0, 0, 0, 0 }, 1, 0 }, 4 },
	};

	(void)state;
	for (int i = 0; i < COUNT(rows); i++)
		assert_int_equal(
		    tally_exit_status(&rows[i].tally), rows[i].status);
}

static void
test_tally(void **state)
{
	struct table *t = *state;
	struct tally tally;

	verdicts_expect(&t->verdicts, 0);
	verdicts_expect(&t->verdicts, 1);
	take_exit(t, 0, 0, 0, 1);
	take_start(t, 2, 0, 1);
	verdicts_tally(&t->verdicts, 2, &tally);
	assert_int_equal(tally.matched, 3);
	assert_int_equal(tally.verdicts[VERDICT_OK], 1);
	assert_int_equal(tally.verdicts[VERDICT_NO_ANSWER], 1);
	assert_int_equal(tally.verdicts[VERDICT_UNFINISHED], 1);
	assert_int_equal(tally.unverified, 2);
}

#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_life),
		TEST(test_expected_late),
		TEST(test_failures),
		TEST(test_refused),
		TEST(test_repetition),
		TEST(test_contradiction),
		TEST(test_clones),
		TEST(test_restarted_gate),
		TEST(test_pieces),
		TEST(test_whole_output),
		TEST(test_bounds),
		TEST(test_exit_status),
		TEST(test_tally),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
