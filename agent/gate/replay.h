/*
 * Part of the gate. Which requests are known: each one that matched, by its
 * digest, recorded before it is answered. An entry leaves only when the
 * request can no longer be fresh; the floor then keeps what it knew. This is
 * where a journal on disk goes behind.
 */
#ifndef AMIRAL_AGENT_GATE_REPLAY_H
#define AMIRAL_AGENT_GATE_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/verify/envelope.h"

#define REPLAY_MAX   65536
#define REPLAY_SHARE (REPLAY_MAX / 4) /* entries of one principal */
/*
 * The end of a share is kept for refusals: an operator whose share runs out
 * is told so (busy) while that word can still be made final.
 */
#define REPLAY_RESERVE 1024
/* How long after `expires` a late request is still answered. */
#define REPLAY_LATE_MS  (10LL * 60 * 1000)
#define REPLAY_SWEEP_MS 1000 /* between two searches for room */

enum replay_state {
	REPLAY_RUNNING,
	REPLAY_REFUSED,
	REPLAY_COMPLETE,
};

struct replay_entry {
	uint8_t digest[ENVELOPE_DIGEST_SIZE];
	int64_t expires; /* ms since the epoch; 0: the slot is free */
	uint32_t owner;
	enum replay_state state;
};

struct replay_owner {
	char *name;
	uint32_t entries;
};

struct gate_replay {
	struct replay_entry *slots; /* open addressing, at most half full */
	uint32_t size, used;        /* size is a power of two */
	struct replay_owner *owners;
	uint32_t owner_count;
	int64_t floor;    /* what expires up to here is refused, ms */
	int64_t early;    /* so far it was let go before it was late, ms */
	int64_t swept_ms; /* wall clock */
	uint8_t hash_key[16];
};

/* Fatal when out of memory. */
void replay_init(struct gate_replay *);
void replay_clear(struct gate_replay *);
const struct replay_entry *replay_find(const struct gate_replay *,
    const uint8_t digest[static ENVELOPE_DIGEST_SIZE]);
const char *replay_owner_name(
    const struct gate_replay *, const struct replay_entry *);
/* Entries that owner holds. */
uint32_t replay_owned(const struct gate_replay *, const char *owner);
/*
 * True if one more entry of owner's can be recorded. Drops what expired
 * before now where that is needed to make room: of what expired up to early
 * nobody knows any more how it was answered.
 */
bool replay_room(struct gate_replay *, const char *owner, int64_t now);
/* Records a new digest. False if there is no room, or no memory. */
bool replay_add(struct gate_replay *,
    const uint8_t digest[static ENVELOPE_DIGEST_SIZE], const char *owner,
    int64_t expires, enum replay_state);
/* A recorded request moves on; does nothing for an unknown one. */
void replay_mark(struct gate_replay *,
    const uint8_t digest[static ENVELOPE_DIGEST_SIZE], enum replay_state);
/*
 * Lets go of everything that expired before horizon and does not run, and
 * raises the floor to it.
 */
void replay_expire(struct gate_replay *, int64_t horizon);
/*
 * A cancel that came before its request: recorded under a digest of its own,
 * made of the request's and the asker's name, so that nobody can cancel (or
 * undo the cancel of) what he did not sign. REPLAY_ANYBODY, which is no
 * principal: by somebody whom the policy lets cancel any.
 */
#define REPLAY_ANYBODY "*"
void replay_cancel_digest(const uint8_t digest[static ENVELOPE_DIGEST_SIZE],
    const char *owner, uint8_t out[static ENVELOPE_DIGEST_SIZE]);

#endif
