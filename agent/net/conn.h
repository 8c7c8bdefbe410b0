/*
 * Part of amiral-net. One connection to Redis: commands out, in order, each
 * with the handler of its answer; answers in, bounded and parsed (the only
 * module that calls hiredis). Says PING every CONN_PING_MS and gives up on a
 * server that is silent or drips. Once lost, every call does nothing.
 */
#ifndef AMIRAL_AGENT_NET_CONN_H
#define AMIRAL_AGENT_NET_CONN_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/net/outbuf.h"
#include "base/loop.h"

#define CONN_OUT_MAX     (4 * 1024 * 1024) /* bytes; then no more is taken */
#define CONN_PENDING_MAX 2048              /* commands waiting for answers */
#define CONN_ERROR_MAX   512               /* bytes of a reason, with the NUL */
#define CONN_PING_MS     10000
#define CONN_ANSWER_MS   5000 /* for a PING */

struct conn;

/*
 * left is the number of answers still to come to the same conn_ask(). False:
 * not finished, the handler has paused the connection and wants the same
 * reply again when it goes on.
 */
typedef bool conn_answer(
    const redisReply *, uint64_t tag, unsigned left, void *arg);
/* What a subscription delivers (PONGs excepted). */
typedef void conn_push(const redisReply *, void *arg);
/* Called once. why is a text of ours with, perhaps, Redis's error in it. */
typedef void conn_lost(const char *why, void *arg);
/* Output and pending commands have fallen to half after conn_full(). */
typedef void conn_drained(void *arg);

struct conn_setup {
	struct loop *loop;
	int fd;          /* connected, non-blocking; becomes the connection's */
	conn_push *push; /* NULL where nothing is subscribed to */
	conn_lost *lost;
	conn_drained *drained; /* or NULL */
	void *arg;
};

/* Fatal when out of memory. Nothing is read before the loop runs. */
struct conn *conn_open(const struct conn_setup *);
void conn_close(struct conn *);
/* AUTH and SELECT, written at once, where there is something to say. */
void conn_greet(
    struct conn *, const char *user, const char *password, uint32_t db);
/* Appends a command; conn_flush() writes what is there. */
void conn_put(struct conn *, const struct conn_arg *args, unsigned n);
/* handler takes the answers to the last n commands. */
void conn_ask(struct conn *, conn_answer *, uint64_t tag, unsigned n);
/* The last command blocks in Redis for up to wait_ms: be patient, no PING. */
void conn_wait(struct conn *, int64_t wait_ms);
void conn_flush(struct conn *);
/* True while output or pending commands are at a bound. */
bool conn_full(struct conn *);

/* Why a connection is not read; it is read while there is no reason. */
enum conn_pause {
	CONN_PAUSE_LINK = 1, /* who shall get it has no room */
	CONN_PAUSE_LOG = 2,  /* the log comes first */
	CONN_PAUSE_THROTTLE = 4,
};
void conn_pause(struct conn *, enum conn_pause, bool);
/*
 * An answer is known by its place alone. So that what stands in the place of
 * one that is missing (the next PONG, say) is not taken for it, a handler
 * takes nothing but what its command can be answered with.
 */
bool conn_says(const redisReply *, const char *status);
/* Gives up: the reply is not what was asked for. Redis's words, if any. */
void conn_fail(struct conn *, const char *what, const redisReply *);

#endif
