/* The small ones: text, object, timetext, drops, audit, hello, report, trust.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/gate/audit.h"
#include "agent/gate/drops.h"
#include "agent/gate/hello.h"
#include "agent/gate/object.h"
#include "agent/gate/report.h"
#include "agent/gate/text.h"
#include "agent/gate/timetext.h"
#include "base/escape.h"
#include "fixture.h"
#include "privsep/messages.h"

/* text */

static struct {
	uint8_t bytes[4 * TEXT_HELD_MAX];
	size_t used, largest;
	unsigned pieces, broken; /* broken: no UTF-8 by itself */
} out;

static void
collect(void *arg, const uint8_t *bytes, size_t len)
{
	(void)arg;
	memcpy(out.bytes + out.used, bytes, len);
	out.used += len;
	out.pieces++;
	out.broken += !utf8_valid(bytes, len);
	if (len > out.largest)
		out.largest = len;
}

static void
fill(uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)('a' + i % 26);
}

static void
test_text_is_held(void **state)
{
	static uint8_t bytes[TEXT_HELD_MAX];
	struct reply_chunks chunks;
	struct text text;

	(void)state;
	memset(&out, 0, sizeof(out));
	fill(bytes, sizeof(bytes));
	text_init(&text);
	assert_true(text_add(&text, bytes, sizeof(bytes), collect, NULL));
	assert_int_equal(out.pieces, 0);
	assert_false(text.flowing);
	text_flush(&text, false, collect, NULL);
	assert_int_equal(out.pieces, 2);
	assert_int_equal(out.used, sizeof(bytes));
	assert_memory_equal(out.bytes, bytes, sizeof(bytes));
	text_chunks(&text, &chunks);
	assert_int_equal(chunks.count, 2);
	text_clear(&text);
}

static void
test_text_overflows(void **state)
{
	static uint8_t bytes[TEXT_HELD_MAX + 1];
	uint8_t digest[32];
	struct reply_chunks chunks;
	struct text text;

	(void)state;
	memset(&out, 0, sizeof(out));
	fill(bytes, sizeof(bytes));
	text_init(&text);
	for (size_t i = 0; i < sizeof(bytes); i += 5000) {
		size_t n = sizeof(bytes) - i < 5000 ? sizeof(bytes) - i : 5000;

		assert_true(text_add(&text, bytes + i, n, collect, NULL));
	}
	assert_true(text.flowing);
	assert_int_equal(out.pieces, 2);
	text_flush(&text, false, collect, NULL);
	assert_int_equal(out.used, sizeof(bytes));
	assert_memory_equal(out.bytes, bytes, sizeof(bytes));
	assert_int_equal(out.largest, REPLY_PIECE_MAX);
	text_chunks(&text, &chunks);
	assert_int_equal(chunks.count, out.pieces);
	crypto_hash_sha256(digest, bytes, sizeof(bytes));
	assert_memory_equal(chunks.sha256, digest, 32);
	text_clear(&text);
}

/* Wherever a piece ends, no character is cut. */
static void
test_text_keeps_characters(void **state)
{
	static const char *const words[] = { "\xc3\xa9", "\xe2\x82\xac",
		"\xf0\x9f\x98\x80" };

	(void)state;
	for (unsigned w = 0; w < 3; w++) {
		for (unsigned shift = 0; shift < 4; shift++) {
			struct text text;

			memset(&out, 0, sizeof(out));
			text_init(&text);
			text_add(&text, (const uint8_t *)"abcd", shift, collect,
			    NULL);
			for (unsigned i = 0; i < 20000; i++)
				text_add(&text, (const uint8_t *)words[w],
				    strlen(words[w]), collect, NULL);
			text_flush(&text, false, collect, NULL);
			assert_int_equal(out.broken, 0);
			assert_int_equal(
			    out.used, shift + 20000 * strlen(words[w]));
			assert_true(out.pieces > 1);
			text_clear(&text);
		}
	}
}

static void
test_text_half_a_character(void **state)
{
	struct text text;

	(void)state;
	memset(&out, 0, sizeof(out));
	text_init(&text);
	text_add(&text, (const uint8_t *)"ab\xe2\x82", 4, collect, NULL);
	text_flush(&text, true, collect, NULL);
	assert_int_equal(out.used, 2);
	text_add(&text, (const uint8_t *)"\xac", 1, collect, NULL);
	text_flush(&text, true, collect, NULL);
	assert_int_equal(out.used, 5);
	text_add(&text, (const uint8_t *)"\xe2", 1, collect, NULL);
	text_flush(&text, false, collect, NULL);
	assert_int_equal(out.used, 6);
	assert_int_equal(out.broken, 1);
	text_clear(&text);
}

static bool
like_object(const char *bytes)
{
	struct text text;
	bool result;

	text_init(&text);
	text_add(&text, (const uint8_t *)bytes, strlen(bytes), collect, NULL);
	result = text_like_object(&text);
	text_clear(&text);
	return result;
}

static void
test_text_like_an_object(void **state)
{
	(void)state;
	assert_true(like_object(""));
	assert_true(like_object(" \t\r\n"));
	assert_true(like_object("\n {"));
	assert_false(like_object("x"));
	assert_false(like_object(" [{"));
}

/* object */

static void
test_object_depth(void **state)
{
	char text[256];

	(void)state;
	for (int depth = 1; depth <= 17; depth++) {
		json_t *object;

		text[0] = '\0';
		for (int i = 1; i < depth; i++)
			strcat(text, "{\"a\":");
		strcat(text, "{}");
		for (int i = 1; i < depth; i++)
			strcat(text, "}");
		object = object_read((const uint8_t *)text, strlen(text));
		assert_int_equal(object != NULL, depth <= 15);
		json_decref(object);
	}
	assert_null(object_read((const uint8_t *)"[]", 2));
}

/* timetext */

static void
test_timetext(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} moments[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 951782399999, "2000-02-28T23:59:59.999Z" },
		{ 951782400000, "2000-02-29T00:00:00.000Z" },
		{ 951868800000, "2000-03-01T00:00:00.000Z" },
		{ 1763800000123, "2025-11-22T08:26:40.123Z" },
		{ 4107542399000, "2100-02-28T23:59:59.000Z" },
		{ 4107542400000, "2100-03-01T00:00:00.000Z" },
		{ 253402300799999, "9999-12-31T23:59:59.999Z" },
	};
	char text[TIMETEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		timetext(moments[i].ms, text);
		assert_string_equal(text, moments[i].text);
	}
}

/* drops */

static void
test_drops_line(void **state)
{
	uint64_t counts[DROPS] = { 0 };
	char line[DROPS_LINE_MAX];

	(void)state;
	drops_line(counts, line);
	assert_string_equal(line, "");
	counts[STATUS_FLEET] = 2;
	counts[STATUS_JSON] = 1;
	drops_line(counts, line);
	assert_string_equal(line, "dropped 3 messages: json 1, fleet 2");
	counts[DROP_LATE] = 4;
	drops_line(counts, line);
	assert_string_equal(
	    line, "dropped 7 messages: json 1, fleet 2, late 4");
	for (unsigned i = 0; i < DROPS; i++)
		counts[i] = UINT64_MAX / DROPS;
	drops_line(counts, line);
	assert_true(strlen(line) < DROPS_LINE_MAX);
}

static char logged[LOG_LINE_MAX + 1];

static void
keep_line(enum log_level level, const char *line, size_t len, void *arg)
{
	(void)level;
	memcpy(logged, line, len);
	logged[len] = '\0';
	loop_stop(arg, 0);
}

static void
no_line(enum log_level level, const char *line, size_t len, void *arg)
{
	(void)level;
	(void)line;
	(void)len;
	(void)arg;
}

static void
test_drops_are_reported(void **state)
{
	struct loop *loop = loop_new(1);
	struct gate_drops drops;

	(void)state;
	log_to(keep_line, loop);
	drops_init(&drops, loop);
	drops_count(&drops, STATUS_NOT_MATCHED);
	assert_false(drops.timer.armed);
	drops_count(&drops, STATUS_FLEET);
	drops_count(&drops, STATUS_FLEET);
	loop_run(loop);
	assert_string_equal(logged, "dropped 2 messages: fleet 2");
	drops_count(&drops, DROP_BACKLOG);
	/* A second after the first line, no sooner. */
	assert_true(drops.timer.due_ms >= drops.reported_ms + DROPS_EVERY_MS);
	loop_run(loop);
	assert_string_equal(logged, "dropped 1 messages: backlog 1");
	log_to(no_line, NULL);
	loop_free(loop);
}

/* audit */

static const char *
line_of_cosigners(struct audit_subject *subject, unsigned n)
{
	static char kept[AUDIT_LINE_MAX + 1];
	size_t len;
	char *line;

	subject->cosigner_count = n;
	for (unsigned i = 0; i < n; i++)
		subject->cosigners[i] =
		    (struct audit_signer){ "c@d", "SHA256:y" };
	line = audit_line(AUDIT_ENDED, subject, "exit", 5, &len);
	assert_true(len <= AUDIT_LINE_MAX);
	memcpy(kept, line, len + 1);
	free(line);
	return kept;
}

static void
test_audit_line(void **state)
{
	struct audit_subject subject = {
		.operator_ = "a@b",
		.fingerprint = "SHA256:x",
		.provider = "run",
	};
	char *line;
	size_t len;

	(void)state;
	line = audit_line(AUDIT_REFUSED, &subject, "denied", 5, &len);
	assert_string_equal(line,
	    "{\"at\":5,\"event\":\"refused\",\"outcome\":\"denied\","
	    "\"operator\":\"a@b\",\"fingerprint\":\"SHA256:x\","
	    "\"provider\":\"run\","
	    "\"args\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\","
	    "\"request\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}");
	free(line);
	memset(subject.on_behalf_of, '"', PRINCIPAL_MAX);
	memset(subject.operator_, 'o', PRINCIPAL_MAX);
	line = audit_line(AUDIT_ADMITTED, &subject, "start", 5, &len);
	assert_non_null(strstr(line, "\"on_behalf_of\":\"\\\"\\\""));
	assert_true(len <= AUDIT_LINE_MAX);
	free(line);
	assert_null(strstr(line_of_cosigners(&subject, 0), "cosigners"));
	assert_non_null(strstr(line_of_cosigners(&subject, 2),
	    "\"cosigners\":[{\"operator\":\"c@d\",\"fingerprint\":"
	    "\"SHA256:y\"},{\"operator\":\"c@d\",\"fingerprint\":"
	    "\"SHA256:y\"}]"));
}

/* Four signers, as long as names may be: still one frame. */
static void
test_longest_audit_line(void **state)
{
	struct audit_subject subject = { .cosigner_count = 3 };
	char *line;
	size_t len;

	(void)state;
	memset(subject.on_behalf_of, '"', PRINCIPAL_MAX);
	memset(subject.operator_, 'o', PRINCIPAL_MAX);
	memset(subject.fingerprint, 'f', FINGERPRINT_SIZE - 1);
	memset(subject.provider, 'p', PROVIDER_MAX);
	for (unsigned i = 0; i < 3; i++) {
		memset(subject.cosigners[i].operator_, 'o', PRINCIPAL_MAX);
		memset(subject.cosigners[i].fingerprint, 'f',
		    FINGERPRINT_SIZE - 1);
	}
	line = audit_line(
	    AUDIT_REFUSED, &subject, "unknown-provider", INT64_MAX, &len);
	assert_true(len <= AUDIT_LINE_MAX);
	free(line);
}

/* hello */

static void
test_facts_fitting(void **state)
{
	json_t *facts = json_object(), *fitting;
	const char *left_out;
	char *big = malloc(HELLO_FACTS_MAX);

	(void)state;
	memset(big, 'x', HELLO_FACTS_MAX);
	json_object_set_new(facts, "hostname", json_string("h"));
	json_object_set_new(
	    facts, "network", json_stringn(big, HELLO_FACTS_MAX / 2));
	fitting = facts_fitting(facts, HELLO_FACTS_MAX, &left_out);
	assert_null(left_out);
	assert_true(json_equal(fitting, facts));
	json_decref(fitting);
	json_object_set_new(
	    facts, "disks", json_stringn(big, HELLO_FACTS_MAX / 2 + 1));
	fitting = facts_fitting(facts, HELLO_FACTS_MAX, &left_out);
	assert_string_equal(left_out, "disks");
	assert_int_equal(json_object_size(fitting), 2);
	assert_int_equal(json_object_size(facts), 3);
	assert_true(object_size(fitting) <= HELLO_FACTS_MAX);
	json_decref(fitting);
	json_decref(facts);
	free(big);
}

/* report */

static unsigned
lines_at(int peer, char *last, size_t size)
{
	unsigned lines = 0;
	ssize_t n;

	while ((n = recv(peer, last, size - 1, MSG_DONTWAIT)) > 0) {
		assert_int_equal(last[0], G2E_LOG);
		last[n] = '\0';
		lines++;
	}
	return lines;
}

static void
test_report_is_bounded(void **state)
{
	struct fixture fixture = { .loop = loop_new(4) };
	struct gate_report report;
	struct link *link;
	char last[LOG_LINE_MAX + 8];
	int peer;

	(void)state;
	link =
	    fixture_link(&fixture, &executor_to_gate, &gate_to_executor, &peer);
	report_init(&report, link);
	report.refilled_ms += 60000; /* no refill while the test lasts */
	for (unsigned i = 0; i < 3 * REPORT_BURST; i++)
		log_info("line %u", i);
	assert_int_equal(lines_at(peer, last, sizeof(last)), REPORT_BURST);
	assert_string_equal(last + 2, "line 63");
	report.refilled_ms -= 2 * 60000;
	log_info("at last");
	assert_int_equal(lines_at(peer, last, sizeof(last)), 2);
	assert_string_equal(last + 2, "at last");
	log_to(no_line, NULL);
	link_close(link);
	close(peer);
	loop_free(fixture.loop);
}

/* trust */

static void
test_trust_sets(void **state)
{
	static const struct {
		enum gate_file kind;
		const char *text, *error; /* error: how it begins */
	} bad[] = {
		{ GATE_FILE_CONF, "[agent]\nx = 1\n", "amirald.conf:2: " },
		{ GATE_FILE_CONF, "", "[agent] has no 'fleet'" },
		{ GATE_FILE_HOST_KEY, "", "host_key: " },
		{ GATE_FILE_OPERATORS, "x\n", "allowed_signers:1: " },
		{ GATE_FILE_DESCRIPTION, "{}", "run.json: " },
	};
	struct fixture fixture;
	struct trust_files files;
	char error[TRUST_ERROR_MAX];

	(void)state;
	fixture_init(&fixture);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct gate_trust trust = { .description_count = 77 };

		fixture_files(&fixture, &files, bad[i].kind, bad[i].text);
		assert_int_equal(
		    gate_trust_build(&trust, &files, "", error), -1);
		if (strncmp(error, bad[i].error, strlen(bad[i].error)) != 0)
			fail_msg("%s", error);
		assert_int_equal(trust.description_count, 77);
		trust_files_clear(&files);
	}
	fixture_clear(&fixture);
}

static void
test_trust_hostname(void **state)
{
	static const char conf[] = "[agent]\nfleet = " FIXTURE_FLEET "\n";
	struct fixture fixture;
	struct trust_files files;
	struct gate_trust trust;
	char error[TRUST_ERROR_MAX];

	(void)state;
	fixture_init(&fixture);
	fixture_files(&fixture, &files, GATE_FILE_CONF, conf);
	assert_int_equal(
	    gate_trust_build(&trust, &files, "Bad_Name", error), -1);
	trust_files_clear(&files);
	fixture_files(&fixture, &files, GATE_FILE_CONF, conf);
	assert_int_equal(
	    gate_trust_build(&trust, &files, "m.example", error), 0);
	assert_string_equal(trust.hostname, "m.example");
	trust_files_clear(&files);
	gate_trust_clear(&trust);
	fixture_clear(&fixture);
}

static void
test_trust_bounds(void **state)
{
	struct fixture fixture;
	struct trust_files files;
	struct gate_trust trust;
	char error[TRUST_ERROR_MAX];

	(void)state;
	fixture_init(&fixture);
	fixture_files(&fixture, &files, GATE_FILE_CONF, NULL);
	while (files.count < TRUST_FILES)
		trust_files_add(&files, GATE_FILE_OPERATORS, "more", 4,
		    fixture_file("x", 1));
	assert_int_equal(gate_trust_build(&trust, &files, "", error), 0);
	gate_trust_clear(&trust);
	trust_files_add(
	    &files, GATE_FILE_OPERATORS, "more", 4, fixture_file("x", 1));
	assert_int_equal(files.count, TRUST_FILES);
	assert_int_equal(gate_trust_build(&trust, &files, "", error), -1);
	trust_files_clear(&files);
	fixture_clear(&fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_is_held),
		cmocka_unit_test(test_text_overflows),
		cmocka_unit_test(test_text_keeps_characters),
		cmocka_unit_test(test_text_half_a_character),
		cmocka_unit_test(test_text_like_an_object),
		cmocka_unit_test(test_object_depth),
		cmocka_unit_test(test_timetext),
		cmocka_unit_test(test_drops_line),
		cmocka_unit_test(test_drops_are_reported),
		cmocka_unit_test(test_audit_line),
		cmocka_unit_test(test_longest_audit_line),
		cmocka_unit_test(test_facts_fitting),
		cmocka_unit_test(test_report_is_bounded),
		cmocka_unit_test(test_trust_sets),
		cmocka_unit_test(test_trust_hostname),
		cmocka_unit_test(test_trust_bounds),
	};

	return sodium_init() == -1 ||
	       cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
