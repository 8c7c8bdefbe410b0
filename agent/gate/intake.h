/*
 * Part of the gate. From the bytes of a request to what becomes of it, one
 * after the other. While replies or audit lines do not get away, requests
 * wait; there is a bound to that too.
 */
#ifndef AMIRAL_AGENT_GATE_INTAKE_H
#define AMIRAL_AGENT_GATE_INTAKE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "agent/gate/admit.h"
#include "agent/gate/builtin.h"
#include "agent/gate/drops.h"
#include "agent/gate/memory.h"
#include "agent/gate/run.h"
#include "agent/gate/throttle.h"

/*
 * Net's word that a reply was stored comes through the same link as the
 * requests, so that link is read on while the outbox is full.
 */
#define INTAKE_WAITING 2048
#define INTAKE_BYTES   (2 * 1024 * 1024)

struct waiting;

struct gate_intake {
	const struct gate_admit *admit;
	struct gate_builtins *builtins;
	struct gate_runs *runs;
	struct gate_replies *replies;
	struct gate_memory *memory;
	struct gate_outbox *outbox;
	struct gate_audit *audit;
	struct gate_drops *drops;
	struct link *executor;
	struct link *net; /* NULL while there is none */
	bool
	    paused; /* net is not read: amirald does not keep up, or throttle */
	struct gate_throttle *throttle;
	STAILQ_HEAD(, waiting) waiting;
	unsigned count;
	size_t bytes;
};

/* N2G_REQUEST. */
void intake_take(struct gate_intake *, const uint8_t *bytes, size_t len);
/* There may be room again, or time. */
void intake_go_on(struct gate_intake *);
/* Net begins, or ends, to cost time. */
void intake_busy(struct gate_intake *, bool begins);
/* A fresh link to net, or NULL. */
void intake_net(struct gate_intake *, struct link *);

#endif
