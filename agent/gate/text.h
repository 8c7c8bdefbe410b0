/*
 * Part of the gate. One stream of a provider's output: held until it is
 * known whether it is a JSON object, or cut into pieces as it comes.
 */
#ifndef AMIRAL_AGENT_GATE_TEXT_H
#define AMIRAL_AGENT_GATE_TEXT_H

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/reply.h"

/* A provider's object may be laid out wider than the gate writes it. */
#define TEXT_HELD_MAX (2 * REPLY_OUTPUT_MAX)

struct text {
	uint8_t *held;
	size_t used, size;
	bool flowing; /* pieces of it have gone out, and the rest will */
	int64_t pieces;
	crypto_hash_sha256_state hash; /* of the pieces */
};

typedef void text_piece_fn(void *arg, const uint8_t *bytes, size_t len);

void text_init(struct text *);
void text_clear(struct text *);
/*
 * Adds bytes; what is more than may be held goes out as pieces. False when
 * out of memory (the bytes are lost).
 */
bool text_add(struct text *, const uint8_t *bytes, size_t len, text_piece_fn *,
    void *arg);
/*
 * Cuts what is held into pieces. more: the stream goes on, so that a
 * character that is not whole yet stays for the next piece.
 */
void text_flush(struct text *, bool more, text_piece_fn *, void *arg);
/* True if what is held begins as a JSON object does, or is white space. */
bool text_like_object(const struct text *);
/* Number and hash of the pieces; ends the hash. */
void text_chunks(struct text *, struct reply_chunks *);

#endif
