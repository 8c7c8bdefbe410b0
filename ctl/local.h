/* amiral: the files of this machine that a command needs, opened as trusted. */
#ifndef AMIRAL_CTL_LOCAL_H
#define AMIRAL_CTL_LOCAL_H

#include "ctl/settings.h"
#include "keys/known_hosts.h"

/*
 * NULL and a message. The points of the keys are judged when the file is
 * read for the first time: the cache remembers the digest of the bytes that
 * passed (31 us a key would be most of a command's start).
 */
struct known_hosts *local_known_hosts(
    const struct settings *, char error[static CTL_ERROR_MAX]);
/* The directories above path that are missing, for us alone. */
void local_make_directories(const char *path);
/* The same file's text; the caller frees. */
char *local_known_text(
    const struct settings *, size_t *len, char error[static CTL_ERROR_MAX]);

#endif
