/* Replies: each status's members, sealing, and what the outside may say. */
#include "wire/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "members.h"
#include "wire/json.h"

#define DIGEST "\"AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""
#define BOOT   "\"CQgHAAAAAAAAAAAAAAAAAA==\""
#define COMMON(status, seq)                                                    \
	"{\"version\":1,\"in_reply_to\":"                                      \
	"\"51665ac9-bab5-4995-aa80-09bc79cfb2bd\",\"request\":" DIGEST         \
	",\"hostname\":\"www01.example.com\",\"boot\":" BOOT                   \
	",\"status\":\"" status "\",\"seq\":" seq ",\"at\":1763800001456,"
#define UUID "\"uuid\":\"5b4197bd-a537-4cc7-972f-d08ea5760feb\""

static const char start[] = COMMON("start", "0") UUID "}";
static const char noop[] = COMMON("noop", "0") "\"reason\":\"clock\","
					       "\"detail\":\"now is 5\"}";
static const char piece[] = COMMON("output", "1") UUID
    ",\"stream\":\"stderr\",\"data\":\"caf\xc3\xa9\\n\"}";
static const char raw_piece[] =
    COMMON("output", "1") UUID ",\"stream\":\"stdout\",\"data64\":\"AAH/\"}";
static const char complete[] = COMMON("complete", "2") UUID
    ",\"ended\":\"signal\",\"output\":{\"exit\":0,\"load\":[0.06,0.1]},"
    "\"signal\":9,\"cancelled_by\":\"alice@example.com\","
    "\"truncated\":true,\"output_lost\":true,"
    "\"chunks\":{\"stdout\":{\"count\":3,\"sha256\":" DIGEST "},"
    "\"stderr\":{\"count\":0,\"sha256\":" DIGEST "}},"
    "\"usage\":{\"wall_ms\":1,\"user_ms\":2,\"system_ms\":3,"
    "\"max_rss_kib\":4}}";
static const char least[] =
    COMMON("complete", "0") UUID ",\"ended\":\"exit\",\"output\":{}}";

static const char *const texts[] = { start, noop, piece, raw_piece, complete,
	least };
#define TEXTS (sizeof(texts) / sizeof(texts[0]))

#define COMMON_ROWS                                                            \
	{ "", "version", JSON_INTEGER, true },                                 \
	    { "", "in_reply_to", JSON_STRING, true },                          \
	    { "", "request", JSON_STRING, true },                              \
	    { "", "hostname", JSON_STRING, true },                             \
	    { "", "boot", JSON_STRING, true },                                 \
	    { "", "status", JSON_STRING, true },                               \
	    { "", "seq", JSON_INTEGER, true },                                 \
	{                                                                      \
		"", "at", JSON_INTEGER, true                                   \
	}

static const struct member_row start_rows[] = {
	COMMON_ROWS,
	{ "", "uuid", JSON_STRING, true },
	{ 0 },
};
static const struct member_row noop_rows[] = {
	COMMON_ROWS,
	{ "", "reason", JSON_STRING, true },
	{ "", "detail", JSON_STRING, true },
	{ 0 },
};
static const struct member_row piece_rows[] = {
	COMMON_ROWS,
	{ "", "uuid", JSON_STRING, true },
	{ "", "stream", JSON_STRING, true },
	{ "", "data", JSON_STRING, true },
	{ 0 },
};
static const struct member_row raw_piece_rows[] = {
	COMMON_ROWS,
	{ "", "uuid", JSON_STRING, true },
	{ "", "stream", JSON_STRING, true },
	{ "", "data64", JSON_STRING, true },
	{ 0 },
};
static const struct member_row complete_rows[] = {
	COMMON_ROWS,
	{ "", "uuid", JSON_STRING, true },
	{ "", "ended", JSON_STRING, true },
	{ "", "output", JSON_OBJECT, true },
	{ "", "signal", JSON_INTEGER, false },
	{ "", "cancelled_by", JSON_STRING, false },
	{ "", "truncated", JSON_TRUE, false },
	{ "", "output_lost", JSON_TRUE, false },
	{ "", "chunks", JSON_OBJECT, false },
	{ "", "usage", JSON_OBJECT, false },
	{ "chunks", "stdout", JSON_OBJECT, true },
	{ "chunks", "stderr", JSON_OBJECT, true },
	{ "chunks.stdout", "count", JSON_INTEGER, true },
	{ "chunks.stdout", "sha256", JSON_STRING, true },
	{ "chunks.stderr", "count", JSON_INTEGER, true },
	{ "chunks.stderr", "sha256", JSON_STRING, true },
	{ "usage", "wall_ms", JSON_INTEGER, true },
	{ "usage", "user_ms", JSON_INTEGER, true },
	{ "usage", "system_ms", JSON_INTEGER, true },
	{ "usage", "max_rss_kib", JSON_INTEGER, true },
	{ 0 },
};

static const struct value_row common_values[] = {
	{ "", "version", "0", STATUS_RANGE },
	{ "", "version", "2", STATUS_RANGE },
	{ "", "in_reply_to", "\"x\"", STATUS_RANGE },
	{ "", "in_reply_to", "\"51665ac9-bab5-4995-7a80-09bc79cfb2bd\"",
	    STATUS_RANGE },
	{ "", "request", "\"AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\"",
	    STATUS_BASE64 },
	{ "", "request", "\"AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
	    STATUS_RANGE },
	{ "", "hostname", "\"WWW\"", STATUS_RANGE },
	{ "", "hostname", "\"a.\"", STATUS_RANGE },
	{ "", "boot", "\"CQgHAAAAAAAAAAAAAAAAAB==\"", STATUS_BASE64 },
	{ "", "boot", "\"\"", STATUS_RANGE },
	{ "", "status", "\"Start\"", STATUS_RANGE },
	{ "", "status", "\"\"", STATUS_RANGE },
	{ "", "seq", "-1", STATUS_RANGE },
	{ "", "seq", "0", STATUS_OK },
	{ "", "seq", "2147483647", STATUS_OK },
	{ "", "seq", "2147483648", STATUS_RANGE },
	{ "", "at", "-1", STATUS_RANGE },
	{ "", "at", "0", STATUS_OK },
	{ "", "at", "253402300799999", STATUS_OK },
	{ "", "at", "253402300800000", STATUS_RANGE },
	{ "", "sealed", "\"AAAA\"", STATUS_SCHEMA },
	{ 0 },
};
static const struct value_row noop_values[] = {
	{ "", "reason", "\"\"", STATUS_RANGE },
	{ "", "reason", "\"because\"", STATUS_RANGE },
	{ "", "reason", "\"Clock\"", STATUS_RANGE },
	{ "", "reason", "\"unknown-provider\"", STATUS_OK },
	{ "", "detail", "\"\"", STATUS_OK },
	{ "", "uuid", "\"5b4197bd-a537-4cc7-972f-d08ea5760feb\"",
	    STATUS_SCHEMA },
	{ 0 },
};
static const struct value_row piece_values[] = {
	{ "", "stream", "\"stdin\"", STATUS_RANGE },
	{ "", "stream", "\"\"", STATUS_RANGE },
	{ "", "stream", "\"stdout\"", STATUS_OK },
	{ "", "data64", "\"AAAA\"", STATUS_SCHEMA },
	{ "", "uuid", "\"x\"", STATUS_RANGE },
	{ 0 },
};
static const struct value_row raw_piece_values[] = {
	{ "", "data64", "\"AA\"", STATUS_BASE64 },
	{ "", "data64", "\"AAF=\"", STATUS_BASE64 },
	{ "", "data", "\"\"", STATUS_SCHEMA },
	{ 0 },
};
static const struct value_row complete_values[] = {
	{ "", "ended", "\"\"", STATUS_RANGE },
	{ "", "ended", "\"done\"", STATUS_RANGE },
	{ "", "ended", "\"lost\"", STATUS_OK },
	{ "", "output", "{\"a\":[1e-5,{\"b\":0.1}]}", STATUS_OK },
	{ "", "signal", "0", STATUS_RANGE },
	{ "", "signal", "1", STATUS_OK },
	{ "", "signal", "127", STATUS_OK },
	{ "", "signal", "128", STATUS_RANGE },
	{ "", "cancelled_by", "\"\"", STATUS_RANGE },
	{ "", "cancelled_by", "\"a b\"", STATUS_RANGE },
	{ "", "truncated", "false", STATUS_OK },
	{ "chunks.stdout", "count", "-1", STATUS_RANGE },
	{ "chunks.stderr", "count", "1.5", STATUS_JSON },
	{ "chunks.stderr", "sha256",
	    "\"AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\"", STATUS_BASE64 },
	{ "usage", "wall_ms", "-1", STATUS_RANGE },
	{ "usage", "max_rss_kib", "9223372036854775807", STATUS_OK },
	{ 0 },
};

static enum status
parse(const uint8_t *payload, size_t len)
{
	struct reply reply;
	enum status status = reply_parse(payload, len, &reply);

	if (status == STATUS_OK)
		reply_clear(&reply);
	return status;
}

static void
parsed(const char *text, struct reply *reply)
{
	assert_int_equal(
	    reply_parse((const uint8_t *)text, strlen(text), reply), STATUS_OK);
}

static void
test_members(void **state)
{
	(void)state;
	members_check(parse, start, start_rows);
	members_check(parse, noop, noop_rows);
	members_check(parse, piece, piece_rows);
	members_check(parse, raw_piece, raw_piece_rows);
	members_check(parse, complete, complete_rows);
}

static void
test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEXTS; i++)
		values_check(parse, texts[i], common_values);
	values_check(parse, noop, noop_values);
	values_check(parse, piece, piece_values);
	values_check(parse, raw_piece, raw_piece_values);
	values_check(parse, complete, complete_values);
}

static void
test_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEXTS; i++)
		bytes_check(parse, texts[i]);
}

static void
test_read(void **state)
{
	static const uint8_t digest[32] = { 1, 2, 3 }, boot[16] = { 9, 8, 7 };
	struct reply reply;

	(void)state;
	parsed(start, &reply);
	assert_int_equal(reply.status, REPLY_START);
	assert_string_equal(
	    reply.in_reply_to, "51665ac9-bab5-4995-aa80-09bc79cfb2bd");
	assert_string_equal(reply.uuid, "5b4197bd-a537-4cc7-972f-d08ea5760feb");
	assert_string_equal(reply.hostname, "www01.example.com");
	assert_memory_equal(reply.request, digest, 32);
	assert_memory_equal(reply.boot, boot, 16);
	assert_int_equal(reply.seq, 0);
	assert_int_equal(reply.at, 1763800001456);
	reply_clear(&reply);
	parsed(noop, &reply);
	assert_string_equal(reply.uuid, "");
	assert_int_equal(reply.reason, REASON_CLOCK);
	assert_string_equal(reply.detail, "now is 5");
	reply_clear(&reply);
	parsed(piece, &reply);
	assert_string_equal(reply.stream, "stderr");
	assert_int_equal(reply.data_len, 6);
	assert_memory_equal(reply.data, "caf\xc3\xa9\n", 6);
	reply_clear(&reply);
	parsed(raw_piece, &reply);
	assert_int_equal(reply.data_len, 3);
	assert_memory_equal(reply.data, "\0\x01\xff", 3);
	reply_clear(&reply);
}

static void
test_read_complete(void **state)
{
	struct reply reply;

	(void)state;
	parsed(complete, &reply);
	assert_int_equal(reply.ended, ENDED_SIGNAL);
	assert_int_equal(reply.signal, 9);
	assert_string_equal(reply.cancelled_by, "alice@example.com");
	assert_true(reply.truncated && reply.output_lost);
	assert_true(reply.has_chunks && reply.has_usage);
	assert_int_equal(reply.chunks[0].count, 3);
	assert_int_equal(reply.chunks[1].count, 0);
	assert_int_equal(reply.chunks[0].sha256[2], 3);
	assert_int_equal(reply.usage.wall_ms, 1);
	assert_int_equal(reply.usage.user_ms, 2);
	assert_int_equal(reply.usage.system_ms, 3);
	assert_int_equal(reply.usage.max_rss_kib, 4);
	assert_int_equal(json_object_size(reply.output), 2);
	reply_clear(&reply);
	parsed(least, &reply);
	assert_int_equal(reply.ended, ENDED_EXIT);
	assert_int_equal(reply.signal, 0);
	assert_string_equal(reply.cancelled_by, "");
	assert_false(reply.truncated || reply.output_lost);
	assert_false(reply.has_chunks || reply.has_usage);
	reply_clear(&reply);
}

/* Written as read: these texts are in the order and form of reply_build(). */
static void
test_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEXTS; i++) {
		struct reply reply;
		size_t len;
		char *built;

		parsed(texts[i], &reply);
		built = reply_build(&reply, &len);
		assert_non_null(built);
		assert_string_equal(built, texts[i]);
		assert_int_equal(len, strlen(texts[i]));
		free(built);
		reply_clear(&reply);
	}
}

static void
test_names(void **state)
{
	static const char *const reasons[] = { "", "expired", "clock", "denied",
		"signatures", "unknown-provider", "bad-args", "bad-seal",
		"busy", "no-journal", "cancelled", "poisoned" };
	static const char *const endings[] = { "", "exit", "signal", "timeout",
		"cancelled", "lost" };

	(void)state;
	assert_int_equal(sizeof(reasons) / sizeof(reasons[0]), REASONS);
	for (unsigned i = 0; i < REASONS; i++)
		assert_string_equal(
		    reply_reason_name((enum reply_reason)i), reasons[i]);
	assert_int_equal(sizeof(endings) / sizeof(endings[0]), ENDED_COUNT);
	for (unsigned i = 0; i < ENDED_COUNT; i++)
		assert_string_equal(
		    reply_ended_name((enum reply_ended)i), endings[i]);
	assert_string_equal(reply_status_name(REPLY_START), "start");
	assert_string_equal(reply_status_name(REPLY_NOOP), "noop");
	assert_string_equal(reply_status_name(REPLY_OUTPUT), "output");
	assert_string_equal(reply_status_name(REPLY_COMPLETE), "complete");
}

/* The data of a piece, through reply_build() and back. */
static void
piece_round_trip(const uint8_t *data, size_t len, bool as_text)
{
	struct reply reply, again;
	size_t built_len;
	char *built;
	json_t *root = NULL;

	parsed(piece, &reply);
	reply.data = data;
	reply.data_len = len;
	built = reply_build(&reply, &built_len);
	assert_non_null(built);
	assert_true(built_len <= (len + 2) / 3 * 4 + 1024);
	assert_int_equal(
	    json_strict((const uint8_t *)built, built_len, NULL, &root),
	    STATUS_OK);
	assert_int_equal(json_object_get(root, "data") != NULL, as_text);
	parsed(built, &again);
	assert_int_equal(again.data_len, len);
	if (len > 0)
		assert_memory_equal(again.data, data, len);
	json_decref(root);
	reply_clear(&again);
	reply_clear(&reply);
	free(built);
}

static void
test_piece_forms(void **state)
{
	uint8_t all[256];

	(void)state;
	for (unsigned i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	piece_round_trip(NULL, 0, true);
	piece_round_trip((const uint8_t *)"plain", 5, true);
	piece_round_trip((const uint8_t *)"a\0b", 3, false);
	piece_round_trip((const uint8_t *)"\xff", 1, false);
	piece_round_trip((const uint8_t *)"caf\xc3", 4, false);
	piece_round_trip(all, sizeof(all), false);
	/* Escapes: six bytes for \x01, four thirds in base64. */
	piece_round_trip((const uint8_t *)"\x01\x01\x01", 3, false);
	piece_round_trip((const uint8_t *)"abcdefghijklmnop\x01", 17, true);
	piece_round_trip((const uint8_t *)"\n\n\n\n\n\n", 6, false);
	piece_round_trip((const uint8_t *)"a \"word\" here\n", 14, true);
}

static void
test_piece_bound(void **state)
{
	uint8_t *data = calloc(1, REPLY_PIECE_MAX + 1);
	struct reply reply;
	size_t len;

	(void)state;
	assert_non_null(data);
	piece_round_trip(data, REPLY_PIECE_MAX, false);
	memset(data, 'x', REPLY_PIECE_MAX + 1);
	piece_round_trip(data, REPLY_PIECE_MAX, true);
	parsed(piece, &reply);
	reply.data = data;
	reply.data_len = REPLY_PIECE_MAX + 1;
	assert_null(reply_build(&reply, &len));
	reply_clear(&reply);
	free(data);
}

/* Longer pieces than allowed are refused in either form. */
static void
test_piece_too_long(void **state)
{
	static const struct {
		const char *name;
		size_t most;
		enum status expected;
	} rows[] = {
		{ "data", REPLY_PIECE_MAX, STATUS_RANGE },
		{ "data64", (REPLY_PIECE_MAX + 2) / 3 * 4, STATUS_RANGE },
	};
	char *text = malloc(ENVELOPE_PAYLOAD_MAX);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < 2; i++) {
		for (size_t more = 0; more <= 4; more += 4) {
			size_t len = rows[i].most + more;
			size_t used = (size_t)sprintf(text,
			    COMMON("output", "1") UUID
			    ",\"stream\":\"stdout\",\"%s\":\"",
			    rows[i].name);

			memset(text + used, 'A', len);
			/* 32,768 bytes leave one character of padding. */
			if (i == 1)
				text[used + len - 1] = '=';
			strcpy(text + used + len, "\"}");
			assert_int_equal(
			    parse((const uint8_t *)text, strlen(text)),
			    more == 0 ? STATUS_OK : rows[i].expected);
		}
	}
	free(text);
}

static char *
complete_with_output(size_t size)
{
	/* {"s":"..."} has 8 bytes besides the dots. */
	char *dots = malloc(size - 8 + 1);
	struct reply reply;
	size_t len;
	char *built;
	json_t *output;

	assert_non_null(dots);
	memset(dots, '.', size - 8);
	dots[size - 8] = '\0';
	output = json_pack("{ss}", "s", dots);
	parsed(least, &reply);
	reply.output = output;
	built = reply_build(&reply, &len);
	reply_clear(&reply);
	json_decref(output);
	free(dots);
	return built;
}

static void
test_output_bound(void **state)
{
	char *built = complete_with_output(REPLY_OUTPUT_MAX);

	(void)state;
	assert_non_null(built);
	free(built);
	assert_null(complete_with_output(REPLY_OUTPUT_MAX + 1));
}

/* What cannot be sent is refused, and leaks nothing. */
static void
test_build_refused(void **state)
{
	for (size_t i = 0; i < TEXTS; i++) {
		struct reply reply;
		size_t len = 77;

		parsed(texts[i], &reply);
		reply.hostname[0] = (char)0xff;
		assert_null(reply_build(&reply, &len));
		assert_int_equal(len, 77);
		reply_clear(&reply);
	}
	(void)state;
}

static void
test_build_refused_special(void **state)
{
	struct reply reply;
	size_t len;

	(void)state;
	parsed(noop, &reply);
	memcpy(reply.detail, "\xff", 2);
	assert_null(reply_build(&reply, &len));
	reply_clear(&reply);
	parsed(complete, &reply);
	memcpy(reply.cancelled_by, "\xff", 2);
	assert_null(reply_build(&reply, &len));
	reply.output = NULL;
	assert_null(reply_build(&reply, &len));
	reply_clear(&reply);
}

/* ---- sealing ---- */

static void
pair_make(struct seal_pair *pair, uint8_t seed_byte)
{
	const uint8_t seed[crypto_box_SEEDBYTES] = { seed_byte };

	crypto_box_seed_keypair(pair->public_key, pair->secret_key, seed);
}

static char *
sealed_text(const char *inner, const struct seal_pair *pair, size_t *len)
{
	struct reply reply;
	char *text;

	parsed(inner, &reply);
	text = reply_seal(&reply, pair->public_key, inner, strlen(inner), len);
	assert_non_null(text);
	assert_int_equal(*len, strlen(text));
	reply_clear(&reply);
	return text;
}

static enum status
open_text(const char *text, const struct seal_pair *pair)
{
	struct reply reply;
	enum status status =
	    reply_open((const uint8_t *)text, strlen(text), pair, &reply);

	if (status == STATUS_OK)
		reply_clear(&reply);
	return status;
}

static void
test_sealed(void **state)
{
	struct seal_pair pair, other;

	(void)state;
	pair_make(&pair, 1);
	pair_make(&other, 2);
	for (size_t i = 0; i < TEXTS; i++) {
		size_t len;
		char *text = sealed_text(texts[i], &pair, &len);
		bool never = texts[i] == start || texts[i] == noop;

		assert_int_equal(
		    open_text(text, &pair), never ? STATUS_SEAL : STATUS_OK);
		assert_int_equal(open_text(text, &other), STATUS_SEAL);
		assert_int_equal(open_text(text, NULL), STATUS_SEAL);
		assert_int_equal(
		    parse((const uint8_t *)text, len), STATUS_SCHEMA);
		free(text);
	}
}

static void
test_sealed_content(void **state)
{
	struct seal_pair pair;
	struct reply reply;
	size_t len;
	char *text;

	(void)state;
	seal_pair_new(&pair);
	text = sealed_text(complete, &pair, &len);
	assert_null(strstr(text, "signal"));
	assert_null(strstr(text, "uuid"));
	assert_int_equal(
	    reply_open((const uint8_t *)text, len, &pair, &reply), STATUS_OK);
	assert_int_equal(reply.status, REPLY_COMPLETE);
	assert_int_equal(reply.seq, 2);
	assert_int_equal(reply.signal, 9);
	assert_non_null(reply.output);
	reply_clear(&reply);
	free(text);
}

static void
test_plain(void **state)
{
	struct seal_pair pair;

	(void)state;
	pair_make(&pair, 1);
	for (size_t i = 0; i < TEXTS; i++) {
		bool never = texts[i] == start || texts[i] == noop;

		assert_int_equal(open_text(texts[i], NULL), STATUS_OK);
		assert_int_equal(open_text(texts[i], &pair),
		    never ? STATUS_OK : STATUS_SEAL);
	}
}

/* One bit of the sealed bytes: never opens (crypto_box_seal is sealed). */
static void
test_sealed_flips(void **state)
{
	struct seal_pair pair;
	struct reply reply;
	uint8_t *box;
	size_t len, box_len;
	char *text;
	json_t *root = NULL;

	(void)state;
	pair_make(&pair, 1);
	text = sealed_text(complete, &pair, &len);
	assert_int_equal(
	    json_strict((const uint8_t *)text, len, NULL, &root), STATUS_OK);
	assert_int_equal(
	    json_get_bytes(root, "sealed", 65536, &box, &box_len), STATUS_OK);
	for (size_t i = 0; i < box_len; i++) {
		size_t n;
		char *flipped;

		box[i] ^= (uint8_t)(1 << i % 8);
		json_object_set_new(
		    root, "sealed", json_from_bytes(box, box_len));
		flipped = json_compact(root, &n);
		assert_int_equal(
		    reply_open((uint8_t *)flipped, n, &pair, &reply),
		    STATUS_SEAL);
		free(flipped);
		box[i] ^= (uint8_t)(1 << i % 8);
	}
	free(box);
	json_decref(root);
	free(text);
}

static void
test_sealed_cut(void **state)
{
	struct seal_pair pair;
	uint8_t *box;
	size_t len, box_len;
	char *text;
	json_t *root = NULL;

	(void)state;
	pair_make(&pair, 1);
	text = sealed_text(least, &pair, &len);
	assert_int_equal(
	    json_strict((const uint8_t *)text, len, NULL, &root), STATUS_OK);
	assert_int_equal(
	    json_get_bytes(root, "sealed", 65536, &box, &box_len), STATUS_OK);
	for (size_t cut = 1; cut < box_len; cut++) {
		size_t n;
		char *shorter;

		json_object_set_new(root, "sealed", json_from_bytes(box, cut));
		shorter = json_compact(root, &n);
		assert_int_equal(open_text(shorter, &pair), STATUS_SEAL);
		free(shorter);
	}
	free(box);
	json_decref(root);
	free(text);
}

static enum status
parse_sealed(const uint8_t *payload, size_t len)
{
	struct seal_pair pair;
	struct reply reply;
	enum status status;

	pair_make(&pair, 1);
	status = reply_open(payload, len, &pair, &reply);
	if (status == STATUS_OK)
		reply_clear(&reply);
	return status;
}

static const struct member_row sealed_rows[] = {
	{ "", "version", JSON_INTEGER, true },
	{ "", "in_reply_to", JSON_STRING, true },
	{ "", "hostname", JSON_STRING, true },
	{ "", "seq", JSON_INTEGER, true },
	{ "", "sealed", JSON_STRING, true },
	{ 0 },
};
static const struct value_row sealed_values[] = {
	{ "", "version", "2", STATUS_RANGE },
	{ "", "in_reply_to", "\"51665ac9-bab5-4995-aa80-09bc79cfb2be\"",
	    STATUS_SEAL },
	{ "", "in_reply_to", "\"x\"", STATUS_RANGE },
	{ "", "hostname", "\"www02.example.com\"", STATUS_SEAL },
	{ "", "hostname", "\"WWW01.example.com\"", STATUS_RANGE },
	{ "", "seq", "1", STATUS_SEAL },
	{ "", "seq", "3", STATUS_SEAL },
	{ "", "seq", "-1", STATUS_RANGE },
	{ "", "sealed", "\"AAA\"", STATUS_RANGE },
	{ "", "sealed", "\"AAAAA\"", STATUS_BASE64 },
	{ "", "sealed", "\"AAAA\"", STATUS_SEAL },
	/* 48 bytes: a seal of nothing, at most. */
	{ "", "sealed",
	    "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "\"",
	    STATUS_SEAL },
	{ "", "status", "\"complete\"", STATUS_SCHEMA },
	{ 0 },
};

static void
test_sealed_members(void **state)
{
	struct seal_pair pair;
	size_t len;
	char *text;

	(void)state;
	pair_make(&pair, 1);
	text = sealed_text(complete, &pair, &len);
	members_check(parse_sealed, text, sealed_rows);
	values_check(parse_sealed, text, sealed_values);
	free(text);
}

/* What is sealed is parsed as strictly as what is not, and never nested. */
static void
test_sealed_inner(void **state)
{
	struct seal_pair pair;
	struct reply outer;
	size_t len;
	char *text, *again;

	(void)state;
	pair_make(&pair, 1);
	parsed(complete, &outer);
	text = reply_seal(&outer, pair.public_key, "{}", 2, &len);
	assert_int_equal(open_text(text, &pair), STATUS_SCHEMA);
	free(text);
	text = reply_seal(&outer, pair.public_key, "", 0, &len);
	assert_int_equal(open_text(text, &pair), STATUS_SEAL);
	free(text);
	text = reply_seal(&outer, pair.public_key, "{\"a\":0.5}", 9, &len);
	assert_int_equal(open_text(text, &pair), STATUS_JSON);
	free(text);
	text = sealed_text(complete, &pair, &len);
	again = reply_seal(&outer, pair.public_key, text, len, &len);
	assert_int_equal(open_text(again, &pair), STATUS_SCHEMA);
	free(again);
	free(text);
	reply_clear(&outer);
}

/* The largest piece, as base64, sealed: within the payload's bound. */
static void
test_sealed_largest(void **state)
{
	uint8_t *data = calloc(1, REPLY_PIECE_MAX);
	struct seal_pair pair;
	struct reply reply;
	size_t inner_len, len;
	char *inner, *text;

	(void)state;
	assert_non_null(data);
	pair_make(&pair, 1);
	parsed(piece, &reply);
	memset(reply.hostname, 'a', HOSTNAME_MAX);
	for (size_t i = 60; i < HOSTNAME_MAX; i += 60)
		reply.hostname[i] = '.';
	reply.data = data;
	reply.data_len = REPLY_PIECE_MAX;
	reply.seq = REPLY_SEQ_MAX;
	inner = reply_build(&reply, &inner_len);
	assert_non_null(inner);
	text = reply_seal(&reply, pair.public_key, inner, inner_len, &len);
	assert_non_null(text);
	assert_true(len <= ENVELOPE_PAYLOAD_MAX);
	assert_int_equal(open_text(text, &pair), STATUS_OK);
	free(text);
	free(inner);
	reply_clear(&reply);
	free(data);
}

static void
test_seal_low_order(void **state)
{
	static const uint8_t zero[32];
	struct reply reply;
	size_t len;

	(void)state;
	parsed(least, &reply);
	assert_null(reply_seal(&reply, zero, least, strlen(least), &len));
	reply_clear(&reply);
}

static void
test_too_long(void **state)
{
	uint8_t *text = malloc(ENVELOPE_PAYLOAD_MAX + 1);
	struct reply reply;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', ENVELOPE_PAYLOAD_MAX + 1);
	memcpy(text, start, strlen(start));
	assert_int_equal(parse(text, ENVELOPE_PAYLOAD_MAX), STATUS_OK);
	assert_int_equal(
	    parse(text, ENVELOPE_PAYLOAD_MAX + 1), STATUS_TOO_LONG);
	assert_int_equal(
	    reply_open(text, ENVELOPE_PAYLOAD_MAX + 1, NULL, &reply),
	    STATUS_TOO_LONG);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_read_complete),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_piece_forms),
		cmocka_unit_test(test_piece_bound),
		cmocka_unit_test(test_piece_too_long),
		cmocka_unit_test(test_output_bound),
		cmocka_unit_test(test_build_refused),
		cmocka_unit_test(test_build_refused_special),
		cmocka_unit_test(test_sealed),
		cmocka_unit_test(test_sealed_content),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_sealed_flips),
		cmocka_unit_test(test_sealed_cut),
		cmocka_unit_test(test_sealed_members),
		cmocka_unit_test(test_sealed_inner),
		cmocka_unit_test(test_sealed_largest),
		cmocka_unit_test(test_seal_low_order),
		cmocka_unit_test(test_too_long),
	};

	if (sodium_init() < 0)
		return 1;
	json_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
