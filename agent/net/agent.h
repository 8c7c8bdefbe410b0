/*
 * Part of amiral-net, agent role: one struct for agent.c (beginning, wiring),
 * agent_requests.c (from Redis to the gate) and agent_replies.c (from the
 * gate to Redis).
 */
#ifndef AMIRAL_AGENT_NET_AGENT_H
#define AMIRAL_AGENT_NET_AGENT_H

#include "agent/net/conn.h"
#include "agent/net/keyring.h"
#include "agent/net/net.h"
#include "agent/net/stream.h"
#include "agent/net/tally.h"

struct agent {
	struct net net;
	char hostname[HOSTNAME_MAX + 1];
	bool jailed;
	int root; /* the empty directory; -1 before CONFIG and when used */
	struct link *gate;
	struct conn *commands, *subscription;
	struct keyring keys;
	/* requests */
	unsigned confirmed;                 /* channels */
	char position[STREAM_POSITION_MAX]; /* in the log */
	size_t page_at; /* entries of the page that are done */
	unsigned log_entries;
	struct tally tally;
	struct throttle throttle;
	struct loop_timer tally_timer, throttle_timer;
	bool over; /* a connection is lost: said once */
};

/* The gate has no room: nothing is read that would go there. */
void agent_check_gate(struct agent *);

void agent_requests_begin(struct agent *);
void agent_requests_subscribe(struct agent *);
conn_push agent_requests_on_push;
/* What the counters still hold, at the end. */
void agent_requests_flush(struct agent *);

/* enum reply_via of wire/request.h, which needs JSON; a test compares. */
enum agent_via {
	AGENT_VIA_STREAM,
	AGENT_VIA_LIST,
	AGENT_VIA_PUBSUB,
	AGENT_VIAS
};
link_handler agent_replies_on_reply, agent_replies_on_hello;

#endif
