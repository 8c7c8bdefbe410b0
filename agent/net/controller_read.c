/*
 * Part of amiral-net, controller role: replies, from a position of their
 * stream on, by XREAD after XREAD. All entries of one answer go in one
 * frame, if they fit.
 */
#include <string.h>

#include "agent/net/controller.h"
#include "base/log.h"
#include "privsep/messages.h"
#include "wire/verify/layout.h"

#define BLOCK_MS   5000 /* so that a dead connection is noticed */
#define BLOCK_TEXT "5000"
#define PAGE_TEXT  "100" /* the longest envelopes stay below the reply bound */
#define HEAD_MAX   (4 + STREAM_POSITION_MAX)

static void read_on(struct controller *);

/*
 * The position is known last and stands first: it is written backwards from
 * the place where the envelopes begin.
 */
static void
send_entries(struct controller *ctl, const struct writer *envelopes)
{
	size_t head = 4 + strlen(ctl->position);
	struct writer w;

	writer_init(&w, envelopes->start - head, head);
	writer_text(&w, ctl->position);
	if (!link_send_bytes(
		ctl->net.parent, N2C_ENTRIES, w.start, head + envelopes->used))
		fatal("no room for ENTRIES");
	controller_check_parent(ctl);
}

/* The marker, and what nobody can have signed, is left out. */
static void
pack_entry(struct writer *w, const struct stream_entry *entry)
{
	if (entry->len > ENVELOPE_MAX)
		log_warning("dropped a reply of %zu bytes", entry->len);
	else if (entry->len > 0)
		writer_string(w, entry->bytes, entry->len);
}

static void
pack_page(struct controller *ctl, const redisReply *entries)
{
	struct stream_entry entry;
	struct writer w;

	writer_init(&w, ctl->frame + HEAD_MAX, LINK_BODY_MAX - HEAD_MAX);
	for (; ctl->page_at < entries->elements; ctl->page_at++) {
		if (!stream_entry(entries, ctl->page_at, &entry)) {
			conn_fail(ctl->reader, "an entry of the replies", NULL);
			return;
		}
		if (entry.len <= ENVELOPE_MAX &&
		    w.used + 4 + entry.len > w.size)
			break;
		pack_entry(&w, &entry);
		memcpy(ctl->position, entry.position, sizeof ctl->position);
	}
	if (w.used > 0)
		send_entries(ctl, &w);
}

static bool
on_entries(const redisReply *reply, uint64_t tag, unsigned left, void *arg)
{
	struct controller *ctl = arg;
	const redisReply *entries;

	(void)tag;
	(void)left;
	if (!stream_entries(reply, &entries)) {
		conn_fail(ctl->reader, "reading replies", reply);
		return true;
	}
	while (entries != NULL && ctl->page_at < entries->elements) {
		if (link_full(ctl->net.parent)) {
			controller_check_parent(ctl);
			return false;
		}
		pack_page(ctl, entries);
		if (ctl->over)
			return true;
	}
	read_on(ctl);
	return true;
}

/* While there is no room for the answer, it waits in Redis. */
static void
read_on(struct controller *ctl)
{
	const struct conn_arg read[] = {
		CONN_TEXT("XREAD"),
		CONN_TEXT("COUNT"),
		CONN_TEXT(PAGE_TEXT),
		CONN_TEXT("BLOCK"),
		CONN_TEXT(BLOCK_TEXT),
		CONN_TEXT("STREAMS"),
		name_arg(&ctl->stream),
		CONN_TEXT(ctl->position),
	};

	ctl->page_at = 0;
	conn_put(ctl->reader, read, 8);
	conn_ask(ctl->reader, on_entries, 0, 1);
	conn_wait(ctl->reader, BLOCK_MS);
	conn_flush(ctl->reader);
}

void
controller_on_read(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct controller *ctl = arg;
	char reply_to[UUID_LEN + 1] = "", position[STREAM_POSITION_MAX];
	const uint8_t *text;
	struct cursor c;

	(void)fds;
	cursor_init(&c, body, len);
	text = cursor_bytes(&c, UUID_LEN);
	if (text != NULL)
		memcpy(reply_to, text, UUID_LEN);
	if (!cursor_text(&c, position, sizeof position) || !cursor_done(&c) ||
	    !name_is_uuid(reply_to) ||
	    !stream_position_valid(position, strlen(position)) ||
	    ctl->stream.len > 0)
		fatal("READ is ill-formed, or comes twice");
	name_make(&ctl->stream, ctl->net.config.fleet, NAMES_REPLY, reply_to);
	memcpy(ctl->position, position, sizeof ctl->position);
	read_on(ctl);
}
