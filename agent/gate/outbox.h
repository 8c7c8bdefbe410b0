/*
 * Part of the gate. Replies on their way: each is kept until net says that
 * Redis stored it, or that nobody waits for it any more; a fresh net gets
 * all of them again. Over its bounds the outbox takes no pieces of output,
 * and the gate no requests; final replies are always taken, and there are no
 * more of them than jobs still run.
 */
#ifndef AMIRAL_AGENT_GATE_OUTBOX_H
#define AMIRAL_AGENT_GATE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "agent/gate/letter.h"
#include "privsep/link.h"

#define OUTBOX_LETTERS 4096
#define OUTBOX_BYTES   (8 * 1024 * 1024)

struct outbox_entry;

struct gate_outbox {
	struct link *link; /* to net, NULL while there is none */
	TAILQ_HEAD(, outbox_entry) entries; /* in the order of their ids */
	struct outbox_entry *unsent;        /* the first one net has not got */
	uint64_t next_id;
	unsigned letters;
	size_t bytes;
};

void outbox_init(struct gate_outbox *);
/* Takes part in the letter's holding. False: a piece that found no room. */
bool outbox_post(struct gate_outbox *, struct letter *);
/* Net said so of this id; an unknown id (stored twice) is nothing. */
void outbox_done(struct gate_outbox *, uint64_t id);
/* A fresh link gets everything again; NULL: net is gone. */
void outbox_attach(struct gate_outbox *, struct link *);
/* Sends what the link takes. */
void outbox_pump(struct gate_outbox *);
/* True while no request should be taken. */
bool outbox_full(const struct gate_outbox *);

#endif
