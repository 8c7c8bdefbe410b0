/*
 * Part of the gate. The link to amiral-net: what net must know before it may
 * subscribe, requests in, replies and hellos out. A net that ends, or breaks
 * a rule, is left alone until amirald brings a fresh one.
 */
#ifndef AMIRAL_AGENT_GATE_NETLINK_H
#define AMIRAL_AGENT_GATE_NETLINK_H

#include "agent/gate/hello.h"
#include "agent/gate/outbox.h"
#include "agent/gate/push.h"
#include "agent/gate/trust.h"
#include "base/loop.h"

struct gate_intake;

struct gate_netlink {
	struct loop *loop;
	const struct gate_trust *trust;
	struct gate_outbox *outbox;
	struct gate_hello *hello;
	struct gate_intake *intake;
	struct gate_push *push;
	struct link *link; /* NULL while there is none */
	bool keys_due;     /* new keys that the queue has not taken */
};

/* Takes over the descriptor of E2G_NET; the former link is dead. */
void netlink_open(struct gate_netlink *, int fd);
/* The operators' keys have changed. */
void netlink_keys(struct gate_netlink *);

#endif
