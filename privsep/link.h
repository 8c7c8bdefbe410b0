/*
 * One end of a framed socketpair between two processes of ours
 * (SOCK_SEQPACKET: boundaries and end of file are the kernel's business).
 *
 * A frame is one byte of type and a body of 0 to LINK_BODY_MAX bytes. What
 * may come, in which state, of which size and with how many descriptors is
 * data (struct link_rule); anything else ends the peer. Nothing blocks: what
 * the socket does not take is queued up to the direction's bounds.
 */
#ifndef AMIRAL_PRIVSEP_LINK_H
#define AMIRAL_PRIVSEP_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/loop.h"

#define LINK_BODY_MAX 131072 /* bytes; well below the default SO_SNDBUF */
#define LINK_FDS_MAX  3

struct link;

struct link_rule {
	const char *name;
	uint32_t states;   /* bits of the receiver's states that permit it */
	uint32_t min, max; /* bytes of body */
	uint8_t fds;       /* exactly that many descriptors */
};

/* One direction of a link: a row for each type, from 0. */
struct link_direction {
	const char *name; /* "gate to net" */
	const struct link_rule *rules;
	unsigned count;
	unsigned queue_frames; /* of the sender's queue */
	size_t queue_bytes;
};

/* fds belong to the handler, who must keep or close each. */
typedef void link_handler(
    const uint8_t *body, size_t len, const int *fds, void *arg);

enum link_end {
	LINK_EOF,       /* the peer is gone */
	LINK_VIOLATION, /* the peer broke a rule: end it */
};
/*
 * Called once, after every frame that came before; the link is no longer
 * watched and takes frames only to drop them. why names what was seen.
 */
typedef void link_ended(enum link_end, const char *why, void *arg);
/* The queue has fallen to half of its bounds after link_full() was true. */
typedef void link_drained(void *arg);
/* Around the frames of one wakeup: true before the first is received. */
typedef void link_reading(bool begins, void *arg);

struct link_setup {
	struct loop *loop;
	int fd; /* becomes the link's */
	const struct link_direction *in, *out;
	link_handler *const *handlers; /* in->count entries */
	link_ended *ended;
	link_drained *drained; /* or NULL */
	link_reading *reading; /* or NULL */
	void *arg;
};

/* A pair of ends, close-on-exec; -1 with errno. */
int link_pair(int fds[static 2]);
/* state is the receiver's first state, one bit. Fatal when out of memory. */
struct link *link_open(const struct link_setup *, uint32_t state);
/* Unwatches, closes, frees; what is queued is lost. Any callback may do it. */
void link_close(struct link *);
/* The receiver's state moves on: from now on only what state permits. */
void link_state(struct link *, uint32_t state);
/*
 * Sends type with its body in pieces, or queues it; the body is copied. Fds
 * stay the caller's (a queued frame holds duplicates). False if the queue is
 * at a bound: the frame was not taken. Own violations are fatal.
 */
bool link_send(struct link *, unsigned type, const struct iovec *pieces, int n,
    const int *fds);
bool link_send_bytes(
    struct link *, unsigned type, const void *body, size_t len);
/* True while the direction's largest frame would not be taken. */
bool link_full(const struct link *);
bool link_empty(const struct link *);
/* Frames that wait for the peer to read. */
unsigned link_queued(const struct link *);
/* Stops, or goes on, reading from the peer (its end is then seen later). */
void link_pause(struct link *, bool);

#endif
