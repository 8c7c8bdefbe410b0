/* Log lines of gate and net, at a bounded rate. Part of amirald. */
#ifndef AMIRAL_EXECUTOR_RELAY_H
#define AMIRAL_EXECUTOR_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

#define RELAY_LINES 50 /* a second and process; more are counted only */

struct relay {
	const char *process;
	int64_t window_ms;
	unsigned lines, suppressed;
};

/* The body of a LOG frame. False if it is none. */
bool relay_line(struct relay *, const uint8_t *body, size_t len);
/* A text of its own. */
void relay_text(
    struct relay *, enum log_level, const uint8_t *text, size_t len);
/* Says how many lines were left out, if any were. */
void relay_flush(struct relay *);

#endif
