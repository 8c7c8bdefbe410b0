/*
 * The one sequence that prepares every child: provider, gate and net. What
 * it needs is made before; between clone and exec only system calls happen.
 * Part of amirald.
 */
#ifndef AMIRAL_EXECUTOR_CHILD_H
#define AMIRAL_EXECUTOR_CHILD_H

#include <linux/filter.h>
#include <stdbool.h>
#include <sys/types.h>

#include "privsep/drop.h"

#define CHILD_FDS_MAX 5

struct child_plan {
	const char *path; /* absolute; checked when the table was made */
	char *const *argv, *const *envp;
	int fds[CHILD_FDS_MAX]; /* become 0, 1, 2, ...; nothing else is left */
	unsigned fd_count;
	const struct drop_limit *limits;
	size_t limit_count;
	const struct drop_ids *ids;      /* NULL: the ids stay */
	const struct sock_fprog *filter; /* NULL: none */
	bool no_new_privs;
	mode_t umask;
};

/*
 * The pid of a child that has executed its program. -1 with errno, and the
 * step that failed, where there is none.
 */
pid_t child_start(const struct child_plan *, const char **step);

#endif
