/*
 * Part of amiral-net, controller role: the commands connection. A request
 * goes out in one MULTI, so that there is never a request without a stream
 * for its replies; hellos come in by MGET.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/net/controller.h"
#include "base/log.h"
#include "privsep/messages.h"
#include "wire/verify/layout.h"

#define NUMBER_MAX  24
#define LOG_ENTRIES "1000"
#define HELLOS_PAGE 64 /* names of one MGET */
/* A hello's payload is at most 16 KiB; longer values are nobody's hello. */
#define HELLO_VALUE_MAX (ENVELOPE_MAX - ENVELOPE_PAYLOAD_MAX + 16384)

/* Publishing */

struct request {
	char expires[NUMBER_MAX], oldest[NUMBER_MAX];
	struct name stream, log;
	unsigned hosts;
	struct cursor host; /* at the first of them */
	struct conn_arg envelope;
};

static bool
answer_published(struct controller *ctl, bool taken, const char *error)
{
	uint8_t body[1 + CONN_ERROR_MAX];
	size_t len = taken ? 0 : strnlen(error, CONN_ERROR_MAX);

	body[0] = taken;
	memcpy(body + 1, error, len);
	if (!link_send_bytes(ctl->net.parent, N2C_PUBLISHED, body, 1 + len))
		fatal("no room for PUBLISHED");
	ctl->error[0] = '\0';
	controller_check_parent(ctl);
	return true;
}

static void
note_error(struct controller *ctl, const redisReply *reply)
{
	if (reply->type == REDIS_REPLY_ERROR && ctl->error[0] == '\0')
		snprintf(ctl->error, sizeof ctl->error, "%s", reply->str);
}

/* MULTI says OK, what follows is QUEUED, EXEC has the results of all. */
static bool
is_answer(const redisReply *reply, bool first, bool last)
{
	if (reply->type == REDIS_REPLY_ERROR)
		return true;
	return last ? reply->type == REDIS_REPLY_ARRAY
		    : conn_says(reply, first ? "OK" : "QUEUED");
}

/* tag: how many answers there are. */
static bool
on_published(const redisReply *reply, uint64_t tag, unsigned left, void *arg)
{
	struct controller *ctl = arg;

	if (!is_answer(reply, left + 1 == tag, left == 0)) {
		conn_fail(ctl->commands, "publishing", reply);
		return true;
	}
	note_error(ctl, reply);
	if (left > 0)
		return true;
	if (reply->type == REDIS_REPLY_ARRAY)
		for (size_t i = 0; i < reply->elements; i++)
			note_error(ctl, reply->element[i]);
	return answer_published(ctl, ctl->error[0] == '\0', ctl->error);
}

/* Made here alone; agents only add where it stands. */
static unsigned
put_stream(struct conn *c, const struct request *r)
{
	const struct conn_arg make[] = {
		CONN_TEXT("XADD"),
		name_arg(&r->stream),
		CONN_TEXT("*"),
		CONN_TEXT("m"),
		CONN_TEXT(""),
	};
	const struct conn_arg expire[] = {
		CONN_TEXT("PEXPIREAT"),
		name_arg(&r->stream),
		CONN_TEXT(r->expires),
	};

	conn_put(c, make, 5);
	conn_put(c, expire, 3);
	return 2;
}

static unsigned
put_log(struct conn *c, const struct request *r)
{
	const struct conn_arg add[] = {
		CONN_TEXT("XADD"),
		name_arg(&r->log),
		CONN_TEXT("MAXLEN"),
		CONN_TEXT(LOG_ENTRIES),
		CONN_TEXT("*"),
		CONN_TEXT("m"),
		r->envelope,
	};
	const struct conn_arg trim[] = {
		CONN_TEXT("XTRIM"),
		name_arg(&r->log),
		CONN_TEXT("MINID"),
		CONN_TEXT(r->oldest),
	};

	conn_put(c, add, 7);
	conn_put(c, trim, 4);
	return 2;
}

static void
put_message(struct conn *c, const struct name *channel, const struct request *r)
{
	const struct conn_arg publish[] = {
		CONN_TEXT("PUBLISH"),
		name_arg(channel),
		r->envelope,
	};

	conn_put(c, publish, 3);
}

static unsigned
put_messages(struct controller *ctl, const struct request *r)
{
	const char *fleet = ctl->net.config.fleet;
	struct cursor at = r->host;
	char host[HOSTNAME_MAX + 1];
	struct name channel;

	if (r->hosts == 0) {
		name_make(&channel, fleet, NAMES_REQUESTS, "");
		put_message(ctl->commands, &channel, r);
		return 1;
	}
	for (unsigned i = 0; i < r->hosts; i++) {
		cursor_text(&at, host, sizeof host);
		name_make(&channel, fleet, NAMES_CHANNEL, host);
		put_message(ctl->commands, &channel, r);
	}
	return r->hosts;
}

static void
read_hosts(struct cursor *c, unsigned n)
{
	char host[HOSTNAME_MAX + 1];

	for (unsigned i = 0; i < n; i++)
		if (!cursor_text(c, host, sizeof host) || !name_is_host(host))
			fatal("PUBLISH names no host");
}

static void
read_request(struct controller *ctl, struct cursor *c, struct request *r)
{
	char reply_to[UUID_LEN + 1] = "";
	const uint8_t *text;

	snprintf(r->expires, sizeof r->expires, "%" PRIu64, cursor_u64(c));
	snprintf(r->oldest, sizeof r->oldest, "%" PRIu64, cursor_u64(c));
	text = cursor_bytes(c, UUID_LEN);
	if (text != NULL)
		memcpy(reply_to, text, UUID_LEN);
	r->hosts = cursor_u8(c);
	r->host = *c;
	read_hosts(c, r->hosts);
	r->envelope.bytes = cursor_rest(c, &r->envelope.len);
	if (!cursor_done(c) || !name_is_uuid(reply_to) || r->envelope.len == 0)
		fatal("PUBLISH is ill-formed");
	name_make(&r->stream, ctl->net.config.fleet, NAMES_REPLY, reply_to);
	name_make(&r->log, ctl->net.config.fleet, NAMES_LOG, "");
}

void
controller_on_publish(
    const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct controller *ctl = arg;
	struct request r;
	struct cursor c;
	unsigned n = 2; /* MULTI and EXEC */

	(void)fds;
	cursor_init(&c, body, len);
	read_request(ctl, &c, &r);
	conn_put(ctl->commands, &CONN_TEXT("MULTI"), 1);
	n += put_stream(ctl->commands, &r);
	n += put_log(ctl->commands, &r);
	n += put_messages(ctl, &r);
	conn_put(ctl->commands, &CONN_TEXT("EXEC"), 1);
	conn_ask(ctl->commands, on_published, n, n);
	controller_send_off(ctl);
}

/* Hellos */

static void
send_hellos(struct controller *ctl, const struct writer *w, bool last)
{
	w->start[0] = last;
	if (!link_send_bytes(ctl->net.parent, N2C_HELLOS, w->start, w->used))
		fatal("no room for HELLOS");
	controller_check_parent(ctl);
}

static struct conn_arg
hello_value(const redisReply *value)
{
	if (value->type != REDIS_REPLY_STRING || value->len > HELLO_VALUE_MAX)
		return (struct conn_arg){ "", 0 };
	return (struct conn_arg){ value->str, (size_t)value->len };
}

/* One frame of what fits; tag: no other MGET follows for this question. */
static void
pack_hellos(struct controller *ctl, const redisReply *reply, bool last)
{
	struct writer w;

	writer_init(&w, ctl->frame, LINK_BODY_MAX);
	writer_u8(&w, 0);
	while (ctl->hello_at < reply->elements) {
		struct conn_arg v = hello_value(reply->element[ctl->hello_at]);

		if (w.used + 4 + v.len > w.size)
			break;
		writer_string(&w, v.bytes, v.len);
		ctl->hello_at++;
	}
	send_hellos(ctl, &w, last && ctl->hello_at == reply->elements);
}

static bool
on_values(const redisReply *reply, uint64_t tag, unsigned left, void *arg)
{
	struct controller *ctl = arg;
	size_t asked = tag >> 1;

	(void)left;
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != asked) {
		conn_fail(ctl->commands, "reading hellos", reply);
		return true;
	}
	while (ctl->hello_at < reply->elements) {
		if (link_full(ctl->net.parent)) {
			controller_check_parent(ctl);
			return false;
		}
		pack_hellos(ctl, reply, tag & 1);
	}
	ctl->hello_at = 0;
	return true;
}

static void
ask_hellos(struct controller *ctl, struct cursor *c)
{
	struct name keys[HELLOS_PAGE];
	struct conn_arg get[1 + HELLOS_PAGE] = { CONN_TEXT("MGET") };
	char host[HOSTNAME_MAX + 1];
	unsigned n = 0;

	while (n < HELLOS_PAGE && c->left > 0) {
		if (!cursor_text(c, host, sizeof host) || !name_is_host(host))
			fatal("HELLOS names no host");
		name_make(&keys[n], ctl->net.config.fleet, NAMES_HELLO, host);
		get[1 + n] = name_arg(&keys[n]);
		n++;
	}
	conn_put(ctl->commands, get, 1 + n);
	conn_ask(ctl->commands, on_values,
	    (uint64_t)n << 1 | (c->left == 0 ? 1 : 0), 1);
}

void
controller_on_hellos(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct controller *ctl = arg;
	struct cursor c;

	(void)fds;
	cursor_init(&c, body, len);
	while (c.left > 0)
		ask_hellos(ctl, &c);
	controller_send_off(ctl);
}
