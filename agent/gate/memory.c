/* Part of the gate: see memory.h. */
#include "agent/gate/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

struct memory_letter {
	STAILQ_ENTRY(memory_letter) next;
	struct letter *letter;
};

struct memory_record {
	TAILQ_ENTRY(memory_record) next;
	STAILQ_HEAD(, memory_letter) letters;
	uint8_t request[ENVELOPE_DIGEST_SIZE];
	int64_t again_ms; /* monotonic: not before */
};

void
memory_init(struct gate_memory *memory)
{
	*memory = (struct gate_memory){ 0 };
	TAILQ_INIT(&memory->records);
}

static void
letter_drop(struct gate_memory *memory, struct memory_record *record,
    struct memory_letter *item)
{
	STAILQ_REMOVE(&record->letters, item, memory_letter, next);
	memory->letters--;
	memory->bytes -= item->letter->len;
	letter_release(item->letter);
	free(item);
}

static void
record_forget(struct gate_memory *memory, struct memory_record *record)
{
	while (!STAILQ_EMPTY(&record->letters))
		letter_drop(memory, record, STAILQ_FIRST(&record->letters));
	TAILQ_REMOVE(&memory->records, record, next);
	free(record);
}

void
memory_clear(struct gate_memory *memory)
{
	while (!TAILQ_EMPTY(&memory->records))
		record_forget(memory, TAILQ_FIRST(&memory->records));
}

/* From the newest: that is the one meant, nearly always. */
static struct memory_record *
record_find(const struct gate_memory *memory,
    const uint8_t request[static ENVELOPE_DIGEST_SIZE])
{
	struct memory_record *record;

	TAILQ_FOREACH_REVERSE(record, &memory->records, memory_records, next)
	{
		if (memcmp(record->request, request, ENVELOPE_DIGEST_SIZE) == 0)
			return record;
	}
	return NULL;
}

static struct memory_record *
record_new(struct gate_memory *memory,
    const uint8_t request[static ENVELOPE_DIGEST_SIZE])
{
	struct memory_record *record = calloc(1, sizeof(*record));

	if (record == NULL)
		fatal("out of memory");
	STAILQ_INIT(&record->letters);
	memcpy(record->request, request, sizeof(record->request));
	TAILQ_INSERT_TAIL(&memory->records, record, next);
	return record;
}

static struct memory_letter *
record_first_piece(const struct memory_record *record)
{
	struct memory_letter *item;

	STAILQ_FOREACH(item, &record->letters, next)
	{
		if (item->letter->kind == LETTER_PIECE)
			return item;
	}
	return NULL;
}

/* Others' records go before pieces of own; own start and end stay. */
static void
memory_shrink(struct gate_memory *memory, struct memory_record *own)
{
	while (
	    memory->letters > MEMORY_LETTERS || memory->bytes > MEMORY_BYTES) {
		struct memory_record *oldest = TAILQ_FIRST(&memory->records);
		struct memory_letter *piece;

		if (oldest == own)
			oldest = TAILQ_NEXT(own, next);
		if (oldest != NULL) {
			record_forget(memory, oldest);
			continue;
		}
		piece = record_first_piece(own);
		if (piece == NULL)
			return;
		letter_drop(memory, own, piece);
	}
}

void
memory_add(struct gate_memory *memory, struct letter *letter)
{
	struct memory_record *record = record_find(memory, letter->request);
	struct memory_letter *item = malloc(sizeof(*item));

	if (item == NULL)
		fatal("out of memory");
	if (record == NULL)
		record = record_new(memory, letter->request);
	item->letter = letter_hold(letter);
	STAILQ_INSERT_TAIL(&record->letters, item, next);
	memory->letters++;
	memory->bytes += letter->len;
	memory_shrink(memory, record);
}

unsigned
memory_resend(struct gate_memory *memory,
    const uint8_t request[static ENVELOPE_DIGEST_SIZE], int64_t now,
    struct gate_outbox *outbox)
{
	struct memory_record *record = record_find(memory, request);
	struct memory_letter *item;
	unsigned sent = 0;

	if (record == NULL || now < record->again_ms)
		return 0;
	record->again_ms = now + MEMORY_AGAIN_MS;
	STAILQ_FOREACH(item, &record->letters, next)
	sent += outbox_post(outbox, item->letter);
	return sent;
}

const struct letter *
memory_final(const struct gate_memory *memory,
    const uint8_t request[static ENVELOPE_DIGEST_SIZE])
{
	const struct memory_record *record = record_find(memory, request);
	const struct memory_letter *item;

	if (record == NULL)
		return NULL;
	STAILQ_FOREACH(item, &record->letters, next)
	{
		if (item->letter->kind == LETTER_FINAL)
			return item->letter;
	}
	return NULL;
}
