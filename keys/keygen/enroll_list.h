/*
 * Part of amiral-keygen: the operators' list that a host enrolls by, put
 * where amirald keeps the newest one, so that the agent never takes one that
 * is older. One that is there already and newer is never overwritten.
 */
#ifndef AMIRAL_KEYS_KEYGEN_ENROLL_LIST_H
#define AMIRAL_KEYS_KEYGEN_ENROLL_LIST_H

#include <limits.h>
#include <stdbool.h>

#include "wire/trust.h"

struct enroll_list {
	/* The caller's: verified, as it came and parsed. */
	const uint8_t *envelope;
	size_t len;
	const struct trust_list *list;
	/* Made by enroll_list_prepare(). */
	char directory[PATH_MAX], path[PATH_MAX];
	bool write, replace;
};

/* Both: false and a logged message. */

/*
 * Writes nothing. new_host: there is no amirald.conf yet, so that no agent
 * can be keeping lists there; a list of an enrollment that was cut short is
 * then replaced by a newer one.
 */
bool enroll_list_prepare(
    struct enroll_list *, const char *state_dir, bool new_host);
/* Makes the directory too, as amirald would. */
bool enroll_list_write(const struct enroll_list *);

#endif
