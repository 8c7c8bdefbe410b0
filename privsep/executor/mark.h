/*
 * A job's mark: two hard limits that its descendants inherit, and that only
 * root can raise. One counts down with the jobs, the other up, so that who
 * lowers either has no job's mark. Part of amirald.
 */
#ifndef AMIRAL_EXECUTOR_MARK_H
#define AMIRAL_EXECUTOR_MARK_H

#include <sys/resource.h>
#include <sys/types.h>

#include "privsep/drop.h"

#define MARK_LIMITS 2

typedef rlim_t mark_t;
#define MARK_NONE   0             /* not of a job, or of a daemon's */
#define MARK_FORGED RLIM_INFINITY /* was changed, or cannot be told */

struct marks {
	rlim_t top;   /* the sum of the two */
	rlim_t locks; /* of who has no mark */
	mark_t last;
};

/* From amirald's own limits. */
void marks_init(struct marks *);
/* A new one, and the limits that make it. */
mark_t marks_next(struct marks *, struct drop_limit limits[static MARK_LIMITS]);
/* The mark of any process. */
mark_t mark_of(const struct marks *, pid_t);

#endif
