/* Part of the gate: see replay.h. */
#include "agent/gate/replay.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define SLOTS_FIRST  64
#define OWNERS_BLOCK 8

static_assert(
    sizeof(((struct gate_replay *)0)->hash_key) == crypto_shorthash_KEYBYTES,
    "the key of SipHash");

void
replay_init(struct gate_replay *replay)
{
	*replay = (struct gate_replay){ .size = SLOTS_FIRST };
	replay->slots = calloc(SLOTS_FIRST, sizeof(*replay->slots));
	if (replay->slots == NULL)
		fatal("out of memory");
	randombytes_buf(replay->hash_key, sizeof(replay->hash_key));
}

void
replay_clear(struct gate_replay *replay)
{
	for (uint32_t i = 0; i < replay->owner_count; i++)
		free(replay->owners[i].name);
	free(replay->owners);
	free(replay->slots);
	*replay = (struct gate_replay){ 0 };
}

/* The slot of digest, or the free one where it belongs. */
static struct replay_entry *
slot_of(const struct gate_replay *replay, struct replay_entry *slots,
    uint32_t size, const uint8_t digest[static ENVELOPE_DIGEST_SIZE])
{
	uint8_t hash[crypto_shorthash_BYTES];
	uint32_t at;

	crypto_shorthash(hash, digest, ENVELOPE_DIGEST_SIZE, replay->hash_key);
	memcpy(&at, hash, sizeof(at));
	for (;; at++) {
		struct replay_entry *slot = &slots[at & (size - 1)];

		if (slot->expires == 0 ||
		    memcmp(slot->digest, digest, ENVELOPE_DIGEST_SIZE) == 0)
			return slot;
	}
}

const struct replay_entry *
replay_find(const struct gate_replay *replay,
    const uint8_t digest[static ENVELOPE_DIGEST_SIZE])
{
	const struct replay_entry *slot =
	    slot_of(replay, replay->slots, replay->size, digest);

	return slot->expires == 0 ? NULL : slot;
}

const char *
replay_owner_name(
    const struct gate_replay *replay, const struct replay_entry *entry)
{
	return replay->owners[entry->owner].name;
}

static struct replay_owner *
owner_find(const struct gate_replay *replay, const char *name)
{
	for (uint32_t i = 0; i < replay->owner_count; i++) {
		struct replay_owner *owner = &replay->owners[i];

		if (owner->name != NULL && strcmp(owner->name, name) == 0)
			return owner;
	}
	return NULL;
}

uint32_t
replay_owned(const struct gate_replay *replay, const char *name)
{
	const struct replay_owner *owner = owner_find(replay, name);

	return owner == NULL ? 0 : owner->entries;
}

/* A row for a name that has none: one that somebody left, or a new one. */
static struct replay_owner *
owner_new(struct gate_replay *replay, const char *name)
{
	struct replay_owner *owners = replay->owners;
	uint32_t at = 0;

	while (at < replay->owner_count && owners[at].name != NULL)
		at++;
	if (at == replay->owner_count && at % OWNERS_BLOCK == 0) {
		owners =
		    reallocarray(owners, at + OWNERS_BLOCK, sizeof(*owners));
		if (owners == NULL)
			return NULL;
		replay->owners = owners;
	}
	owners[at] = (struct replay_owner){ .name = strdup(name) };
	if (owners[at].name == NULL)
		return NULL;
	if (at == replay->owner_count)
		replay->owner_count++;
	return &owners[at];
}

static void
owner_release(struct gate_replay *replay, uint32_t index)
{
	struct replay_owner *owner = &replay->owners[index];

	if (--owner->entries > 0)
		return;
	free(owner->name);
	owner->name = NULL;
}

/* Moves the entries to a table of another size. */
static bool
table_resize(struct gate_replay *replay, uint32_t size)
{
	struct replay_entry *slots = calloc(size, sizeof(*slots));

	if (slots == NULL)
		return false;
	for (uint32_t i = 0; i < replay->size; i++) {
		const struct replay_entry *from = &replay->slots[i];

		if (from->expires != 0)
			*slot_of(replay, slots, size, from->digest) = *from;
	}
	free(replay->slots);
	replay->slots = slots;
	replay->size = size;
	return true;
}

static bool
entry_over(const struct replay_entry *entry, int64_t horizon)
{
	return entry->expires != 0 && entry->expires <= horizon &&
	       entry->state != REPLAY_RUNNING;
}

void
replay_expire(struct gate_replay *replay, int64_t horizon)
{
	struct replay_entry *old = replay->slots;
	uint32_t size = SLOTS_FIRST, left = 0;
	struct replay_entry *slots;

	for (uint32_t i = 0; i < replay->size; i++)
		left += old[i].expires != 0 && !entry_over(&old[i], horizon);
	if (left == replay->used)
		return;
	while (size < 2 * (left + 1))
		size *= 2;
	slots = calloc(size, sizeof(*slots));
	if (slots == NULL)
		return; /* nothing is forgotten; there is just no room */
	for (uint32_t i = 0; i < replay->size; i++) {
		if (entry_over(&old[i], horizon)) {
			if (old[i].expires > replay->floor)
				replay->floor = old[i].expires;
			owner_release(replay, old[i].owner);
		} else if (old[i].expires != 0) {
			*slot_of(replay, slots, size, old[i].digest) = old[i];
		}
	}
	free(old);
	replay->slots = slots;
	replay->size = size;
	replay->used = left;
}

static bool
share_left(const struct gate_replay *replay, const char *owner)
{
	return replay->used < REPLAY_MAX &&
	       replay_owned(replay, owner) < REPLAY_SHARE;
}

bool
replay_room(struct gate_replay *replay, const char *owner, int64_t now)
{
	if (share_left(replay, owner))
		return true;
	if (now >= replay->swept_ms && now < replay->swept_ms + REPLAY_SWEEP_MS)
		return false;
	replay->swept_ms = now;
	replay_expire(replay, now);
	replay->early = replay->floor;
	return share_left(replay, owner);
}

bool
replay_add(struct gate_replay *replay,
    const uint8_t digest[static ENVELOPE_DIGEST_SIZE], const char *name,
    int64_t expires, enum replay_state state)
{
	struct replay_owner *owner;
	struct replay_entry *slot;

	if (!share_left(replay, name))
		return false;
	if (2 * (replay->used + 1) > replay->size &&
	    !table_resize(replay, 2 * replay->size))
		return false;
	slot = slot_of(replay, replay->slots, replay->size, digest);
	if (slot->expires != 0)
		return false;
	owner = owner_find(replay, name);
	if (owner == NULL)
		owner = owner_new(replay, name);
	if (owner == NULL)
		return false;
	*slot = (struct replay_entry){
		.expires = expires,
		.owner = (uint32_t)(owner - replay->owners),
		.state = state,
	};
	memcpy(slot->digest, digest, sizeof(slot->digest));
	owner->entries++;
	replay->used++;
	return true;
}

void
replay_mark(struct gate_replay *replay,
    const uint8_t digest[static ENVELOPE_DIGEST_SIZE], enum replay_state state)
{
	struct replay_entry *slot =
	    slot_of(replay, replay->slots, replay->size, digest);

	if (slot->expires != 0)
		slot->state = state;
}

void
replay_cancel_digest(const uint8_t digest[static ENVELOPE_DIGEST_SIZE],
    const char *owner, uint8_t out[static ENVELOPE_DIGEST_SIZE])
{
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const uint8_t *)"cancel", 6);
	crypto_hash_sha256_update(&state, digest, ENVELOPE_DIGEST_SIZE);
	crypto_hash_sha256_update(
	    &state, (const uint8_t *)owner, strlen(owner));
	crypto_hash_sha256_final(&state, out);
}
