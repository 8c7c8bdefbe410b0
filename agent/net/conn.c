/* Part of amiral-net: one connection to Redis. */
#include "agent/net/conn.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/net/resp_bound.h"
#include "base/log.h"

#define CONN_READ_SIZE 65536 /* bytes taken in one turn of the loop */

struct pending {
	conn_answer *fn;
	uint64_t tag;
	unsigned left;
};

struct conn {
	struct conn_setup setup;
	struct resp_bound bound;
	redisReader *reader;
	char *in; /* CONN_READ_SIZE bytes */
	struct outbuf out;
	struct pending *queue; /* a ring of CONN_PENDING_MAX */
	unsigned first, pending;
	redisReply *held; /* the reply that its handler wants again */
	unsigned paused;  /* enum conn_pause bits */
	bool dispatching, asked, was_full, dead;
	struct loop_timer ping;
};

static void
conn_give_up(struct conn *c, const char *why)
{
	if (c->dead)
		return;
	c->dead = true;
	loop_unwatch(c->setup.loop, c->setup.fd);
	loop_timer_clear(c->setup.loop, &c->ping);
	c->setup.lost(why, c->setup.arg);
}

void
conn_fail(struct conn *c, const char *what, const redisReply *reply)
{
	char why[CONN_ERROR_MAX];

	if (reply != NULL && reply->type == REDIS_REPLY_ERROR)
		snprintf(why, sizeof why, "%s: %s", what, reply->str);
	else
		snprintf(why, sizeof why, "%s: not the answer that Redis gives",
		    what);
	conn_give_up(c, why);
}

/* Output */

void
conn_put(struct conn *c, const struct conn_arg *args, unsigned n)
{
	if (!c->dead)
		outbuf_put(&c->out, args, n);
}

static bool
conn_below_half(const struct conn *c)
{
	return outbuf_waiting(&c->out) <= CONN_OUT_MAX / 2 &&
	       c->pending <= CONN_PENDING_MAX / 2;
}

static void
conn_drain(struct conn *c)
{
	if (c->dead || !c->was_full || !conn_below_half(c))
		return;
	c->was_full = false;
	if (c->setup.drained != NULL)
		c->setup.drained(c->setup.arg);
}

/* A quarter of the pending commands stays free for what is under way. */
bool
conn_full(struct conn *c)
{
	if (outbuf_waiting(&c->out) < CONN_OUT_MAX &&
	    c->pending < CONN_PENDING_MAX * 3 / 4)
		return false;
	c->was_full = true;
	return true;
}

static void
conn_watch(struct conn *c)
{
	short events = c->paused ? 0 : POLLIN;

	if (outbuf_waiting(&c->out) > 0)
		events |= POLLOUT;
	loop_events(c->setup.loop, c->setup.fd, events);
}

void
conn_flush(struct conn *c)
{
	if (c->dead)
		return;
	if (outbuf_write(&c->out, c->setup.fd) == -1) {
		conn_give_up(c, strerror(errno));
		return;
	}
	conn_watch(c);
	conn_drain(c);
}

/* Questions and answers */

void
conn_ask(struct conn *c, conn_answer *fn, uint64_t tag, unsigned n)
{
	unsigned at = (c->first + c->pending) % CONN_PENDING_MAX;

	if (c->dead)
		return;
	if (c->pending == CONN_PENDING_MAX)
		fatal("more than %d commands wait for Redis", CONN_PENDING_MAX);
	c->queue[at] = (struct pending){ .fn = fn, .tag = tag, .left = n };
	c->pending++;
}

bool
conn_says(const redisReply *r, const char *status)
{
	return r->type == REDIS_REPLY_STATUS && strcmp(r->str, status) == 0;
}

static bool
conn_is_pong(const redisReply *r)
{
	return conn_says(r, "PONG") ||
	       (r->type == REDIS_REPLY_ARRAY && r->elements == 2 &&
		   r->element[0]->type == REDIS_REPLY_STRING &&
		   strcmp(r->element[0]->str, "pong") == 0);
}

static bool
conn_answer_pending(struct conn *c, const redisReply *reply)
{
	struct pending *p = &c->queue[c->first];

	if (!p->fn(reply, p->tag, p->left - 1, c->setup.arg))
		return false;
	if (--p->left > 0)
		return true;
	c->pending--;
	c->first = c->pending > 0 ? (c->first + 1) % CONN_PENDING_MAX : 0;
	conn_drain(c);
	return true;
}

/* False if the handler wants to be given the reply once more. */
static bool
conn_hand_over(struct conn *c, const redisReply *reply)
{
	if (c->asked) {
		c->asked = false;
		loop_timer_set(c->setup.loop, &c->ping, CONN_PING_MS);
	}
	if (c->pending > 0)
		return conn_answer_pending(c, reply);
	if (c->setup.push == NULL)
		conn_fail(c, "unasked", reply);
	else if (!conn_is_pong(reply))
		c->setup.push(reply, c->setup.arg);
	return true;
}

/* The next whole reply, or NULL. */
static redisReply *
conn_next(struct conn *c)
{
	redisReply *reply = c->held;
	void *parsed = NULL;

	if (reply != NULL) {
		c->held = NULL;
		return reply;
	}
	if (c->bound.complete == 0)
		return NULL;
	c->bound.complete--;
	if (redisReaderGetReply(c->reader, &parsed) == REDIS_OK &&
	    parsed != NULL)
		return parsed;
	conn_give_up(c, c->reader->err ? c->reader->errstr : "protocol error");
	return NULL;
}

static void
conn_dispatch(struct conn *c)
{
	redisReply *reply;

	if (c->dispatching)
		return;
	c->dispatching = true;
	while (!c->dead && !c->paused && (reply = conn_next(c)) != NULL) {
		if (conn_hand_over(c, reply))
			freeReplyObject(reply);
		else
			c->held = reply;
	}
	c->dispatching = false;
}

void
conn_pause(struct conn *c, enum conn_pause why, bool on)
{
	unsigned before = c->paused;

	c->paused = on ? before | why : before & ~(unsigned)why;
	if (c->dead || c->paused == before)
		return;
	/* Time in which nothing was read says nothing about the server. */
	if (c->asked && !c->paused)
		loop_timer_set(c->setup.loop, &c->ping, CONN_PING_MS);
	conn_watch(c);
	conn_dispatch(c);
}

/* Input */

static void
conn_feed(struct conn *c, size_t len)
{
	const char *wrong = resp_bound_feed(&c->bound, c->in, len);
	char why[CONN_ERROR_MAX];

	if (wrong != NULL) {
		snprintf(why, sizeof why, "broke the protocol: %s", wrong);
		conn_give_up(c, why);
		return;
	}
	if (redisReaderFeed(c->reader, c->in, len) != REDIS_OK) {
		conn_give_up(c, c->reader->errstr);
		return;
	}
	conn_dispatch(c);
}

static void
conn_read(struct conn *c)
{
	ssize_t n = read(c->setup.fd, c->in, CONN_READ_SIZE);

	if (n > 0)
		conn_feed(c, (size_t)n);
	else if (n == 0)
		conn_give_up(c, "closed by Redis");
	else if (errno != EAGAIN && errno != EINTR)
		conn_give_up(c, strerror(errno));
}

static void
conn_on_events(int fd, short events, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	if (events & POLLOUT)
		conn_flush(c);
	if (c->dead)
		return;
	if (c->paused && (events & (POLLHUP | POLLERR)))
		conn_give_up(c, "closed by Redis");
	else if (!c->paused && (events & (POLLIN | POLLHUP | POLLERR)))
		conn_read(c);
}

/* Time */

static bool
conn_on_pong(const redisReply *reply, uint64_t tag, unsigned left, void *arg)
{
	struct conn *c = (struct conn *)(uintptr_t)tag;

	(void)left;
	(void)arg;
	if (reply->type != REDIS_REPLY_ERROR && !conn_is_pong(reply))
		conn_fail(c, "asking whether Redis is there", reply);
	return true;
}

static void
conn_on_ping_timer(void *arg)
{
	struct conn *c = arg;

	if (c->asked && !c->paused) {
		conn_give_up(c, "no whole answer in time");
		return;
	}
	c->asked = !c->paused;
	loop_timer_set(
	    c->setup.loop, &c->ping, c->asked ? CONN_ANSWER_MS : CONN_PING_MS);
	if (!c->asked)
		return;
	conn_put(c, &CONN_TEXT("PING"), 1);
	if (c->setup.push == NULL)
		conn_ask(c, conn_on_pong, (uintptr_t)c, 1);
	conn_flush(c);
}

void
conn_wait(struct conn *c, int64_t wait_ms)
{
	if (c->dead)
		return;
	c->asked = true;
	loop_timer_set(c->setup.loop, &c->ping, wait_ms + CONN_ANSWER_MS);
}

/* Beginning and end */

static bool
conn_on_greeting(
    const redisReply *reply, uint64_t tag, unsigned left, void *arg)
{
	struct conn *c = (struct conn *)(uintptr_t)tag;

	(void)left;
	(void)arg;
	if (!conn_says(reply, "OK"))
		conn_fail(c, "Redis refuses AUTH or SELECT", reply);
	return true;
}

void
conn_greet(struct conn *c, const char *user, const char *password, uint32_t db)
{
	struct conn_arg auth[3] = { CONN_TEXT("AUTH") };
	unsigned n = 1;
	char number[16];

	if (user[0] != '\0')
		auth[n++] = CONN_TEXT(user);
	if (n > 1 || password[0] != '\0') {
		auth[n++] = CONN_TEXT(password);
		conn_put(c, auth, n);
		conn_ask(c, conn_on_greeting, (uintptr_t)c, 1);
	}
	if (db != 0) {
		snprintf(number, sizeof number, "%u", db);
		conn_put(c,
		    (struct conn_arg[]){
			CONN_TEXT("SELECT"), CONN_TEXT(number) },
		    2);
		conn_ask(c, conn_on_greeting, (uintptr_t)c, 1);
	}
	conn_flush(c);
	if (outbuf_waiting(&c->out) == 0)
		outbuf_wipe(&c->out);
}

struct conn *
conn_open(const struct conn_setup *setup)
{
	struct conn *c = calloc(1, sizeof *c);

	if (c == NULL || (c->reader = redisReaderCreate()) == NULL ||
	    (c->in = malloc(CONN_READ_SIZE)) == NULL ||
	    (c->queue = malloc(CONN_PENDING_MAX * sizeof *c->queue)) == NULL)
		fatal("out of memory for a connection");
	c->setup = *setup;
	resp_bound_init(&c->bound, &resp_limits_default);
	c->ping = (struct loop_timer){ .fn = conn_on_ping_timer, .arg = c };
	loop_watch(setup->loop, setup->fd, POLLIN, conn_on_events, c);
	loop_timer_set(setup->loop, &c->ping, CONN_PING_MS);
	return c;
}

void
conn_close(struct conn *c)
{
	if (c == NULL)
		return;
	if (!c->dead) {
		loop_unwatch(c->setup.loop, c->setup.fd);
		loop_timer_clear(c->setup.loop, &c->ping);
	}
	close(c->setup.fd);
	if (c->held != NULL)
		freeReplyObject(c->held);
	redisReaderFree(c->reader);
	outbuf_wipe(&c->out);
	free(c->in);
	free(c->queue);
	free(c);
}
