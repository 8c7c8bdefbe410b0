/*
 * What the gate has learnt from operators' lists: the one in force, as it
 * came, and everybody whom any of them has revoked. Bytes that amirald keeps
 * and hands back, and never looks into; but the second file only grows, so
 * that not even a gate that was taken over can take a revocation back. Part of
 * amirald.
 */
#ifndef AMIRAL_EXECUTOR_TRUST_STORE_H
#define AMIRAL_EXECUTOR_TRUST_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/agent_conf.h"
#include "privsep/executor/state_dir.h"

#define TRUST_STORE_LIST      AGENT_TRUST_FILE
#define TRUST_STORE_REVOKED   "revoked"
#define TRUST_STORE_WRITES    16 /* in a window; each is flushed to the disk */
#define TRUST_STORE_WINDOW_MS 10000

struct trust_store {
	int64_t window_ms;
	unsigned writes;
	bool behind; /* revocations could not be kept */
};

/*
 * Both log what goes wrong. A list is not kept while revocations that came
 * before it are not: it may be the one that does not name them any more.
 */
void trust_store_write(struct trust_store *, const struct state_dir *,
    const uint8_t *bytes, size_t len);
void trust_store_revoke(struct trust_store *, const struct state_dir *,
    const uint8_t *bytes, size_t len);

#endif
