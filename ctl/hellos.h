/*
 * amiral: the newest verified hello of each known host. Kept on disk, so
 * that only changed bytes are verified again; an entry counts only as long
 * as known_hosts still has the key that signed it.
 */
#ifndef AMIRAL_CTL_HELLOS_H
#define AMIRAL_CTL_HELLOS_H

#include <stdbool.h>

#include "base/cursor.h"
#include "ctl/options.h"
#include "keys/known_hosts.h"
#include "wire/hello.h"

#define HELLOS_FILE_MAX (256 * 1024 * 1024)

struct hello_row {
	uint8_t *envelope; /* NULL: none remembered */
	size_t len;
	struct public_key key; /* whose it was */
	struct hello hello;
};

/* What a hello says of its host's keys that known_hosts does not have yet. */
struct rotation {
	size_t host;
	struct public_key old, new;
	bool over; /* the new key alone signs: the old one may go */
};

struct hellos {
	const struct known_hosts *known;
	const char *fleet;
	struct hello_row *rows; /* as in known_hosts */
	char *path;             /* of the cache; NULL: none */
	bool changed;
	size_t rejected; /* hellos that were not theirs or not newer */
	size_t verified; /* signatures looked at */
	struct rotation *rotations; /* of fresh hellos, just taken */
	size_t rotation_count;
};

/*
 * Reads the cache, if there is one: directory/fleet, ours and private. All
 * the borrowed must outlive it. A cache that is no cache is no error.
 */
void hellos_init(struct hellos *, const struct known_hosts *known,
    const char *directory, const char *fleet);
/*
 * One host's hello as Redis gave it: taken if it is the same, or if it
 * verifies, is that host's and newer than what is remembered.
 */
void hellos_take(
    struct hellos *, size_t host, const uint8_t *envelope, size_t len);
/* Writes the cache if something changed. False and a message. */
bool hellos_save(struct hellos *, char error[static CTL_ERROR_MAX]);
/*
 * The keys that a remembered hello was signed by, of the host of that name, or
 * the one with that SHA256:...; whoever's key it is now, or was then. How
 * many: 0 where there is none.
 */
size_t hellos_find_keys(const char *directory, const char *fleet,
    const char *which, struct public_key out[static HELLO_KEYS_MAX]);
/* NULL where none is remembered. */
const struct hello *hellos_of(const struct hellos *, size_t host);
void hellos_clear(struct hellos *);

#endif
