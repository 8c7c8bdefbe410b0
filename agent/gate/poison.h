/*
 * Part of the gate. Which request is in hand, in memory that outlives this
 * process (E2G_NOTES): what a gate had in hand when it ended, the next one
 * refuses by its digest and never parses.
 */
#ifndef AMIRAL_AGENT_GATE_POISON_H
#define AMIRAL_AGENT_GATE_POISON_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/verify/envelope.h"

/*
 * Digests that are refused; one more takes the oldest one's place. A gate
 * that keeps crashing is started every 6 s or so, so that the oldest has
 * expired by then (max_ttl is an hour unless somebody raised it).
 */
#define POISON_MAX 1000

struct poison_notes;

struct gate_poison {
	struct poison_notes *notes;
};

/* Private memory until poison_adopt(); fatal when there is none. */
void poison_init(struct gate_poison *);
void poison_free(struct gate_poison *);
/*
 * Takes over fd, NOTES_SIZE bytes that amirald keeps. A former gate's word
 * is taken on nothing but digests to refuse.
 */
void poison_adopt(struct gate_poison *, int fd);
/*
 * Notes that the payload of this digest is about to be parsed, in the place
 * of the one before. False if that ended a gate: do not.
 */
bool poison_take(
    struct gate_poison *, const uint8_t digest[static ENVELOPE_DIGEST_SIZE]);
/* It did no harm. */
void poison_done(struct gate_poison *);

#endif
