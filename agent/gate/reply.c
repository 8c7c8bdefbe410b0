/* Part of the gate: see reply.h. */
#include "agent/gate/reply.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

static const struct {
	enum letter_kind kind;
	bool sealed; /* where the request asks for it */
	bool uuid;   /* names the run */
} reply_rules[REPLY_STATUSES] = {
	[REPLY_START] = { LETTER_START, false, true },
	[REPLY_NOOP] = { LETTER_FINAL, false, false },
	[REPLY_OUTPUT] = { LETTER_PIECE, true, true },
	[REPLY_COMPLETE] = { LETTER_FINAL, true, true },
};

void
replies_init(struct gate_replies *replies, const struct gate_trust *trust,
    struct gate_outbox *outbox, struct gate_memory *memory)
{
	*replies = (struct gate_replies){
		.trust = trust,
		.outbox = outbox,
		.memory = memory,
	};
	randombytes_buf(replies->boot, sizeof(replies->boot));
}

static void
uuid_make(char uuid[static UUID_LEN + 1])
{
	uint8_t b[16];
	char hex[33];

	randombytes_buf(b, sizeof(b));
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	sodium_bin2hex(hex, sizeof(hex), b, sizeof(b));
	snprintf(uuid, UUID_LEN + 1, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
	    hex + 12, hex + 16, hex + 20);
}

void
answer_init(struct gate_answer *answer, const struct request *request,
    const uint8_t digest[static ENVELOPE_DIGEST_SIZE])
{
	*answer = (struct gate_answer){
		.via = request->reply_via,
		.expires = request->expires + request->timeout_s * 1000 +
			   REPLY_LIST_MS,
		.sealed = request->sealed,
	};
	memcpy(answer->request, digest, sizeof(answer->request));
	memcpy(answer->reply_to, request->reply_to, sizeof(answer->reply_to));
	memcpy(answer->seal_to, request->seal_to, sizeof(answer->seal_to));
	uuid_make(answer->uuid);
}

static void
reply_complete_members(const struct gate_replies *replies,
    struct gate_answer *answer, struct reply *reply)
{
	memcpy(reply->in_reply_to, answer->reply_to, sizeof(answer->reply_to));
	memcpy(reply->request, answer->request, sizeof(reply->request));
	if (reply_rules[reply->status].uuid)
		memcpy(reply->uuid, answer->uuid, sizeof(reply->uuid));
	snprintf(reply->hostname, sizeof(reply->hostname), "%s",
	    replies->trust->hostname);
	memcpy(reply->boot, replies->boot, sizeof(reply->boot));
	reply->seq = answer->seq++;
	reply->at = clock_wall_ms();
}

/* The payload as it is signed: sealed or not. */
static char *
reply_payload(
    const struct gate_answer *answer, const struct reply *reply, size_t *len)
{
	char *plain = reply_build(reply, len), *sealed;

	if (plain == NULL || !answer->sealed ||
	    !reply_rules[reply->status].sealed)
		return plain;
	sealed = reply_seal(reply, answer->seal_to, plain, *len, len);
	free(plain);
	return sealed;
}

static struct letter *
reply_sign(const struct gate_replies *replies, const struct gate_answer *answer,
    const struct reply *reply, char error[static KEY_ERROR_MAX])
{
	size_t payload_len = 0, len = 0;
	char *payload = reply_payload(answer, reply, &payload_len);
	struct letter *letter = NULL;
	uint8_t *envelope;

	snprintf(error, KEY_ERROR_MAX, "out of memory");
	if (payload == NULL)
		return NULL;
	envelope = signer_envelope(replies->trust->signer, ENVELOPE_REPLY,
	    (const uint8_t *)payload, payload_len, &len, error);
	if (envelope != NULL)
		letter = letter_new(envelope, len);
	free(envelope);
	free(payload);
	return letter;
}

bool
reply_send(struct gate_replies *replies, struct gate_answer *answer,
    struct reply *reply)
{
	char error[KEY_ERROR_MAX];
	struct letter *letter;
	bool posted;

	reply_complete_members(replies, answer, reply);
	letter = reply_sign(replies, answer, reply, error);
	if (letter == NULL) {
		log_error("reply %s is lost: %s",
		    reply_status_name(reply->status), error);
		return false;
	}
	letter->kind = reply_rules[reply->status].kind;
	memcpy(letter->request, answer->request, sizeof(letter->request));
	memcpy(letter->reply_to, answer->reply_to, sizeof(letter->reply_to));
	letter->via = answer->via;
	letter->expires = answer->expires;
	posted = outbox_post(replies->outbox, letter);
	memory_add(replies->memory, letter);
	letter_release(letter);
	return posted;
}
