/*
 * Part of amiral-net, agent role. The operators' public keys that the gate
 * has pushed: a message by anybody else is not worth a verification. Load
 * shedding, not a decision: the gate judges again.
 */
#ifndef AMIRAL_AGENT_NET_KEYRING_H
#define AMIRAL_AGENT_NET_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/verify/envelope.h"

#define KEYRING_ROW (1 + ED25519_KEY_SIZE) /* type, then the key */

/* Open addressing: a row's place is in its key, which is random enough. */
struct keyring {
	uint8_t (*slots)[KEYRING_ROW];
	size_t size; /* 0 or a power of two, at least twice count */
	size_t count;
};

/* The body of one KEYS frame. False for an ill-formed one or too many keys. */
bool keyring_take(struct keyring *, const uint8_t *body, size_t len);
bool keyring_has(const struct keyring *, const struct public_key *);
void keyring_free(struct keyring *);
/* STATUS_OK: of that kind, every line signed by one of these keys. */
enum status keyring_judge(
    const struct keyring *, enum envelope_kind, const void *bytes, size_t len);

#endif
