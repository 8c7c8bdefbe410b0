/*
 * Part of amiral-net, agent role: from Redis to the gate. Subscribed first,
 * then the operators' list, since it may revoke, then the log from its start
 * to its end, then what came live meanwhile: it waits in the kernel and in
 * Redis, since the subscription is not read while the log is.
 */
#include <stdio.h>
#include <string.h>

#include "agent/net/agent.h"
#include "agent/net/names.h"
#include "base/clock.h"
#include "base/log.h"
#include "privsep/messages.h"

#define CHANNELS      3
#define LOG_PAGE      32 /* entries asked for at once */
#define LOG_PAGE_TEXT "32"
#define LOG_ENTRIES   4096 /* read at a start; publishers trim to 1,000 */

enum taking { TAKE_REQUEST, TAKE_LIST };

/* Dropping */

static void
on_tally_timer(void *arg)
{
	struct agent *a = arg;

	agent_requests_flush(a);
}

void
agent_requests_flush(struct agent *a)
{
	char line[TALLY_LINE_MAX];

	if (tally_take(&a->tally, clock_monotonic_ms(), line))
		log_warning("%s", line);
}

static void
on_throttle_timer(void *arg)
{
	struct agent *a = arg;

	conn_pause(a->subscription, CONN_PAUSE_THROTTLE, false);
}

static void
drop(struct agent *a, enum status status)
{
	tally_add(&a->tally, status);
	if (!a->tally_timer.armed)
		loop_timer_set(a->net.loop, &a->tally_timer,
		    tally_due(&a->tally, clock_monotonic_ms()));
}

/* The log is bounded by its length; a subscription only by this. */
static void
slow_down(struct agent *a)
{
	int64_t wait = throttle_hit(&a->throttle, clock_monotonic_ms());

	if (wait <= 0)
		return;
	conn_pause(a->subscription, CONN_PAUSE_THROTTLE, true);
	loop_timer_set(a->net.loop, &a->throttle_timer, wait);
}

/* Passing on */

static const struct {
	enum envelope_kind kind;
	enum net_to_gate type;
} takings[] = {
	[TAKE_REQUEST] = { ENVELOPE_REQUEST, N2G_REQUEST },
	[TAKE_LIST] = { ENVELOPE_TRUST, N2G_TRUST },
};

static bool
take(struct agent *a, enum taking what, const char *bytes, size_t len)
{
	enum status status =
	    keyring_judge(&a->keys, takings[what].kind, bytes, len);

	if (status != STATUS_OK) {
		drop(a, status);
		return false;
	}
	if (!link_send_bytes(a->gate, takings[what].type, bytes, len))
		fatal("no room for what was asked to be passed on");
	agent_check_gate(a);
	return true;
}

/* The log */

static void read_log(struct agent *);

static void
end_log(struct agent *a)
{
	log_info("connected to Redis, %u requests in the log", a->log_entries);
	conn_pause(a->subscription, CONN_PAUSE_LOG, false);
}

/* False if the gate has no room for the rest of the page. */
static bool
take_page(struct agent *a, const redisReply *entries)
{
	struct stream_entry entry;

	while (a->page_at < entries->elements) {
		if (link_full(a->gate)) {
			agent_check_gate(a);
			return false;
		}
		if (!stream_entry(entries, a->page_at, &entry)) {
			conn_fail(a->commands, "an entry of the log", NULL);
			return true;
		}
		a->page_at++;
		a->log_entries++;
		memcpy(a->position, entry.position, sizeof a->position);
		if (entry.bytes == NULL)
			drop(a, STATUS_LAYOUT);
		else
			take(a, TAKE_REQUEST, entry.bytes, entry.len);
	}
	return true;
}

/* A short page is the last one; what came since is in the subscription. */
static void
end_page(struct agent *a, size_t entries)
{
	if (entries >= LOG_PAGE && a->log_entries < LOG_ENTRIES) {
		read_log(a);
		return;
	}
	if (entries >= LOG_PAGE)
		log_warning("the log is longer than %d requests: the newest "
			    "were not read; is it trimmed?",
		    LOG_ENTRIES);
	end_log(a);
}

static bool
on_page(const redisReply *reply, uint64_t tag, unsigned left, void *arg)
{
	struct agent *a = arg;
	const redisReply *entries;

	(void)tag;
	(void)left;
	if (!stream_entries(reply, &entries)) {
		conn_fail(a->commands, "reading the log", reply);
		return true;
	}
	if (entries == NULL) {
		end_log(a);
		return true;
	}
	if (!take_page(a, entries))
		return false;
	if (a->over)
		return true;
	end_page(a, entries->elements);
	return true;
}

static void
read_log(struct agent *a)
{
	struct name key;

	name_make(&key, a->net.config.fleet, NAMES_LOG, "");
	const struct conn_arg read[] = {
		CONN_TEXT("XREAD"),
		CONN_TEXT("COUNT"),
		CONN_TEXT(LOG_PAGE_TEXT),
		CONN_TEXT("STREAMS"),
		name_arg(&key),
		CONN_TEXT(a->position),
	};

	a->page_at = 0;
	conn_put(a->commands, read, 6);
	conn_ask(a->commands, on_page, 0, 1);
	conn_flush(a->commands);
}

/* The operators' list */

static bool
on_list(const redisReply *reply, uint64_t tag, unsigned left, void *arg)
{
	struct agent *a = arg;

	(void)tag;
	(void)left;
	if (link_full(a->gate)) {
		agent_check_gate(a);
		return false;
	}
	if (reply->type == REDIS_REPLY_STRING)
		take(a, TAKE_LIST, reply->str, (size_t)reply->len);
	else if (reply->type == REDIS_REPLY_ERROR)
		log_warning(
		    "Redis refuses the operators' list: %s", reply->str);
	else if (reply->type != REDIS_REPLY_NIL)
		conn_fail(a->commands, "reading the operators' list", reply);
	return true;
}

static void
read_list(struct agent *a)
{
	struct name key;

	name_make(&key, a->net.config.fleet, NAMES_TRUST, "");
	const struct conn_arg get[] = { CONN_TEXT("GET"), name_arg(&key) };

	conn_put(a->commands, get, 2);
	conn_ask(a->commands, on_list, 0, 1);
}

/* The subscription */

static void
on_subscribed(
    struct agent *a, const redisReply *channel, const redisReply *count)
{
	(void)channel;
	(void)count;
	if (++a->confirmed != CHANNELS)
		return;
	conn_pause(a->subscription, CONN_PAUSE_LOG, true);
	read_list(a);
	read_log(a);
}

static bool
is_list_channel(const struct agent *a, const redisReply *channel)
{
	struct name name;

	name_make(&name, a->net.config.fleet, NAMES_TRUST, "");
	return channel->type == REDIS_REPLY_STRING &&
	       (size_t)channel->len == name.len &&
	       memcmp(channel->str, name.text, name.len) == 0;
}

static void
on_message(
    struct agent *a, const redisReply *channel, const redisReply *payload)
{
	enum taking what =
	    is_list_channel(a, channel) ? TAKE_LIST : TAKE_REQUEST;

	if (!take(a, what, payload->str, (size_t)payload->len))
		slow_down(a);
}

static const struct {
	const char *name;
	int type; /* of the third element */
	void (*fn)(struct agent *, const redisReply *, const redisReply *);
} pushes[] = {
	{ "message", REDIS_REPLY_STRING, on_message },
	{ "subscribe", REDIS_REPLY_INTEGER, on_subscribed },
};

void
agent_requests_on_push(const redisReply *reply, void *arg)
{
	struct agent *a = arg;

	if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 &&
	    reply->element[0]->type == REDIS_REPLY_STRING)
		for (size_t i = 0; i < sizeof pushes / sizeof pushes[0]; i++)
			if (strcmp(reply->element[0]->str, pushes[i].name) ==
				0 &&
			    reply->element[2]->type == pushes[i].type) {
				pushes[i].fn(
				    a, reply->element[1], reply->element[2]);
				return;
			}
	conn_fail(a->subscription, "the subscription", reply);
}

void
agent_requests_begin(struct agent *a)
{
	memcpy(a->position, STREAM_START, sizeof STREAM_START);
	a->tally_timer = (struct loop_timer){ .fn = on_tally_timer, .arg = a };
	a->throttle_timer =
	    (struct loop_timer){ .fn = on_throttle_timer, .arg = a };
}

void
agent_requests_subscribe(struct agent *a)
{
	const char *fleet = a->net.config.fleet;
	struct name everyone, host, list;

	name_make(&everyone, fleet, NAMES_REQUESTS, "");
	name_make(&host, fleet, NAMES_CHANNEL, a->hostname);
	name_make(&list, fleet, NAMES_TRUST, "");
	const struct conn_arg subscribe[] = {
		CONN_TEXT("SUBSCRIBE"),
		name_arg(&everyone),
		name_arg(&host),
		name_arg(&list),
	};

	conn_put(a->subscription, subscribe, 4);
	conn_flush(a->subscription);
}
