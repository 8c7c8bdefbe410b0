/* Part of amiral-net, agent role: from the gate to Redis. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/net/agent.h"
#include "agent/net/names.h"
#include "base/cursor.h"
#include "base/log.h"
#include "privsep/messages.h"

#define NUMBER_MAX 24

struct reply {
	uint64_t id, expires;
	struct name key;
	struct conn_arg envelope;
};

/*
 * The state of the server, not of this key: the process ends, and the gate
 * sends the reply again over the next connection. Any other error concerns
 * the key, and would come again for ever.
 */
static const char *const transient_errors[] = {
	"OOM",
	"LOADING",
	"READONLY",
	"MISCONF",
	"MASTERDOWN",
	"NOREPLICAS",
	"BUSY",
	"CLUSTERDOWN",
	"TRYAGAIN",
	"NOAUTH",
	"NOPERM",
};

static bool
error_is_transient(const char *text)
{
	size_t n = strcspn(text, " ");

	for (size_t i = 0;
	     i < sizeof transient_errors / sizeof transient_errors[0]; i++)
		if (strlen(transient_errors[i]) == n &&
		    memcmp(transient_errors[i], text, n) == 0)
			return true;
	return false;
}

static void
tell_stored(struct agent *a, uint64_t id, bool stored)
{
	uint8_t body[9];
	struct writer w;

	writer_init(&w, body, sizeof body);
	writer_u64(&w, id);
	writer_u8(&w, stored);
	if (!link_send_bytes(a->gate, N2G_STORED, body, sizeof body))
		fatal("no room for STORED");
	agent_check_gate(a);
}

static void
on_refusal(struct agent *a, uint64_t id, const redisReply *error)
{
	if (error_is_transient(error->str)) {
		conn_fail(a->commands, "Redis takes no reply", error);
		return;
	}
	log_warning("Redis refuses a reply: %s", error->str);
	tell_stored(a, id, false);
}

/* XADD: a position, or nil. PUBLISH: a count. EXEC: a list, RPUSH's first. */
static bool
on_stored(const redisReply *reply, uint64_t id, unsigned left, void *arg)
{
	struct agent *a = arg;

	if (reply->type == REDIS_REPLY_ARRAY && reply->elements > 0)
		reply = reply->element[0];
	if (reply->type == REDIS_REPLY_ERROR &&
	    (left == 0 || error_is_transient(reply->str)))
		on_refusal(a, id, reply);
	else if (left > 0)
		return true;
	else if (reply->type == REDIS_REPLY_STRING ||
		 reply->type == REDIS_REPLY_INTEGER)
		tell_stored(a, id, true);
	else if (reply->type == REDIS_REPLY_NIL)
		tell_stored(a, id, false);
	else
		conn_fail(a->commands, "storing a reply", reply);
	return true;
}

static void
send_stream(struct conn *c, const struct reply *r)
{
	const struct conn_arg add[] = {
		CONN_TEXT("XADD"),
		name_arg(&r->key),
		CONN_TEXT("NOMKSTREAM"),
		CONN_TEXT("*"),
		CONN_TEXT("m"),
		r->envelope,
	};

	conn_put(c, add, 6);
	conn_ask(c, on_stored, r->id, 1);
}

static void
send_list(struct conn *c, const struct reply *r)
{
	char expires[NUMBER_MAX];
	const struct conn_arg push[] = {
		CONN_TEXT("RPUSH"),
		name_arg(&r->key),
		r->envelope,
	};
	snprintf(expires, sizeof expires, "%" PRIu64, r->expires);
	const struct conn_arg expire[] = {
		CONN_TEXT("PEXPIREAT"),
		name_arg(&r->key),
		CONN_TEXT(expires),
	};

	conn_put(c, &CONN_TEXT("MULTI"), 1);
	conn_put(c, push, 3);
	conn_put(c, expire, 3);
	conn_put(c, &CONN_TEXT("EXEC"), 1);
	conn_ask(c, on_stored, r->id, 4);
}

static void
send_pubsub(struct conn *c, const struct reply *r)
{
	const struct conn_arg publish[] = {
		CONN_TEXT("PUBLISH"),
		name_arg(&r->key),
		r->envelope,
	};

	conn_put(c, publish, 3);
	conn_ask(c, on_stored, r->id, 1);
}

static void (*const senders[AGENT_VIAS])(
    struct conn *, const struct reply *) = {
	[AGENT_VIA_STREAM] = send_stream,
	[AGENT_VIA_LIST] = send_list,
	[AGENT_VIA_PUBSUB] = send_pubsub,
};

/* Written now, not at the loop's next turn: a reply is what is waited for. */
static void
send_off(struct agent *a)
{
	conn_flush(a->commands);
	if (conn_full(a->commands))
		link_pause(a->gate, true);
}

static void
read_reply(struct agent *a, struct cursor *c, struct reply *r, uint8_t *via)
{
	char reply_to[UUID_LEN + 1] = "";
	const uint8_t *text;

	r->id = cursor_u64(c);
	*via = cursor_u8(c);
	r->expires = cursor_u64(c);
	text = cursor_bytes(c, UUID_LEN);
	r->envelope.bytes = cursor_rest(c, &r->envelope.len);
	if (text != NULL)
		memcpy(reply_to, text, UUID_LEN);
	if (!cursor_done(c) || *via >= AGENT_VIAS || !name_is_uuid(reply_to))
		fatal("the gate's REPLY is ill-formed");
	name_make(&r->key, a->net.config.fleet, NAMES_REPLY, reply_to);
}

void
agent_replies_on_reply(
    const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct agent *a = arg;
	struct cursor c;
	struct reply r;
	uint8_t via;

	(void)fds;
	cursor_init(&c, body, len);
	read_reply(a, &c, &r, &via);
	senders[via](a->commands, &r);
	send_off(a);
}

static bool
on_hello_answer(const redisReply *reply, uint64_t tag, unsigned left, void *arg)
{
	struct agent *a = arg;

	(void)tag;
	(void)left;
	if (reply->type == REDIS_REPLY_ERROR)
		log_warning("Redis refuses a hello: %s", reply->str);
	else if (!conn_says(reply, "OK"))
		conn_fail(a->commands, "storing a hello", reply);
	return true;
}

void
agent_replies_on_hello(
    const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct agent *a = arg;
	struct name key;
	struct cursor c;
	char expiry[NUMBER_MAX];
	struct conn_arg envelope;

	(void)fds;
	cursor_init(&c, body, len);
	snprintf(expiry, sizeof expiry, "%" PRIu32, cursor_u32(&c));
	envelope.bytes = cursor_rest(&c, &envelope.len);
	name_make(&key, a->net.config.fleet, NAMES_HELLO, a->hostname);
	const struct conn_arg set[] = {
		CONN_TEXT("SET"),
		name_arg(&key),
		envelope,
		CONN_TEXT("PX"),
		CONN_TEXT(expiry),
	};

	conn_put(a->commands, set, 5);
	conn_ask(a->commands, on_hello_answer, 0, 1);
	send_off(a);
}
