/*
 * Part of the gate. The only place where the host's key signs a reply, and
 * it signs only what it has built itself from these members: there is no
 * way in for bytes that somebody else composed.
 */
#ifndef AMIRAL_AGENT_GATE_REPLY_H
#define AMIRAL_AGENT_GATE_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/gate/memory.h"
#include "agent/gate/outbox.h"
#include "agent/gate/trust.h"
#include "wire/reply.h"
#include "wire/request.h"

/* How long a reply list outlives request and timeout. */
#define REPLY_LIST_MS (10LL * 60 * 1000)

/* What all replies to one request have in common. */
struct gate_answer {
	uint8_t request[ENVELOPE_DIGEST_SIZE];
	char reply_to[UUID_LEN + 1];
	char uuid[UUID_LEN + 1];
	enum reply_via via;
	int64_t expires; /* of a reply list */
	bool sealed;
	uint8_t seal_to[SEAL_KEY_SIZE];
	int64_t seq; /* of the next reply */
};

struct gate_replies {
	const struct gate_trust *trust;
	struct gate_outbox *outbox;
	struct gate_memory *memory;
	uint8_t boot[REPLY_BOOT_SIZE];
};

void replies_init(struct gate_replies *, const struct gate_trust *,
    struct gate_outbox *, struct gate_memory *);
/* The answer to a parsed request, with a fresh UUID. */
void answer_init(struct gate_answer *, const struct request *,
    const uint8_t digest[static ENVELOPE_DIGEST_SIZE]);
/*
 * Completes reply with what the answer and this host know, seals it where
 * the request asks for that and its status allows it, signs, remembers and
 * posts it. False if it is lost: no room (pieces only), or no memory.
 */
bool reply_send(struct gate_replies *, struct gate_answer *, struct reply *);

#endif
