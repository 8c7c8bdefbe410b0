/*
 * The latest `issued` of a request that ran before its time, the operator's
 * clock being ahead. A gate that starts later would take such a request for
 * a fresh one: it is told to refuse what was issued up to then. Outlives
 * gate and amirald, in state_dir. Part of amirald.
 */
#ifndef AMIRAL_EXECUTOR_ISSUED_H
#define AMIRAL_EXECUTOR_ISSUED_H

#include <stdbool.h>
#include <stdint.h>

#include "privsep/executor/state_dir.h"

/* Further ahead no gate admits (the protocol's skew of 30 s, rounded up). */
#define ISSUED_AHEAD_MS 31000

/*
 * What is kept, in ms since the epoch; 0 where nothing is. Of a file that
 * cannot be believed: the latest that there may be, with a line in the log.
 */
int64_t issued_read(const struct state_dir *);
/*
 * Before a request that was issued then is launched: raises and flushes the
 * mark where issued is ahead of the clock. False for a time that no gate may
 * have admitted.
 */
bool issued_raise(int64_t *mark, const struct state_dir *, uint64_t issued);

#endif
