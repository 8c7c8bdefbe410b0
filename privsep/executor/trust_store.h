/*
 * The operators' list that the gate has taken, as it came: bytes that amirald
 * keeps and hands back, and never looks into. Part of amirald.
 */
#ifndef AMIRAL_EXECUTOR_TRUST_STORE_H
#define AMIRAL_EXECUTOR_TRUST_STORE_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#define TRUST_STORE_WRITES    16 /* in a window; each is flushed to the disk */
#define TRUST_STORE_WINDOW_MS 10000

struct trust_store {
	int64_t window_ms;
	unsigned writes;
};

/* Logs what goes wrong. */
void trust_store_write(struct trust_store *, const char *state_dir,
    const uint8_t *bytes, size_t len);
/*
 * What is kept: a descriptor, or -1 where nothing is. A file that is there
 * and cannot be believed is logged, and -2.
 */
int trust_store_open(const char *state_dir, char path[static PATH_MAX]);

#endif
