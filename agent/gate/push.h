/*
 * Part of the gate. Lists of operators that somebody pushed (protocol section
 * 7): judged by the host's own file, in force at once, kept by amirald.
 */
#ifndef AMIRAL_AGENT_GATE_PUSH_H
#define AMIRAL_AGENT_GATE_PUSH_H

#include <stddef.h>
#include <stdint.h>

#include "agent/gate/drops.h"
#include "agent/gate/trust.h"
#include "privsep/link.h"

struct gate_push {
	struct link *executor;
	const struct gate_trust *trust; /* its operators change */
	struct gate_drops *drops;
	void (*done)(void *arg); /* a new list is in force */
	void *arg;
};

/* One that is in force already is nothing; a bad one is counted. */
void push_take(struct gate_push *, const uint8_t *bytes, size_t len);

#endif
