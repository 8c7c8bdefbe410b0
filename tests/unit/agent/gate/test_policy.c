/*
 * The policy as a matrix: a section, a request, and what becomes of it. One
 * row for each side of each rule.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "agent/gate/policy.h"
#include "fixture.h"

#define A        "alice@example.com"
#define B        "bob@example.com"
#define C        "carol@example.com"
#define D        "dave@other.org"
#define HEAD     "operators=*@example.com\nproviders=run\n"
#define ONE      "\"hosts\":[\"www01.example.com\"]"
#define TWO      "\"hosts\":[\"www01.example.com\",\"www02.example.com\"]"
#define ALL      "\"all\":true"
#define AT(h, m) (INT64_C(1763769600000) + (h)*3600000 + (m)*60000)

static struct fixture fixture;
static json_t *facts;

struct row {
	const char *section; /* behind "[policy p]" */
	const char *args;    /* members */
	const char *match;   /* members; NULL: ALL */
	const char *signers[ENVELOPE_LINES_MAX];
	enum reply_reason reason;
	const char *detail; /* a part of it */
	int64_t now;
	bool others;
	const char *provider; /* NULL: run */
};

#define ARGS "args=name=nginx|php-?pm, action = status | re*\n"

static const struct row rows[] = {
	/* names */
	{ HEAD, "", NULL, { A }, REASON_NONE, NULL, 0, false, NULL },
	{ HEAD, "", NULL, { D }, REASON_DENIED, "no policy lets " D " use run",
	    0, false, NULL },
	{ HEAD, "", NULL, { A }, REASON_DENIED,
	    "no policy lets " A " use shell", 0, false, "shell" },
	{ "operators=[a-b]*@example.com\nproviders=r?n\n", "", NULL, { B },
	    REASON_NONE, NULL, 0, false, NULL },
	{ "operators=[a-b]*@example.com\nproviders=r?n\n", "", NULL, { C },
	    REASON_DENIED, "no policy lets", 0, false, NULL },
	/* args: a set, globs, what is not listed, what is left out */
	{ HEAD ARGS, "\"name\":\"nginx\",\"action\":\"status\"", NULL, { A },
	    REASON_NONE, NULL, 0, false, NULL },
	{ HEAD ARGS, "\"name\":\"php-fpm\",\"action\":\"restart\"", NULL, { A },
	    REASON_NONE, NULL, 0, false, NULL },
	{ HEAD ARGS, "\"name\":\"nginx\"", NULL, { A }, REASON_NONE, NULL, 0,
	    false, NULL },
	{ HEAD ARGS, "", NULL, { A }, REASON_NONE, NULL, 0, false, NULL },
	{ HEAD ARGS, "\"name\":\"sshd\",\"action\":\"status\"", NULL, { A },
	    REASON_DENIED, "policy 'p' does not take this argument name", 0,
	    false, NULL },
	{ HEAD ARGS, "\"name\":\"nginx\",\"action\":\"stop\"", NULL, { A },
	    REASON_DENIED, "argument action", 0, false, NULL },
	{ HEAD ARGS, "\"name\":\"nginx\",\"force\":\"yes\"", NULL, { A },
	    REASON_DENIED, "argument force", 0, false, NULL },
	{ HEAD ARGS, "\"name\":\"\"", NULL, { A }, REASON_DENIED,
	    "argument name", 0, false, NULL },
	{ HEAD ARGS, "\"na\\u001bme\":\"nginx\"", NULL, { A }, REASON_DENIED,
	    "argument na\\033me", 0, false, NULL },
	{ HEAD "args=name=*\n", "\"name\":\"\"", NULL, { A }, REASON_NONE, NULL,
	    0, false, NULL },
	/* args: no wild card takes a slash */
	{ HEAD "args=path=/srv/*\n", "\"path\":\"/srv/a\"", NULL, { A },
	    REASON_NONE, NULL, 0, false, NULL },
	{ HEAD "args=path=/srv/*\n", "\"path\":\"/srv/a/b\"", NULL, { A },
	    REASON_DENIED, "argument path", 0, false, NULL },
	{ HEAD "args=path=/srv?a\n", "\"path\":\"/srv/a\"", NULL, { A },
	    REASON_DENIED, "argument path", 0, false, NULL },
	{ HEAD "args=path=*\n", "\"path\":\"/\"", NULL, { A }, REASON_DENIED,
	    "argument path", 0, false, NULL },
	/* args: other types by their JSON text, what has none by nothing */
	{ HEAD "args=n=1?\n", "\"n\":12", NULL, { A }, REASON_NONE, NULL, 0,
	    false, NULL },
	{ HEAD "args=n=1?\n", "\"n\":-12", NULL, { A }, REASON_DENIED,
	    "argument n", 0, false, NULL },
	{ HEAD "args=n=false\n", "\"n\":false", NULL, { A }, REASON_NONE, NULL,
	    0, false, NULL },
	{ HEAD "args=n=false\n", "\"n\":true", NULL, { A }, REASON_DENIED,
	    "argument n", 0, false, NULL },
	{ HEAD "args=n=*\n", "\"n\":{}", NULL, { A }, REASON_DENIED,
	    "argument n", 0, false, NULL },
	{ HEAD "args=n=*\n", "\"n\":[\"x\"]", NULL, { A }, REASON_DENIED,
	    "argument n", 0, false, NULL },
	{ HEAD "args=n=*\n", "\"n\":null", NULL, { A }, REASON_DENIED,
	    "argument n", 0, false, NULL },
	/* facts: each must hold, of lists any value */
	{ HEAD "facts=cpus=4\n", "", NULL, { A }, REASON_NONE, NULL, 0, false,
	    NULL },
	{ HEAD "facts=cpus=8\n", "", NULL, { A }, REASON_DENIED,
	    "policy 'p' is not for this host", 0, false, NULL },
	{ HEAD "facts=os.name=ubuntu|deb*, hostname=www*\n", "", NULL, { A },
	    REASON_NONE, NULL, 0, false, NULL },
	{ HEAD "facts=os.name=debian, hostname=db*\n", "", NULL, { A },
	    REASON_DENIED, "not for this host", 0, false, NULL },
	{ HEAD "facts=groups=db|web\n", "", NULL, { A }, REASON_NONE, NULL, 0,
	    false, NULL },
	{ HEAD "facts=groups=db\n", "", NULL, { A }, REASON_DENIED,
	    "not for this host", 0, false, NULL },
	{ HEAD "facts=fleet=test-*\n", "", NULL, { A }, REASON_NONE, NULL, 0,
	    false, NULL },
	{ HEAD "facts=absent=*\n", "", NULL, { A }, REASON_DENIED,
	    "not for this host", 0, false, NULL },
	{ HEAD "facts=os=*\n", "", NULL, { A }, REASON_DENIED,
	    "not for this host", 0, false, NULL },
	{ HEAD "facts=root=/dev/*\n", "", NULL, { A }, REASON_NONE, NULL, 0,
	    false, NULL },
	{ HEAD "facts=root=*\n", "", NULL, { A }, REASON_DENIED,
	    "not for this host", 0, false, NULL },
	/* max_hosts */
	{ HEAD "max_hosts=1\n", "", ONE, { A }, REASON_NONE, NULL, 0, false,
	    NULL },
	{ HEAD "max_hosts=1\n", "", TWO, { A }, REASON_DENIED,
	    "policy 'p' wants the hosts by name, at most 1 of them", 0, false,
	    NULL },
	{ HEAD "max_hosts=2\n", "", TWO, { A }, REASON_NONE, NULL, 0, false,
	    NULL },
	{ HEAD "max_hosts=2\n", "", NULL, { A }, REASON_DENIED, "by name", 0,
	    false, NULL },
	{ HEAD "max_hosts=2\n", "", "\"groups\":[\"web\"]", { A },
	    REASON_DENIED, "by name", 0, false, NULL },
	/* hours */
	{ HEAD "hours=08:00-18:00\n", "", NULL, { A }, REASON_NONE, NULL,
	    AT(8, 0), false, NULL },
	{ HEAD "hours=08:00-18:00\n", "", NULL, { A }, REASON_DENIED,
	    "policy 'p' is not for this hour (07:59 UTC here)", AT(8, 0) - 1,
	    false, NULL },
	{ HEAD "hours=08:00-18:00\n", "", NULL, { A }, REASON_NONE, NULL,
	    AT(18, 0) - 1, false, NULL },
	{ HEAD "hours=08:00-18:00\n", "", NULL, { A }, REASON_DENIED, "18:00",
	    AT(18, 0), false, NULL },
	{ HEAD "hours=22:30-02:00\n", "", NULL, { A }, REASON_NONE, NULL,
	    AT(22, 30), false, NULL },
	{ HEAD "hours=22:30-02:00\n", "", NULL, { A }, REASON_NONE, NULL,
	    AT(1, 59), false, NULL },
	{ HEAD "hours=22:30-02:00\n", "", NULL, { A }, REASON_DENIED, "02:00",
	    AT(2, 0), false, NULL },
	{ HEAD "hours=22:30-02:00\n", "", NULL, { A }, REASON_DENIED, "22:29",
	    AT(22, 29), false, NULL },
	{ HEAD "hours=01:00-02:00, 23:00-24:00\n", "", NULL, { A }, REASON_NONE,
	    NULL, AT(23, 59), false, NULL },
	{ HEAD "hours=01:00-02:00, 23:00-24:00\n", "", NULL, { A },
	    REASON_DENIED, "00:00", AT(0, 0), false, NULL },
	/* signatures: people whom the section names */
	{ HEAD "signatures=2\n", "", NULL, { A }, REASON_SIGNATURES,
	    "policy 'p' wants 2 of its operators to sign, 1 did", 0, false,
	    NULL },
	{ HEAD "signatures=2\n", "", NULL, { A, B }, REASON_NONE, NULL, 0,
	    false, NULL },
	{ HEAD "signatures=2\n", "", NULL, { A, A }, REASON_SIGNATURES, "1 did",
	    0, false, NULL },
	{ HEAD "signatures=2\n", "", NULL, { A, D }, REASON_SIGNATURES, "1 did",
	    0, false, NULL },
	{ HEAD "signatures=2\n", "", NULL, { D, A }, REASON_DENIED,
	    "no policy lets " D, 0, false, NULL },
	{ HEAD "signatures=2\n", "", NULL, { A, A, D, B }, REASON_NONE, NULL, 0,
	    false, NULL },
	{ HEAD "signatures=3\n", "", NULL, { A, B, B, A }, REASON_SIGNATURES,
	    "wants 3 of its operators to sign, 2 did", 0, false, NULL },
	{ HEAD "signatures=4\n", "", NULL, { A, B, C, "e@example.com" },
	    REASON_NONE, NULL, 0, false, NULL },
	{ HEAD "signatures=4\n", "", NULL, { A, B, C, D }, REASON_SIGNATURES,
	    "3 did", 0, false, NULL },
	{ HEAD "signatures=1\n", "", NULL, { A, B }, REASON_NONE, NULL, 0,
	    false, NULL },
	/* jobs */
	{ HEAD, "", NULL, { A }, REASON_DENIED,
	    "policy 'p' is not for another operator's requests", 0, true,
	    NULL },
	{ HEAD "jobs=any\n", "", NULL, { A }, REASON_NONE, NULL, 0, true,
	    NULL },
	/* one section as a whole, not one key here and one there */
	{ HEAD "signatures=2\n[policy q]\n" HEAD "args=name=x\n",
	    "\"name\":\"y\"", NULL, { A }, REASON_SIGNATURES, "policy 'p'", 0,
	    false, NULL },
	{ HEAD "signatures=2\n[policy q]\n" HEAD "args=name=x\n",
	    "\"name\":\"x\"", NULL, { A }, REASON_NONE, NULL, 0, false, NULL },
	/* the nearest is named; of two as near, the first */
	{ HEAD "args=name=x\n[policy q]\n" HEAD "hours=01:00-02:00\n",
	    "\"name\":\"y\"", NULL, { A }, REASON_DENIED, "policy 'q'",
	    AT(5, 0), false, NULL },
	{ HEAD "args=name=x\n[policy q]\n" HEAD "args=name=z\n",
	    "\"name\":\"y\"", NULL, { A }, REASON_DENIED, "policy 'p'", 0,
	    false, NULL },
	{ HEAD "[policy q]\n" HEAD "args=name=z\n", "\"name\":\"y\"", NULL,
	    { A }, REASON_NONE, NULL, 0, false, NULL },
	/* the built-in section asks for nothing more */
	{ HEAD "signatures=2\n", "", NULL, { D }, REASON_NONE, NULL, 0, false,
	    "uptime" },
};

static int
setup(void **state)
{
	(void)state;
	fixture_init(&fixture);
	facts = json_pack("{s:i, s:{s:s}, s:s}", "cpus", 4, "os", "name",
	    "debian", "root", "/dev/sda1");
	return facts == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	json_decref(facts);
	fixture_clear(&fixture);
	return 0;
}

static struct gate_trust
trust_of(const char *section)
{
	char text[2048], error[TRUST_ERROR_MAX];
	struct trust_files files;
	struct gate_trust trust;

	snprintf(text, sizeof(text),
	    "[agent]\nfleet=" FIXTURE_FLEET "\nhostname=" FIXTURE_HOST
	    "\ngroups=web, new\n[policy p]\n%s",
	    section);
	fixture_files(&fixture, &files, GATE_FILE_CONF, text);
	if (gate_trust_build(&trust, &files, "", error) != 0)
		fail_msg("%s: %s", section, error);
	trust_files_clear(&files);
	return trust;
}

static void
request_of(const struct row *row, struct request *out)
{
	char text[2048];

	snprintf(text, sizeof(text),
	    "{\"version\":1,\"fleet\":\"" FIXTURE_FLEET "\",\"reply_to\":"
	    "\"51665ac9-bab5-4995-aa80-09bc79cfb2bd\",\"operator\":\"%s\","
	    "\"signatures\":1,\"issued\":1,\"expires\":2,\"match\":{%s},"
	    "\"command\":{\"provider\":\"%s\",\"args\":{%s}}}",
	    row->signers[0], row->match != NULL ? row->match : ALL,
	    row->provider != NULL ? row->provider : "run", row->args);
	assert_int_equal(
	    request_parse((const uint8_t *)text, strlen(text), out), STATUS_OK);
}

static void
check_row(const struct row *row)
{
	struct gate_trust trust = trust_of(row->section);
	char detail[REPLY_DETAIL_MAX + 1] = "";
	struct request request;
	struct policy_question question = {
		.trust = &trust,
		.facts = facts,
		.request = &request,
		.signers = row->signers,
		.now = row->now,
		.others = row->others,
	};
	enum reply_reason reason;

	while (question.lines < ENVELOPE_LINES_MAX &&
	       row->signers[question.lines] != NULL)
		question.lines++;
	request_of(row, &request);
	reason = policy_judge(&question, detail);
	if (reason != row->reason ||
	    (row->detail != NULL && strstr(detail, row->detail) == NULL))
		fail_msg("[policy p]\n%sargs {%s}, %u lines: %s, '%s'",
		    row->section, row->args, question.lines,
		    reply_reason_name(reason), detail);
	request_clear(&request);
	gate_trust_clear(&trust);
}

static void
test_matrix(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i]);
}

/* Before the first facts are in, nothing is known but the configuration. */
static void
test_without_facts(void **state)
{
	static const struct row with[] = {
		{ HEAD "facts=hostname=www*\n", "", NULL, { A }, REASON_NONE,
		    NULL, 0, false, NULL },
		{ HEAD "facts=cpus=*\n", "", NULL, { A }, REASON_DENIED,
		    "not for this host", 0, false, NULL },
	};

	(void)state;
	json_decref(facts);
	facts = NULL;
	check_row(&with[0]);
	check_row(&with[1]);
}

/* A title and a name as long as they may be: the detail is cut, and whole. */
static void
test_long_detail(void **state)
{
	char section[1024], title[301], args[200];
	struct row row = { section, args, NULL, { A }, REASON_DENIED,
		"does not take this argument", 0, false, NULL };

	(void)state;
	memset(title, 't', 300);
	title[300] = '\0';
	snprintf(section, sizeof(section),
	    "operators=x\nproviders=x\n[policy \xc3\xa4%s]\n" HEAD
	    "args=name=x\n",
	    title);
	snprintf(args, sizeof(args), "\"%.150s\":\"x\"", title);
	check_row(&row);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_matrix),
		TEST(test_without_facts),
		TEST(test_long_detail),
	};

	return sodium_init() == -1 ||
	       cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
