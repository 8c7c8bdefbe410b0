/*
 * A known_hosts file while it is changed: read whole, held by a lock on its
 * directory against another process of ours that changes it too, replaced
 * whole. Part of the controller and amiral-keygen.
 */
#ifndef AMIRAL_KEYS_KNOWN_HOSTS_FILE_H
#define AMIRAL_KEYS_KNOWN_HOSTS_FILE_H

#include <sys/types.h>

#include "keys/known_hosts.h"
#include "keys/known_hosts_edit.h"

struct known_hosts_file {
	const char *path;
	int lock;
	mode_t mode;
	struct known_hosts_text content; /* to be changed */
	struct known_hosts *known;       /* as it stands on the disk */
};

/*
 * Waits a bounded time for the lock. A file that is not there is an empty
 * one. False and a message with the remedy.
 */
bool known_hosts_file_open(struct known_hosts_file *, const char *path,
    char error[static KNOWN_HOSTS_ERROR_MAX]);
/*
 * The content as it is now, if it is one that every reader accepts, replaces
 * the file; known is read anew. False and a message, nothing is written.
 */
bool known_hosts_file_write(
    struct known_hosts_file *, char error[static KNOWN_HOSTS_ERROR_MAX]);
void known_hosts_file_close(struct known_hosts_file *);

#endif
