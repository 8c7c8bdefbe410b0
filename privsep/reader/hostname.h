/* The name that this host goes by. Part of amirald-reader. */
#ifndef AMIRAL_READER_HOSTNAME_H
#define AMIRAL_READER_HOSTNAME_H

#include "base/name.h"

/*
 * The configured name, or else the machine's fully qualified one in lower
 * case. 0, or -1, logged.
 */
int hostname_find(const char *configured, char out[static HOSTNAME_MAX + 1]);

#endif
