/*
 * Part of amiral-net, controller role: the names of all hosts that have a
 * hello, by SCAN. Who knows hosts by their certificates has no other list.
 */
#include <string.h>

#include "agent/net/controller.h"
#include "base/log.h"
#include "privsep/messages.h"

#define SCAN_COUNT      "1000"
#define SCAN_ROUNDS_MAX 20000 /* of a server that never comes to an end */
#define NAME_SIZE       (4 + HOSTNAME_MAX)

static void
scan(struct controller *ctl)
{
	struct name pattern;

	name_make(&pattern, ctl->net.config.fleet, NAMES_HELLO, "*");
	const struct conn_arg words[] = {
		CONN_TEXT("SCAN"),
		CONN_TEXT(ctl->names.cursor),
		CONN_TEXT("MATCH"),
		name_arg(&pattern),
		CONN_TEXT("COUNT"),
		CONN_TEXT(SCAN_COUNT),
	};

	ctl->names.rounds++;
	conn_put(ctl->commands, words, 6);
	conn_ask(ctl->commands, controller_names_on_page, 0, 1);
	conn_flush(ctl->commands);
}

/* Only what was asked for; Redis may answer anything. */
static const char *
host_of(const struct controller *ctl, const redisReply *key)
{
	struct name prefix;

	name_make(&prefix, ctl->net.config.fleet, NAMES_HELLO, "");
	if (key->type != REDIS_REPLY_STRING || (size_t)key->len < prefix.len ||
	    memcmp(key->str, prefix.text, prefix.len) != 0 ||
	    strlen(key->str) != (size_t)key->len ||
	    !name_is_host(key->str + prefix.len))
		return NULL;
	return key->str + prefix.len;
}

/* One frame of what fits. */
static void
pack_names(struct controller *ctl, const redisReply *keys, bool last)
{
	struct writer w;

	writer_init(&w, ctl->frame, LINK_BODY_MAX);
	writer_u8(&w, 0);
	while (ctl->names.at < keys->elements && w.used + NAME_SIZE <= w.size &&
	       ctl->names.sent < CTL_NAMES_MAX) {
		const char *host = host_of(ctl, keys->element[ctl->names.at++]);

		if (host == NULL)
			continue;
		writer_text(&w, host);
		ctl->names.sent++;
	}
	if (ctl->names.sent == CTL_NAMES_MAX)
		ctl->names.at = keys->elements;
	w.start[0] = last && ctl->names.at == keys->elements;
	if (!link_send_bytes(ctl->net.parent, N2C_NAMES, w.start, w.used))
		fatal("no room for NAMES");
	controller_check_parent(ctl);
}

static bool
is_page(const redisReply *reply, size_t cursor_size)
{
	return reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
	       reply->element[0]->type == REDIS_REPLY_STRING &&
	       (size_t)reply->element[0]->len < cursor_size &&
	       reply->element[1]->type == REDIS_REPLY_ARRAY;
}

bool
controller_names_on_page(
    const redisReply *reply, uint64_t tag, unsigned left, void *arg)
{
	struct controller *ctl = arg;
	const redisReply *keys;
	bool last;

	(void)tag;
	(void)left;
	if (!is_page(reply, sizeof ctl->names.cursor)) {
		conn_fail(ctl->commands, "listing the hosts", reply);
		return true;
	}
	keys = reply->element[1];
	last = strcmp(reply->element[0]->str, "0") == 0 ||
	       ctl->names.rounds >= SCAN_ROUNDS_MAX ||
	       ctl->names.sent == CTL_NAMES_MAX;
	do {
		if (link_full(ctl->net.parent)) {
			controller_check_parent(ctl);
			return false;
		}
		pack_names(ctl, keys, last);
	} while (ctl->names.at < keys->elements);
	ctl->names.at = 0;
	memcpy(ctl->names.cursor, reply->element[0]->str,
	    (size_t)reply->element[0]->len + 1);
	ctl->names.open = !last;
	if (!last)
		scan(ctl);
	return true;
}

void
controller_on_names(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct controller *ctl = arg;

	(void)body;
	(void)len;
	(void)fds;
	if (ctl->names.open)
		fatal("NAMES comes twice");
	ctl->names.open = true;
	ctl->names.rounds = 0;
	ctl->names.sent = 0;
	memcpy(ctl->names.cursor, "0", sizeof "0");
	scan(ctl);
}
