/*
 * Fuzz target: bytes from Redis as amiral-net reads them. Judged in one
 * piece, byte by byte, and in pieces of the first byte's length alike; what
 * passes holds no surprise for hiredis, which makes of it as many replies as
 * were counted, and each is looked at as an answer of XREAD.
 */
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "agent/net/resp_bound.h"
#include "agent/net/stream.h"
#include "fuzz/fuzz.h"

struct verdict {
	const char *wrong;
	unsigned complete;
};

static struct verdict
judge(struct input in, size_t piece)
{
	struct verdict verdict = { .wrong = NULL };
	struct resp_bound bound;

	resp_bound_init(&bound, &resp_limits_default);
	while (in.left > 0 && verdict.wrong == NULL) {
		size_t n;
		const uint8_t *bytes = input_bytes(&in, piece, &n);

		verdict.wrong = resp_bound_feed(&bound, bytes, n);
		MUST(bound.depth <= RESP_DEPTH_MAX);
		MUST(bound.elements <= resp_limits_default.elements);
		MUST(verdict.wrong != NULL || bound.total + bound.bulk_left <=
						  resp_limits_default.total);
	}
	verdict.complete = bound.complete;
	return verdict;
}

static void
look_at(const redisReply *reply)
{
	const redisReply *entries = NULL;
	struct stream_entry entry;

	if (!stream_entries(reply, &entries) || entries == NULL)
		return;
	for (size_t i = 0; i < entries->elements; i++) {
		if (!stream_entry(entries, i, &entry))
			return;
		MUST(stream_position_valid(
		    entry.position, strlen(entry.position)));
		MUST(entry.bytes == NULL || entry.bytes[entry.len] == '\0');
	}
}

/* As conn.c does: nothing is fed that was not judged before. */
static unsigned
parse(struct input in, size_t piece, unsigned replies)
{
	redisReader *reader = redisReaderCreate();
	unsigned got = 0;
	void *reply;

	MUST(reader != NULL);
	while (in.left > 0) {
		size_t n;
		const uint8_t *bytes = input_bytes(&in, piece, &n);

		MUST(redisReaderFeed(reader, (const char *)bytes, n) ==
		     REDIS_OK);
		for (;;) {
			reply = NULL;
			MUST(redisReaderGetReply(reader, &reply) == REDIS_OK);
			if (reply == NULL)
				break;
			MUST(++got <= replies);
			look_at(reply);
			freeReplyObject(reply);
		}
	}
	redisReaderFree(reader);
	return got;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	size_t piece = (size_t)input_u8(&in) + 1;
	struct verdict whole, bytes, pieces;

	fuzz_prepare();
	if (in.left == 0)
		return 0;
	whole = judge(in, in.left);
	bytes = judge(in, 1);
	pieces = judge(in, piece);
	MUST((whole.wrong == NULL) == (bytes.wrong == NULL));
	MUST((whole.wrong == NULL) == (pieces.wrong == NULL));
	MUST(whole.complete == bytes.complete);
	MUST(whole.complete == pieces.complete);
	if (whole.wrong == NULL)
		MUST(parse(in, piece, whole.complete) == whole.complete);
	return 0;
}
