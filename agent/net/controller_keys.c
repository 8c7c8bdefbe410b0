/*
 * Part of amiral-net, controller role: single keys, by what they are for and
 * never by a name of the parent's making, and the list of announcements.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/net/controller.h"
#include "base/log.h"
#include "privsep/messages.h"

#define FINGERPRINT_HEAD "SHA256:"
#define FINGERPRINT_LEN  CTL_NAME_MAX
#define BASE64                                                                 \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
#define SCAN_COUNT      "500"
#define SCAN_ROUNDS_MAX 20000 /* of a server that never comes to an end */
#define PAGE_MAX        1000  /* keys of one answer that are looked at */
#define LISTED_MAX      4096  /* bytes of a value in a list; longer: cut */
#define LISTED_LAST     "4095"
#define NUMBER_MAX      16

enum list_frame { LIST_MORE, LIST_LAST, LIST_CUT };

static bool
is_fingerprint(const char *name)
{
	size_t head = strlen(FINGERPRINT_HEAD);

	return strlen(name) == FINGERPRINT_LEN &&
	       memcmp(name, FINGERPRINT_HEAD, head) == 0 &&
	       strspn(name + head, BASE64) == FINGERPRINT_LEN - head;
}

static bool
is_nothing(const char *name)
{
	return name[0] == '\0';
}

static const struct {
	const char *what;
	bool (*name_ok)(const char *);
	bool channel; /* of that name: who listens is told of the change */
} rows[CTL_KEYS] = {
	[CTL_KEY_ENROLL] = { NAMES_ENROLL, is_fingerprint, false },
	[CTL_KEY_TRUST] = { NAMES_TRUST, is_nothing, true },
};

/* u8 enum ctl_key, text name; its row's number. */
static uint8_t
read_key(const struct controller *ctl, struct cursor *c, struct name *key)
{
	char name[CTL_NAME_MAX + 1];
	uint8_t kind = cursor_u8(c);

	if (!cursor_text(c, name, sizeof name) || kind >= CTL_KEYS ||
	    !rows[kind].name_ok(name))
		fatal("a key is ill-formed");
	name_make(key, ctl->net.config.fleet, rows[kind].what, name);
	return kind;
}

/* One value */

static bool
on_value(const redisReply *reply, uint64_t tag, unsigned left, void *arg)
{
	struct controller *ctl = arg;
	size_t len = 0;

	(void)tag;
	(void)left;
	if (reply->type == REDIS_REPLY_STRING && reply->len <= CTL_VALUE_MAX)
		len = (size_t)reply->len;
	else if (reply->type != REDIS_REPLY_STRING &&
		 reply->type != REDIS_REPLY_NIL) {
		conn_fail(ctl->commands, "reading a key", reply);
		return true;
	}
	ctl->frame[0] = reply->type == REDIS_REPLY_STRING;
	if (len > 0)
		memcpy(ctl->frame + 1, reply->str, len);
	if (!link_send_bytes(ctl->net.parent, N2C_VALUE, ctl->frame, 1 + len))
		fatal("no room for VALUE");
	controller_check_parent(ctl);
	return true;
}

void
controller_on_get(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct conn_arg get[2] = { CONN_TEXT("GET") };
	struct controller *ctl = arg;
	struct cursor c;
	struct name key;

	(void)fds;
	cursor_init(&c, body, len);
	read_key(ctl, &c, &key);
	if (!cursor_done(&c))
		fatal("GET is ill-formed");
	get[1] = name_arg(&key);
	conn_put(ctl->commands, get, 2);
	conn_ask(ctl->commands, on_value, 0, 1);
	controller_send_off(ctl);
}

/* SET says OK, DEL and PUBLISH a number. */
static bool
is_answer(const redisReply *reply, bool set)
{
	return reply->type == REDIS_REPLY_ERROR ||
	       (set ? conn_says(reply, "OK")
		    : reply->type == REDIS_REPLY_INTEGER);
}

/* tag: the answers that were to come when SET's was; 0: DEL. */
static bool
on_set(const redisReply *reply, uint64_t tag, unsigned left, void *arg)
{
	struct controller *ctl = arg;
	uint8_t body[1 + CONN_ERROR_MAX];
	size_t len = 0;

	if (!is_answer(reply, left + 1 == tag)) {
		conn_fail(ctl->commands, "writing a key", reply);
		return true;
	}
	if (reply->type == REDIS_REPLY_ERROR && ctl->error[0] == '\0')
		snprintf(ctl->error, sizeof ctl->error, "%s", reply->str);
	if (left > 0)
		return true;
	body[0] = ctl->error[0] == '\0';
	len = strnlen(ctl->error, CONN_ERROR_MAX);
	memcpy(body + 1, ctl->error, len);
	ctl->error[0] = '\0';
	if (!link_send_bytes(ctl->net.parent, N2C_SET, body, 1 + len))
		fatal("no room for SET");
	controller_check_parent(ctl);
	return true;
}

static void
put_value(struct controller *ctl, const struct name *key, uint32_t expiry,
    struct conn_arg value)
{
	char expiry_text[NUMBER_MAX];
	struct conn_arg set[] = {
		CONN_TEXT("SET"),
		name_arg(key),
		value,
		CONN_TEXT("PX"),
		{ expiry_text, 0 },
	};
	struct conn_arg del[] = { CONN_TEXT("DEL"), name_arg(key) };

	snprintf(expiry_text, sizeof expiry_text, "%" PRIu32, expiry);
	set[4].len = strlen(expiry_text);
	if (value.len == 0)
		conn_put(ctl->commands, del, 2);
	else
		conn_put(ctl->commands, set, expiry > 0 ? 5 : 3);
}

void
controller_on_set(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct controller *ctl = arg;
	struct conn_arg value;
	uint32_t expiry;
	unsigned n = 1;
	struct cursor c;
	struct name key;
	uint8_t kind;

	(void)fds;
	cursor_init(&c, body, len);
	kind = read_key(ctl, &c, &key);
	expiry = cursor_u32(&c);
	value.bytes = cursor_rest(&c, &value.len);
	if (!cursor_done(&c))
		fatal("SET is ill-formed");
	put_value(ctl, &key, expiry, value);
	if (rows[kind].channel && value.len > 0) {
		const struct conn_arg publish[] = { CONN_TEXT("PUBLISH"),
			name_arg(&key), value };

		conn_put(ctl->commands, publish, 3);
		n++;
	}
	conn_ask(ctl->commands, on_set, value.len > 0 ? n : 0, n);
	controller_send_off(ctl);
}

/* A list: SCAN for the names, then each value, to the end of SCAN. */

static void scan(struct controller *);

static void
send_listed(
    struct controller *ctl, enum list_frame kind, const struct conn_arg *value)
{
	struct writer w;

	writer_init(&w, ctl->frame, LINK_BODY_MAX);
	writer_u8(&w, (uint8_t)kind);
	if (value != NULL)
		writer_string(&w, value->bytes, value->len);
	if (!writer_done(&w) ||
	    !link_send_bytes(ctl->net.parent, N2C_LIST, w.start, w.used))
		fatal("no room for LIST");
	controller_check_parent(ctl);
}

/* The answers to one SCAN's names are done. */
static void
scan_on(struct controller *ctl)
{
	bool end = strcmp(ctl->list.cursor, "0") == 0;

	if (!end && ctl->list.rounds < SCAN_ROUNDS_MAX &&
	    ctl->list.sent < CTL_LIST_MAX) {
		scan(ctl);
		return;
	}
	ctl->list.open = false;
	send_listed(ctl,
	    end && ctl->list.sent < CTL_LIST_MAX ? LIST_LAST : LIST_CUT, NULL);
}

/* What is of another type there, or has just expired, is no announcement. */
static bool
on_listed(const redisReply *reply, uint64_t tag, unsigned left, void *arg)
{
	struct controller *ctl = arg;

	(void)tag;
	if (reply->type != REDIS_REPLY_STRING &&
	    reply->type != REDIS_REPLY_ERROR) {
		conn_fail(ctl->commands, "reading announcements", reply);
		return true;
	}
	if (link_full(ctl->net.parent)) {
		controller_check_parent(ctl);
		return false;
	}
	if (reply->type == REDIS_REPLY_STRING && reply->len > 0 &&
	    reply->len <= LISTED_MAX && ctl->list.sent < CTL_LIST_MAX) {
		const struct conn_arg value = { reply->str,
			(size_t)reply->len };

		send_listed(ctl, LIST_MORE, &value);
		ctl->list.sent++;
	}
	if (left == 0)
		scan_on(ctl);
	return true;
}

/* Only what the pattern asked for; Redis may answer anything. */
static bool
is_listed(const struct controller *ctl, const redisReply *key)
{
	size_t head = ctl->list.pattern.len - 1;

	return key->type == REDIS_REPLY_STRING &&
	       (size_t)key->len == head + FINGERPRINT_LEN &&
	       memcmp(key->str, ctl->list.pattern.text, head) == 0;
}

static unsigned
ask_values(struct controller *ctl, const redisReply *keys)
{
	unsigned n = 0;

	for (size_t i = 0; i < keys->elements && n < PAGE_MAX; i++) {
		const redisReply *key = keys->element[i];
		const struct conn_arg get[] = { CONN_TEXT("GETRANGE"),
			{ key->str, (size_t)key->len }, CONN_TEXT("0"),
			CONN_TEXT(LISTED_LAST) };

		if (!is_listed(ctl, key))
			continue;
		conn_put(ctl->commands, get, 4);
		n++;
	}
	return n;
}

static bool
on_scanned(const redisReply *reply, uint64_t tag, unsigned left, void *arg)
{
	struct controller *ctl = arg;
	unsigned n;

	(void)tag;
	(void)left;
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
	    reply->element[0]->type != REDIS_REPLY_STRING ||
	    (size_t)reply->element[0]->len >= sizeof ctl->list.cursor ||
	    reply->element[1]->type != REDIS_REPLY_ARRAY) {
		conn_fail(ctl->commands, "listing announcements", reply);
		return true;
	}
	memcpy(ctl->list.cursor, reply->element[0]->str,
	    (size_t)reply->element[0]->len + 1);
	n = ask_values(ctl, reply->element[1]);
	if (n == 0) {
		scan_on(ctl);
		return true;
	}
	conn_ask(ctl->commands, on_listed, 0, n);
	conn_flush(ctl->commands);
	return true;
}

static void
scan(struct controller *ctl)
{
	const struct conn_arg words[] = {
		CONN_TEXT("SCAN"),
		CONN_TEXT(ctl->list.cursor),
		CONN_TEXT("MATCH"),
		name_arg(&ctl->list.pattern),
		CONN_TEXT("COUNT"),
		CONN_TEXT(SCAN_COUNT),
	};

	ctl->list.rounds++;
	conn_put(ctl->commands, words, 6);
	conn_ask(ctl->commands, on_scanned, 0, 1);
	conn_flush(ctl->commands);
}

void
controller_on_list(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct controller *ctl = arg;

	(void)fds;
	(void)len;
	if (body[0] != CTL_KEY_ENROLL || ctl->list.open)
		fatal("LIST is ill-formed, or comes twice");
	ctl->list.open = true;
	ctl->list.rounds = 0;
	ctl->list.sent = 0;
	memcpy(ctl->list.cursor, "0", sizeof "0");
	name_make(&ctl->list.pattern, ctl->net.config.fleet, NAMES_ENROLL, "*");
	scan(ctl);
}
