/* Users of the system, looked up while loading, never later. Part of
 * amirald-reader.
 */
#ifndef AMIRAL_READER_IDENTITY_H
#define AMIRAL_READER_IDENTITY_H

#include <stddef.h>
#include <sys/types.h>

struct identity {
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* all of them, the first one too */
	size_t count;
};

#define IDENTITY_ERROR_MAX 256

/*
 * A name of the user database, or a number: that uid, the gid of the same
 * number, no groups. 0, or -1 and a message.
 */
int identity_find(const char *user, struct identity *out,
    char error[static IDENTITY_ERROR_MAX]);
void identity_free(struct identity *);

#endif
