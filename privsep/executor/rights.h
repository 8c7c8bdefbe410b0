/*
 * Which capabilities amirald needs for a table of providers, and the end of
 * the others. Part of amirald, the one program that links libcap.
 */
#ifndef AMIRAL_EXECUTOR_RIGHTS_H
#define AMIRAL_EXECUTOR_RIGHTS_H

#include <stdbool.h>

#include "privsep/executor/provider.h"

/*
 * Bits CAP_x: what starting and ending gate, net and unprivileged providers
 * takes, and what rows grant; UINT64_MAX where a row keeps all of root's.
 */
uint64_t rights_needed(const struct provider_table *);
/* Gives up the rest, for itself and every later child. Fatal. */
void rights_trim(uint64_t keep);
/* The bounding set as it is. */
uint64_t rights_held(void);
/* The first one of needed that has been given up, or -1. */
int rights_missing(uint64_t needed);
/* "cap_kill, ..." or "all of root's"; at most RIGHTS_TEXT_MAX with its end. */
#define RIGHTS_TEXT_MAX 1024
void rights_text(uint64_t, char out[static RIGHTS_TEXT_MAX]);

#endif
