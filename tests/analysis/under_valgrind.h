/*
 * Included into everything by tests/analysis/valgrind. Valgrind lives in the
 * processes that it watches: limits of memory and files would be its own, and
 * callgrind wants to write a file when a process ends.
 */
#ifndef AMIRAL_TESTS_ANALYSIS_UNDER_VALGRIND_H
#define AMIRAL_TESTS_ANALYSIS_UNDER_VALGRIND_H

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static inline int
limit_stays(__rlimit_resource_t resource, const struct rlimit *limit)
{
	(void)resource;
	(void)limit;
	return 0;
}
#define setrlimit limit_stays

/* "." is the way in; "/" is tried to see that it is refused. */
static inline int
root_stays(const char *path)
{
	return path[0] == '.' ? 0 : -1;
}
#define chroot root_stays

/* Whose parent has ended has the time to say what was seen of it. */
#define prctl(option, ...)                                                     \
	((option) == PR_SET_PDEATHSIG ? 0 : (prctl)(option, __VA_ARGS__))

#endif
