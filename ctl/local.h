/* amiral: the files of this machine that a command needs, opened as trusted. */
#ifndef AMIRAL_CTL_LOCAL_H
#define AMIRAL_CTL_LOCAL_H

#include "ctl/settings.h"
#include "keys/known_hosts.h"

/* NULL and a message. */
struct known_hosts *local_known_hosts(
    const struct settings *, char error[static CTL_ERROR_MAX]);
/* The same file's text; the caller frees. */
char *local_known_text(
    const struct settings *, size_t *len, char error[static CTL_ERROR_MAX]);

#endif
