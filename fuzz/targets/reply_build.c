/*
 * Fuzz target: replies as a host writes them. The members come from the
 * input; what is built is read again as the same members, plain and sealed,
 * and nothing is built that could not be read.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "fuzz/cast.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"

static const char *const uuids[] = {
	"8f14e45f-ceea-467f-a1b2-0c3d4e5f6a7b",
	"45c48cce-2e2d-4fbd-9a08-5d3a1f0c2b7e",
};

static void
take_text(struct input *in, char *out, size_t size)
{
	size_t len;
	const uint8_t *at = input_bytes(in, input_u8(in) % size, &len);

	memcpy(out, at, len);
	out[strnlen(out, len)] = '\0';
}

static int64_t
take_positive(struct input *in)
{
	return input_i32(in) & INT32_MAX;
}

static void
take_noop(struct input *in, struct reply *reply)
{
	reply->reason = (enum reply_reason)(1 + input_u8(in) % (REASONS - 1));
	take_text(in, reply->detail, sizeof(reply->detail));
}

static void
take_output(struct input *in, struct reply *reply)
{
	strcpy(reply->stream, input_u8(in) & 1 ? "stdout" : "stderr");
	reply->data = input_bytes(in, in->left, &reply->data_len);
}

static void
take_usage(struct input *in, struct reply_usage *usage)
{
	usage->wall_ms = take_positive(in);
	usage->user_ms = take_positive(in);
	usage->system_ms = take_positive(in);
	usage->max_rss_kib = take_positive(in);
}

static void
take_complete(struct input *in, struct reply *reply)
{
	uint8_t has = input_u8(in);

	reply->ended = (enum reply_ended)(1 + has % (ENDED_COUNT - 1));
	reply->truncated = has & 8;
	reply->output_lost = has & 16;
	reply->has_chunks = has & 32;
	reply->has_usage = has & 64;
	if (reply->ended == ENDED_SIGNAL)
		reply->signal = 1 + input_u8(in) % 64;
	if (reply->ended == ENDED_CANCELLED)
		strcpy(reply->cancelled_by, "alice@example.com");
	if (reply->has_chunks)
		for (unsigned i = 0; i < 2; i++) {
			reply->chunks[i].count = input_u16(in);
			memset(reply->chunks[i].sha256, input_u8(in), 32);
		}
	if (reply->has_usage)
		take_usage(in, &reply->usage);
	reply->output =
	    json_loadb((const char *)in->at, in->left, JSON_ALLOW_NUL, NULL);
}

static void (*const takers[REPLY_STATUSES])(struct input *, struct reply *) = {
	[REPLY_NOOP] = take_noop,
	[REPLY_OUTPUT] = take_output,
	[REPLY_COMPLETE] = take_complete,
};

/* u8 status, u32 seq, u8 for what is large; then what the status has. */
static void
take_reply(struct input *in, struct reply *reply)
{
	reply->status = (enum reply_status)(input_u8(in) % REPLY_STATUSES);
	reply->seq = take_positive(in);
	reply->at = (int64_t)1763800000000 + input_i32(in);
	strcpy(reply->in_reply_to, uuids[0]);
	strcpy(reply->hostname, "www01.example.com");
	memset(reply->request, input_u8(in), sizeof(reply->request));
	memset(reply->boot, input_u8(in), sizeof(reply->boot));
	if (reply->status != REPLY_NOOP)
		strcpy(reply->uuid, uuids[1]);
	if (takers[reply->status] != NULL)
		takers[reply->status](in, reply);
}

static void
check_same_end(const struct reply *a, const struct reply *b)
{
	MUST(a->ended == b->ended && a->signal == b->signal);
	MUST(strcmp(a->cancelled_by, b->cancelled_by) == 0);
	MUST(a->truncated == b->truncated);
	MUST(a->output_lost == b->output_lost);
	MUST(a->has_chunks == b->has_chunks && a->has_usage == b->has_usage);
	for (unsigned i = 0; i < 2; i++) {
		MUST(a->chunks[i].count == b->chunks[i].count);
		MUST(memcmp(a->chunks[i].sha256, b->chunks[i].sha256, 32) == 0);
	}
	MUST(memcmp(&a->usage, &b->usage, sizeof(a->usage)) == 0);
}

static void
check_same(const struct reply *a, const struct reply *b)
{
	MUST(a->status == b->status && a->seq == b->seq && a->at == b->at);
	MUST(strcmp(a->in_reply_to, b->in_reply_to) == 0);
	MUST(strcmp(a->hostname, b->hostname) == 0);
	MUST(strcmp(a->uuid, b->uuid) == 0);
	MUST(memcmp(a->request, b->request, sizeof(a->request)) == 0);
	MUST(memcmp(a->boot, b->boot, sizeof(a->boot)) == 0);
	MUST(a->reason == b->reason && strcmp(a->detail, b->detail) == 0);
	MUST(strcmp(a->stream, b->stream) == 0);
	MUST(a->data_len == b->data_len);
	MUST(a->data_len == 0 || memcmp(a->data, b->data, a->data_len) == 0);
	check_same_end(a, b);
}

/* start and noop are never sealed. */
static void
check_sealed(const struct reply *reply, const char *text, size_t len)
{
	static const uint8_t no_point[32];
	struct reply read;
	char *sealed;
	size_t sealed_len;
	enum status status;

	MUST(reply_seal(reply, no_point, text, len, &sealed_len) == NULL);
	sealed =
	    reply_seal(reply, cast_seal()->public_key, text, len, &sealed_len);
	MUST(sealed != NULL && strlen(sealed) == sealed_len);
	status =
	    reply_open((const uint8_t *)sealed, sealed_len, cast_seal(), &read);
	free(sealed);
	if (reply->status == REPLY_START || reply->status == REPLY_NOOP) {
		MUST(status == STATUS_SEAL);
		return;
	}
	if (sealed_len > ENVELOPE_PAYLOAD_MAX) {
		MUST(status == STATUS_TOO_LONG);
		return;
	}
	MUST(status == STATUS_OK);
	check_same(reply, &read);
	reply_clear(&read);
}

/* For what reason, other than memory, there is nothing to send. */
static bool
cannot_be_sent(const struct reply *reply)
{
	if (reply->status == REPLY_NOOP)
		return !utf8_valid(reply->detail, strlen(reply->detail));
	if (reply->status == REPLY_OUTPUT)
		return reply->data_len > REPLY_PIECE_MAX;
	if (reply->status != REPLY_COMPLETE)
		return false;
	return !json_is_object(reply->output) ||
	       json_dumpb(reply->output, NULL, 0,
		   JSON_COMPACT | JSON_REAL_PRECISION(15)) > REPLY_OUTPUT_MAX;
}

/* What only the sender decides: its own limits are the readers'. */
static void
check_reply(const struct reply *reply)
{
	struct reply read;
	size_t len;
	char *text = reply_build(reply, &len);
	enum status status;

	MUST((text == NULL) == cannot_be_sent(reply));
	if (text == NULL)
		return;
	MUST(strlen(text) == len);
	status = reply_parse((const uint8_t *)text, len, &read);
	/* An object of a provider may be too deep, or hold what is refused. */
	MUST(status == STATUS_OK || reply->status == REPLY_COMPLETE);
	if (status == STATUS_OK) {
		check_same(reply, &read);
		check_sealed(reply, text, len);
		reply_clear(&read);
	}
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct reply reply = { .root = NULL };

	fuzz_prepare();
	take_reply(&in, &reply);
	check_reply(&reply);
	json_decref(reply.output);
	return 0;
}
