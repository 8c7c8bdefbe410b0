/* A run for people and for programs: to the letter, and nothing forged. */
#include "check.h"

#include <sodium.h>

#include "cast.h"
#include "ctl/render_json.h"
#include "ctl/render_text.h"
#include "wire/json.h"
#include "wire/sign.h"

struct stage {
	struct cast cast;
	struct options options;
	struct settings settings;
	struct request request;
	struct targets targets;
	struct run run;
};

static int
setup(void **state)
{
	struct stage *s = calloc(1, sizeof *s);
	static char known_hosts[] = "/k/known_hosts";

	assert_non_null(s);
	setenv("TZ", "UTC", 1);
	cast_init(&s->cast);
	s->options.ack_timeout_ms = ACK_TIMEOUT_MS;
	s->settings.known_hosts = known_hosts;
	strcpy(s->request.reply_to, CAST_ID);
	strcpy(s->request.provider, "uptime");
	s->request.issued = 1763800000000;
	s->request.expires = 1763800060000;
	s->targets.match = json_pack("{sb}", "all", 1);
	s->run.options = &s->options;
	s->run.settings = &s->settings;
	s->run.known = s->cast.known;
	s->run.request = &s->request;
	s->run.targets = &s->targets;
	verdicts_init(&s->run.verdicts, s->cast.known);
	for (unsigned i = 0; i < 3; i++)
		verdicts_expect(&s->run.verdicts, i);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct stage *s = *state;

	run_clear(&s->run);
	targets_clear(&s->targets);
	cast_clear(&s->cast);
	free(s);
	return 0;
}

static void
take(struct stage *s, unsigned host, const struct reply *reply, int64_t ms)
{
	struct verified v;

	cast_verified(&s->cast, host, reply, &v);
	assert_int_equal(verdicts_take(&s->run.verdicts, &v, ms), OUTCOME_NEW);
	reply_clear(&v.reply);
}

static void
complete(struct stage *s, unsigned host, int64_t seq, const char *output)
{
	struct reply reply = cast_reply(&s->cast, host, REPLY_COMPLETE, seq);

	reply.ended = ENDED_EXIT;
	reply.output = json_loads(output, 0, NULL);
	assert_non_null(reply.output);
	take(s, host, &reply, 30 + host);
	json_decref(reply.output);
}

static void
refuse(struct stage *s, unsigned host, const char *detail)
{
	struct reply reply = cast_reply(&s->cast, host, REPLY_NOOP, 0);

	reply.reason = REASON_DENIED;
	strcpy(reply.detail, detail);
	take(s, host, &reply, 10);
}

static void
piece(struct stage *s, unsigned host, int64_t seq, const char *text, size_t len)
{
	struct reply reply = cast_reply(&s->cast, host, REPLY_OUTPUT, seq);

	strcpy(reply.stream, "stdout");
	reply.data = (const uint8_t *)text;
	reply.data_len = len;
	take(s, host, &reply, 10);
}

typedef void render_fn(FILE *, const struct run *);

static char *
rendered(const struct stage *s, render_fn *render)
{
	char *out;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	assert_non_null(f);
	render(f, &s->run);
	assert_int_equal(fclose(f), 0);
	return out;
}

static void
assert_renders(const struct stage *s, render_fn *render, const char *wanted)
{
	char *out = rendered(s, render);

	assert_string_equal(out, wanted);
	free(out);
}

/* What a terminal may get. */
static void
assert_clean(const char *text)
{
	for (; *text != '\0'; text++)
		assert_true(*text == '\n' || (*text >= ' ' && *text <= '~'));
}

static void
test_all_ok(void **state)
{
	struct stage *s = *state;

	s->run.summary = "short";
	complete(s, 2, 0, "{\"short\":\"up\",\"exit\":0}");
	complete(s, 0, 0, "{\"short\":\"up 2 days\",\"exit\":0}");
	complete(s, 1, 0, "{\"exit\":0}");
	assert_renders(s, render_published,
	    "accepting acknowledgements for up to 2 seconds\n");
	assert_renders(
	    s, render_acknowledged, "got 3/3 positive acknowledgements\n");
	assert_renders(s, render_results,
	    "got 3/3 responses\n"
	    "a.example.com: up 2 days\n"
	    "b.example.com: ok\n"
	    "c.example.com: up\n");
	assert_renders(s, render_lists, "");
	assert_renders(s, render_oddities, "");
	assert_renders(
	    s, render_names, "a.example.com\nb.example.com\nc.example.com\n");
}

static void
test_windows(void **state)
{
	struct stage *s = *state;

	s->options.ack_timeout_ms = 1000;
	assert_renders(s, render_published,
	    "accepting acknowledgements for up to 1 second\n");
	s->options.ack_timeout_ms = 1500;
	assert_renders(s, render_published,
	    "accepting acknowledgements for up to 1500 ms\n");
}

static void
test_mixed(void **state)
{
	struct stage *s = *state;
	char *out;

	complete(s, 0, 0, "{\"exit\":3,\"why\":\"a\\nb\",\"o\":{\"p\":1}}");
	refuse(s, 1, "no policy\nc.example.com: ok");
	assert_renders(
	    s, render_acknowledged, "got 1/3 positive acknowledgements\n");
	assert_renders(s, render_results,
	    "got 1/1 responses\n"
	    "a.example.com: exit status 3\n"
	    "    why: a\\012b\n"
	    "    o.p: 1\n");
	assert_renders(s, render_lists,
	    "failed\n"
	    "  a.example.com  exit status 3\n"
	    "refused\n"
	    "  b.example.com  denied: no policy\\012c.example.com: ok\n"
	    "no answer (may still run until 08:27:40)\n"
	    "  c.example.com\n");
	out = rendered(s, render_sums);
	assert_memory_equal(out, "\n1 failed, 1 refused, 1 no answer in ", 37);
	free(out);
}

static void
test_unfinished(void **state)
{
	struct stage *s = *state;
	struct reply reply = cast_reply(&s->cast, 1, REPLY_START, 0);

	take(s, 1, &reply, 1);
	complete(s, 0, 0, "{\"exit\":0}");
	complete(s, 2, 0, "{\"exit\":0}");
	assert_renders(s, render_results,
	    "got 2/3 responses\na.example.com: ok\nc.example.com: ok\n");
	assert_renders(s, render_lists, "did not finish\n  b.example.com\n");
}

static void
test_endings(void **state)
{
	static const struct {
		enum reply_ended ended;
		int64_t signal;
		const char *by, *shown;
	} rows[] = {
		{ ENDED_SIGNAL, 9, "", "signal 9" },
		{ ENDED_TIMEOUT, 15, "", "timeout" },
		{ ENDED_CANCELLED, 15, "bob@example.com",
		    "cancelled by bob@example.com" },
	};
	struct stage *s = *state;

	for (unsigned i = 0; i < 3; i++) {
		struct reply reply = cast_reply(&s->cast, i, REPLY_COMPLETE, 0);

		reply.ended = rows[i].ended;
		reply.signal = rows[i].signal;
		strcpy(reply.cancelled_by, rows[i].by);
		reply.output = json_object();
		take(s, i, &reply, 1);
		json_decref(reply.output);
	}
	assert_renders(s, render_lists,
	    "failed\n"
	    "  a.example.com  signal 9\n"
	    "  b.example.com  timeout\n"
	    "  c.example.com  cancelled by bob@example.com\n");
}

/* Security, rows 39 and 40. */
static void
test_evil_output(void **state)
{
	static const char evil[] =
	    "ok\nb.example.com: OK\x1b[2K\r\xe2\x80\xae\x7f\xff\xc2\x9b";
	struct stage *s = *state;
	char *out;

	piece(s, 0, 0, evil, sizeof evil - 1);
	complete(s, 0, 1, "{\"exit\":0,\"b.example.com\\u001b\":\"\\u007f\"}");
	out = rendered(s, render_results);
	assert_clean(out);
	assert_non_null(strstr(out, "    | b.example.com: OK\\033[2K"));
	assert_null(strstr(out, "\nb.example.com"));
	free(out);
	out = rendered(s, render_json);
	assert_clean(out);
	free(out);
}

static void
test_live(void **state)
{
	struct stage *s = *state;
	struct reply reply = cast_reply(&s->cast, 0, REPLY_OUTPUT, 0);
	char *out;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	s->options.live = true;
	reply.data = (const uint8_t *)"one\nb.example.com: x\n";
	reply.data_len = 21;
	render_piece(f, &s->run.verdicts.hosts[0], &reply);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(
	    out, "a.example.com: one\na.example.com: b.example.com: x\n");
	free(out);
	/* The block at the end does not say it again. */
	piece(s, 0, 0, "one\n", 4);
	complete(s, 0, 1, "{\"exit\":0}");
	s->options.quiet = true;
	assert_renders(s, render_results, "a.example.com: ok\n");
}

static void
test_display(void **state)
{
	struct stage *s = *state;

	s->options.quiet = true;
	complete(s, 0, 0, "{\"exit\":0}");
	complete(s, 1, 0, "{\"exit\":1}");
	s->options.display = DISPLAY_OK;
	assert_renders(s, render_results, "a.example.com: ok\n");
	s->options.display = DISPLAY_FAILED;
	assert_renders(s, render_results, "b.example.com: exit status 1\n");
	s->options.display = DISPLAY_NONE;
	assert_renders(s, render_results, "");
}

static void
test_oddities(void **state)
{
	struct stage *s = *state;
	const struct public_key *stranger =
	    signer_key(s->cast.signers[CAST_HOSTS]);
	char known[FINGERPRINT_SIZE], received[FINGERPRINT_SIZE], *out;
	struct tally tally;

	oddities_add(
	    &s->run.oddities, ODDITY_WRONG_KEY, "a.example.com", stranger);
	oddities_add(&s->run.oddities, ODDITY_BAD_SIGNATURE, "", NULL);
	oddities_add(
	    &s->run.oddities, ODDITY_UNKNOWN_HOST, "x.example.com", stranger);
	out = rendered(s, render_oddities);
	sign_fingerprint(stranger, received);
	sign_fingerprint(signer_key(s->cast.signers[0]), known);
	assert_says(out, "WRONG KEY");
	assert_says(out, known);
	assert_says(out, received);
	assert_says(out, "bad signature\n  1 message\n");
	assert_says(out, "unknown host\n  x.example.com  SHA256:");
	assert_clean(out);
	free(out);
	verdicts_tally(&s->run.verdicts, s->run.oddities.total, &tally);
	assert_int_equal(tally_exit_status(&tally), 4);
}

static void
test_cut_output(void **state)
{
	struct stage *s = *state;
	struct reply reply = cast_reply(&s->cast, 0, REPLY_COMPLETE, 1);

	complete(s, 1, 0, "{\"exit\":0}");
	complete(s, 2, 0, "{\"exit\":0}");
	piece(s, 0, 0, "x", 1);
	reply.ended = ENDED_EXIT;
	reply.truncated = true;
	reply.output = json_pack("{si}", "exit", 0);
	take(s, 0, &reply, 1);
	s->run.verdicts.hosts[1].final.output_lost = true;
	assert_renders(s, render_incomplete,
	    "output incomplete\n"
	    "  a.example.com  cut at the provider's bound\n"
	    "  b.example.com  pieces are missing\n");
	json_decref(reply.output);
}

static void
test_ping(void **state)
{
	struct stage *s = *state;

	assert_renders(
	    s, render_ping, "\n---- ping statistics ----\n0 replies\n");
	complete(s, 0, 0, "{\"exit\":0}");
	complete(s, 2, 0, "{\"exit\":0}");
	assert_renders(s, render_ping,
	    "a.example.com                            time=30 ms\n"
	    "c.example.com                            time=32 ms\n"
	    "\n---- ping statistics ----\n"
	    "2 replies max: 32 ms min: 30 ms avg: 31 ms\n");
}

static void
render_os_name(FILE *f, const struct run *run)
{
	assert_true(render_facts(f, run, "os.name"));
	assert_false(render_facts(f, run, "os.nmae"));
}

static void
render_every_fact(FILE *f, const struct run *run)
{
	assert_true(render_facts(f, run, NULL));
}

static void
test_facts(void **state)
{
	struct stage *s = *state;

	complete(s, 0, 0, "{\"os\":{\"name\":\"ubuntu\"},\"exit\":0}");
	complete(s, 1, 0, "{\"os\":{\"name\":\"debian\"},\"exit\":0}");
	complete(s, 2, 0, "{\"os.name\":\"debian\",\"n\":[1,2],\"exit\":0}");
	assert_renders(s, render_os_name,
	    "Report for fact: os.name\n"
	    "  debian found 2 times\n"
	    "  ubuntu found 1 time\n");
	assert_renders(s, render_every_fact,
	    "a.example.com:\n    os.name: ubuntu\n"
	    "b.example.com:\n    os.name: debian\n"
	    "c.example.com:\n    os.name: debian\n    n: 1, 2\n");
}

static json_t *
document(const struct stage *s)
{
	char *out = rendered(s, render_json);
	json_t *root;

	assert_clean(out);
	root = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	free(out);
	return root;
}

/* The members of interface section 2, and no others. */
static void
test_json(void **state)
{
	static const char wanted[] =
	    "[{\"hostname\":\"a.example.com\",\"verdict\":\"ok\","
	    "\"status\":\"complete\",\"output\":{\"x\":0.06,\"exit\":0},"
	    "\"reason\":null,\"uuid\":\"" CAST_UUID "\","
	    "\"acknowledged_ms\":30,\"completed_ms\":30},"
	    "{\"hostname\":\"b.example.com\",\"verdict\":\"refused\","
	    "\"status\":\"noop\",\"output\":null,\"reason\":\"denied\","
	    "\"uuid\":null,\"acknowledged_ms\":10,\"completed_ms\":10},"
	    "{\"hostname\":\"c.example.com\",\"verdict\":\"no_answer\","
	    "\"status\":null,\"output\":null,\"reason\":null,\"uuid\":null,"
	    "\"acknowledged_ms\":null,\"completed_ms\":null}]";
	struct stage *s = *state;
	json_t *root, *stats;
	char *hosts;

	complete(s, 0, 0, "{\"x\":0.06,\"exit\":0}");
	refuse(s, 1, "no policy");
	s->run.oddities.total = 2;
	root = document(s);
	hosts = json_dumps(json_object_get(root, "hosts"),
	    JSON_COMPACT | JSON_REAL_PRECISION(15));
	assert_string_equal(hosts, wanted);
	free(hosts);
	stats = json_object_get(root, "stats");
	assert_int_equal(json_object_size(stats), 8);
	assert_int_equal(json_get_integer(stats, "matched", -1), 3);
	assert_int_equal(json_get_integer(stats, "ok", -1), 1);
	assert_int_equal(json_get_integer(stats, "refused", -1), 1);
	assert_int_equal(json_get_integer(stats, "no_answer", -1), 1);
	assert_int_equal(json_get_integer(stats, "unverified", -1), 2);
	assert_string_equal(
	    json_get_text(json_object_get(root, "request"), "id", ""), CAST_ID);
	json_decref(root);
}

static void
test_json_output_pieces(void **state)
{
	struct stage *s = *state;
	json_t *root, *output;

	piece(s, 0, 0, "a\x7f\n", 3);
	complete(s, 0, 1, "{\"exit\":0}");
	piece(s, 1, 0, "\xff", 1);
	root = document(s);
	output = json_object_get(
	    json_array_get(json_object_get(root, "hosts"), 0), "output");
	assert_string_equal(json_get_text(output, "stdout", ""), "a\x7f\n");
	output = json_object_get(
	    json_array_get(json_object_get(root, "hosts"), 1), "output");
	assert_string_equal(json_get_text(output, "stdout64", ""), "/w==");
	json_decref(root);
}

#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all_ok),
		TEST(test_windows),
		TEST(test_mixed),
		TEST(test_unfinished),
		TEST(test_endings),
		TEST(test_evil_output),
		TEST(test_live),
		TEST(test_display),
		TEST(test_oddities),
		TEST(test_cut_output),
		TEST(test_ping),
		TEST(test_facts),
		TEST(test_json),
		TEST(test_json_output_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
