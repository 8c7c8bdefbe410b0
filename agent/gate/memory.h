/*
 * Part of the gate. What was answered lately: a request that comes again
 * gets the same bytes again, never a new answer. Bounded by number and by
 * bytes; the request that was answered longest ago is forgotten first.
 */
#ifndef AMIRAL_AGENT_GATE_MEMORY_H
#define AMIRAL_AGENT_GATE_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "agent/gate/letter.h"
#include "agent/gate/outbox.h"

#define MEMORY_LETTERS  256
#define MEMORY_BYTES    (16 * 1024 * 1024)
#define MEMORY_AGAIN_MS 10000 /* between two times that one is sent again */

struct memory_record;

struct gate_memory {
	TAILQ_HEAD(memory_records, memory_record) records; /* oldest first */
	unsigned letters;
	size_t bytes;
};

void memory_init(struct gate_memory *);
void memory_clear(struct gate_memory *);
/* Remembers a reply beside the others to the same request. */
void memory_add(struct gate_memory *, struct letter *);
/*
 * Posts what is remembered of a request again, unless that was done less
 * than MEMORY_AGAIN_MS before now (monotonic). Returns how many.
 */
unsigned memory_resend(struct gate_memory *,
    const uint8_t request[static ENVELOPE_DIGEST_SIZE], int64_t now,
    struct gate_outbox *);
/* The remembered final reply, or NULL. */
const struct letter *memory_final(const struct gate_memory *,
    const uint8_t request[static ENVELOPE_DIGEST_SIZE]);

#endif
