/*
 * Which capabilities amirald needs for a table of providers. Part of
 * amirald-reader, the one program that links libcap.
 */
#ifndef AMIRAL_READER_RIGHTS_H
#define AMIRAL_READER_RIGHTS_H

#include <stdint.h>

#include "privsep/reader/provider.h"

/*
 * Bits CAP_x: what starting and ending gate, net and unprivileged providers
 * takes, and what rows grant; UINT64_MAX where a row keeps all of root's.
 */
uint64_t rights_needed(const struct provider_table *);
/* "cap_kill, ..." or "all of root's"; at most RIGHTS_TEXT_MAX with its end. */
#define RIGHTS_TEXT_MAX 1024
void rights_text(uint64_t, char out[static RIGHTS_TEXT_MAX]);

#endif
