/* How long a peer that ended waits before it starts anew. Part of amirald. */
#ifndef AMIRAL_EXECUTOR_BACKOFF_H
#define AMIRAL_EXECUTOR_BACKOFF_H

#include <stdint.h>

#define BACKOFF_LOW_MS  50
#define BACKOFF_HIGH_MS 200
#define BACKOFF_MAX_MS  10000

/*
 * After the first end between low and high, both doubled with each further
 * one; each value as likely as any other, if each noise is: jitter keeps a
 * fleet from coming all at once. Never more than the maximum.
 */
int64_t backoff_ms(unsigned failures, uint16_t noise);

#endif
