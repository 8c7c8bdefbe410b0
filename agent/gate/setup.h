/*
 * Part of the gate. The sets of files that amirald hands over: the first one
 * locks this process in before a byte of it is parsed; each is in force as a
 * whole, or not at all.
 */
#ifndef AMIRAL_AGENT_GATE_SETUP_H
#define AMIRAL_AGENT_GATE_SETUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/gate/trust.h"
#include "privsep/link.h"

/* first: nothing was in force before. */
typedef void setup_done_fn(bool first, void *arg);

struct gate_setup {
	struct link *executor;
	struct gate_trust *trust; /* replaced as a whole */
	struct trust_files files; /* of the set that the next COMMIT closes */
	bool locked_in;
	setup_done_fn *done; /* a new set is in force */
	void (*failed)(bool first, const char *why, void *arg); /* refused */
	void *arg;
};

void setup_on_file(
    struct gate_setup *, const uint8_t *body, size_t len, int fd);
void setup_on_commit(
    struct gate_setup *, const uint8_t *body, size_t len, int fd);

#endif
