/*
 * amiral: the list of what did not verify, or was verified and cannot be
 * true. Bounded: what is over it is counted.
 */
#ifndef AMIRAL_CTL_ODDITIES_H
#define AMIRAL_CTL_ODDITIES_H

#include "ctl/verify.h"

#define ODDITIES_MAX 200 /* rows */

struct oddity_row {
	enum oddity kind;
	char name[HOSTNAME_MAX + 1]; /* claimed; "" where nothing vouches */
	bool has_key;
	struct public_key key;
	unsigned long count;
};

struct oddities {
	struct oddity_row rows[ODDITIES_MAX];
	size_t n;
	unsigned long total, unlisted; /* messages */
};

void oddities_add(struct oddities *, enum oddity, const char *name,
    const struct public_key *key);
/* "wrong key", as the list's caption. */
const char *oddity_name(enum oddity);

#endif
