/*
 * Part of the gate. A finished reply: signed bytes and where they go. The
 * outbox and the memory of answered requests share one copy.
 */
#ifndef AMIRAL_AGENT_GATE_LETTER_H
#define AMIRAL_AGENT_GATE_LETTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/name.h"
#include "wire/request.h"

enum letter_kind {
	LETTER_START,
	LETTER_PIECE, /* of output: may be lost */
	LETTER_FINAL, /* noop or complete: may not */
};

struct letter {
	unsigned holders;
	enum letter_kind kind;
	uint8_t request[ENVELOPE_DIGEST_SIZE];
	char reply_to[UUID_LEN + 1];
	enum reply_via via;
	int64_t expires; /* of a reply list, ms since the epoch */
	size_t len;
	uint8_t bytes[];
};

/* A letter of these bytes, held once; NULL when out of memory. */
struct letter *letter_new(const uint8_t *bytes, size_t len);
struct letter *letter_hold(struct letter *);
void letter_release(struct letter *);

#endif
