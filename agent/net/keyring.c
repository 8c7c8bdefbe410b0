/* Part of amiral-net, agent role: whose messages are worth passing on. */
#include "agent/net/keyring.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "privsep/messages.h"

#define KEYRING_FREE     0xff /* in the place of the type */
#define KEYRING_SIZE_MIN 16

/* The row itself, or the free slot where it would stand. */
static size_t
keyring_place(const struct keyring *ring, const uint8_t row[KEYRING_ROW])
{
	uint64_t at;

	memcpy(&at, row + 1, sizeof at);
	at &= ring->size - 1;
	while (ring->slots[at][0] != KEYRING_FREE &&
	       memcmp(ring->slots[at], row, KEYRING_ROW) != 0)
		at = (at + 1) & (ring->size - 1);
	return (size_t)at;
}

static void
keyring_insert(struct keyring *ring, const uint8_t row[KEYRING_ROW])
{
	size_t at = keyring_place(ring, row);

	if (ring->slots[at][0] != KEYRING_FREE)
		return;
	memcpy(ring->slots[at], row, KEYRING_ROW);
	ring->count++;
}

/* An empty one with room for n keys; no qsort(3), which calls sysinfo(2). */
static struct keyring
keyring_make(size_t n)
{
	struct keyring ring = { .size = KEYRING_SIZE_MIN };

	while (ring.size < 2 * n)
		ring.size *= 2;
	ring.slots = malloc(ring.size * KEYRING_ROW);
	if (ring.slots == NULL)
		fatal("out of memory for %zu keys", n);
	memset(ring.slots, KEYRING_FREE, ring.size * KEYRING_ROW);
	return ring;
}

static bool
keyring_rows_valid(const uint8_t *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i * KEYRING_ROW] > KEY_SK_ED25519)
			return false;
	return true;
}

bool
keyring_take(struct keyring *ring, const uint8_t *body, size_t len)
{
	size_t kept, n = len > 0 ? (len - 1) / KEYRING_ROW : 0;
	struct keyring next;

	if (len != 1 + n * KEYRING_ROW || body[0] > 1 ||
	    !keyring_rows_valid(body + 1, n))
		return false;
	kept = body[0] == 1 ? 0 : ring->count;
	if (n > NET_KEYS_MAX - kept)
		return false;
	next = keyring_make(kept + n);
	for (size_t i = 0; kept > 0 && i < ring->size; i++)
		if (ring->slots[i][0] != KEYRING_FREE)
			keyring_insert(&next, ring->slots[i]);
	for (size_t i = 0; i < n; i++)
		keyring_insert(&next, body + 1 + i * KEYRING_ROW);
	keyring_free(ring);
	*ring = next;
	return true;
}

bool
keyring_has(const struct keyring *ring, const struct public_key *key)
{
	uint8_t row[KEYRING_ROW];

	if (ring->count == 0)
		return false;
	row[0] = (uint8_t)key->type;
	memcpy(row + 1, key->bytes, ED25519_KEY_SIZE);
	return ring->slots[keyring_place(ring, row)][0] != KEYRING_FREE;
}

void
keyring_free(struct keyring *ring)
{
	free(ring->slots);
	*ring = (struct keyring){ 0 };
}

/* Membership first: it costs a hundredth of a verification. */
enum status
keyring_judge(const struct keyring *ring, enum envelope_kind kind,
    const void *bytes, size_t len)
{
	struct envelope envelope;
	enum status status;

	if (len > ENVELOPE_MAX)
		return STATUS_TOO_LONG;
	status = envelope_read(bytes, len, kind, &envelope);
	if (status != STATUS_OK)
		return status;
	for (unsigned i = 0; i < envelope.signatures; i++)
		if (!keyring_has(ring, &envelope.signature[i].key))
			return STATUS_UNKNOWN_KEY;
	return envelope_verify(&envelope, kind);
}
