/* Part of the gate: see outbox.h. */
#include "agent/gate/outbox.h"

#include <stdlib.h>

#include "base/cursor.h"
#include "base/log.h"
#include "privsep/messages.h"

#define HEAD_SIZE (8 + 1 + 8 + UUID_LEN)

struct outbox_entry {
	TAILQ_ENTRY(outbox_entry) next;
	uint64_t id;
	struct letter *letter;
};

void
outbox_init(struct gate_outbox *outbox)
{
	*outbox = (struct gate_outbox){ 0 };
	TAILQ_INIT(&outbox->entries);
}

static bool
entry_send(const struct gate_outbox *outbox, const struct outbox_entry *entry)
{
	struct letter *letter = entry->letter;
	uint8_t head[HEAD_SIZE];
	struct writer writer;
	struct iovec pieces[2];

	writer_init(&writer, head, sizeof(head));
	writer_u64(&writer, entry->id);
	writer_u8(&writer, (uint8_t)letter->via);
	writer_u64(&writer, (uint64_t)letter->expires);
	writer_bytes(&writer, letter->reply_to, UUID_LEN);
	pieces[0] = (struct iovec){ head, sizeof(head) };
	pieces[1] = (struct iovec){ letter->bytes, letter->len };
	return link_send(outbox->link, G2N_REPLY, pieces, 2, NULL);
}

void
outbox_pump(struct gate_outbox *outbox)
{
	if (outbox->link == NULL)
		return;
	while (outbox->unsent != NULL && entry_send(outbox, outbox->unsent))
		outbox->unsent = TAILQ_NEXT(outbox->unsent, next);
}

bool
outbox_full(const struct gate_outbox *outbox)
{
	return outbox->letters >= OUTBOX_LETTERS ||
	       outbox->bytes >= OUTBOX_BYTES;
}

bool
outbox_post(struct gate_outbox *outbox, struct letter *letter)
{
	struct outbox_entry *entry;

	if (letter->kind == LETTER_PIECE && outbox_full(outbox))
		return false;
	entry = malloc(sizeof(*entry));
	if (entry == NULL)
		fatal("out of memory with %u replies waiting", outbox->letters);
	entry->id = outbox->next_id++;
	entry->letter = letter_hold(letter);
	TAILQ_INSERT_TAIL(&outbox->entries, entry, next);
	outbox->letters++;
	outbox->bytes += letter->len;
	if (outbox->unsent == NULL)
		outbox->unsent = entry;
	outbox_pump(outbox);
	return true;
}

void
outbox_done(struct gate_outbox *outbox, uint64_t id)
{
	struct outbox_entry *entry;

	TAILQ_FOREACH(entry, &outbox->entries, next)
	{
		if (entry->id >= id)
			break;
	}
	if (entry == NULL || entry->id != id)
		return;
	if (outbox->unsent == entry)
		outbox->unsent = TAILQ_NEXT(entry, next);
	TAILQ_REMOVE(&outbox->entries, entry, next);
	outbox->letters--;
	outbox->bytes -= entry->letter->len;
	letter_release(entry->letter);
	free(entry);
}

void
outbox_attach(struct gate_outbox *outbox, struct link *link)
{
	outbox->link = link;
	outbox->unsent = TAILQ_FIRST(&outbox->entries);
	outbox_pump(outbox);
}
