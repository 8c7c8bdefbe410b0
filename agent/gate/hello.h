/*
 * Part of the gate. The host's presence: who it is, what runs, its facts.
 * Sent to each fresh net, when the facts change, and every minute.
 */
#ifndef AMIRAL_AGENT_GATE_HELLO_H
#define AMIRAL_AGENT_GATE_HELLO_H

#include <stdint.h>

#include "agent/gate/facts.h"
#include "agent/gate/reply.h"
#include "base/loop.h"
#include "wire/hello.h"

#define HELLO_JITTER_MS 5000               /* less than HELLO_INTERVAL_MS */
#define HELLO_FACTS_MAX (HELLO_MAX - 1024) /* bytes; the rest has fewer */

struct gate_hello {
	struct loop *loop;
	const struct gate_trust *trust;
	const struct gate_facts *facts;
	const uint8_t *boot; /* REPLY_BOOT_SIZE bytes */
	struct link *link;   /* to net, NULL while there is none */
	struct loop_timer timer;
	bool trimmed; /* was logged */
};

void hello_init(struct gate_hello *, struct loop *, const struct gate_trust *,
    const struct gate_facts *, const struct gate_replies *);
/* A fresh link, which gets a hello at once; NULL: net is gone. */
void hello_attach(struct gate_hello *, struct link *);
/* Sends one now, if there is a net. */
void hello_send(struct gate_hello *);

#endif
