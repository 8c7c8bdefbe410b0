/* Part of the gate: see poison.h. */
#include "agent/gate/poison.h"

#include <assert.h>
#include <sodium.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "privsep/messages.h"

/* Zeros are an empty one. Another gate wrote it, perhaps a hostile one. */
struct poison_notes {
	uint8_t in_hand[ENVELOPE_DIGEST_SIZE];
	uint32_t busy; /* in_hand is one */
	uint32_t count, next;
	uint8_t refused[POISON_MAX][ENVELOPE_DIGEST_SIZE];
};

static_assert(
    sizeof(struct poison_notes) <= NOTES_SIZE, "notes fit into their memory");

static struct poison_notes *
notes_map(int flags, int fd)
{
	void *notes =
	    mmap(NULL, NOTES_SIZE, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (notes == MAP_FAILED)
		fatal_errno("memory for notes");
	return notes;
}

void
poison_init(struct gate_poison *poison)
{
	poison->notes = notes_map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

void
poison_free(struct gate_poison *poison)
{
	munmap(poison->notes, NOTES_SIZE);
	poison->notes = NULL;
}

static void
refuse_from_now_on(
    struct poison_notes *notes, const uint8_t digest[ENVELOPE_DIGEST_SIZE])
{
	char text[sodium_base64_ENCODED_LEN(
	    ENVELOPE_DIGEST_SIZE, sodium_base64_VARIANT_ORIGINAL)];
	uint32_t at = notes->next % POISON_MAX;

	memcpy(notes->refused[at], digest, ENVELOPE_DIGEST_SIZE);
	notes->next = (at + 1) % POISON_MAX;
	if (notes->count < POISON_MAX)
		notes->count++;
	sodium_bin2base64(text, sizeof(text), digest, ENVELOPE_DIGEST_SIZE,
	    sodium_base64_VARIANT_ORIGINAL);
	log_error("request %s was in hand when the gate ended: it is refused "
		  "unread from now on",
	    text);
}

void
poison_adopt(struct gate_poison *poison, int fd)
{
	struct poison_notes *notes = notes_map(MAP_SHARED, fd);

	close(fd);
	poison_free(poison);
	poison->notes = notes;
	if (notes->busy != 0)
		refuse_from_now_on(notes, notes->in_hand);
	poison_done(poison);
}

static bool
is_refused(const struct poison_notes *notes,
    const uint8_t digest[ENVELOPE_DIGEST_SIZE])
{
	uint32_t count = notes->count < POISON_MAX ? notes->count : POISON_MAX;

	for (uint32_t i = 0; i < count; i++)
		if (memcmp(notes->refused[i], digest, ENVELOPE_DIGEST_SIZE) ==
		    0)
			return true;
	return false;
}

/* The fences: who reads it is not this process, and this one may be gone. */
bool
poison_take(struct gate_poison *poison,
    const uint8_t digest[static ENVELOPE_DIGEST_SIZE])
{
	struct poison_notes *notes = poison->notes;

	if (is_refused(notes, digest))
		return false;
	memcpy(notes->in_hand, digest, ENVELOPE_DIGEST_SIZE);
	atomic_signal_fence(memory_order_seq_cst);
	notes->busy = 1;
	atomic_signal_fence(memory_order_seq_cst);
	return true;
}

void
poison_done(struct gate_poison *poison)
{
	atomic_signal_fence(memory_order_seq_cst);
	poison->notes->busy = 0;
	atomic_signal_fence(memory_order_seq_cst);
}
