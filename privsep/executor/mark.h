/* A job's mark: a hard limit that its descendants inherit. Part of amirald. */
#ifndef AMIRAL_EXECUTOR_MARK_H
#define AMIRAL_EXECUTOR_MARK_H

#include <sys/resource.h>
#include <sys/types.h>

typedef rlim_t mark_t; /* microseconds of RLIMIT_RTTIME; 0 is no mark */

/* The mark of any process; 0 if it cannot be told. */
mark_t mark_of(pid_t);
/* The highest mark below that one; later ones count down. */
mark_t mark_first(mark_t unmarked);

#endif
