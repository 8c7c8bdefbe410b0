/*
 * Part of amirald. The limits are RLIMIT_RTTIME, far above what could be
 * reached, and RLIMIT_LOCKS, which has no effect since Linux 2.4.25.
 */
#include "privsep/executor/mark.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define LINE_MAX_LEN 128

void
marks_init(struct marks *marks)
{
	struct rlimit rttime, locks;

	if (getrlimit(RLIMIT_RTTIME, &rttime) == -1 ||
	    getrlimit(RLIMIT_LOCKS, &locks) == -1)
		fatal_errno("getrlimit");
	*marks = (struct marks){
		.top = rttime.rlim_max < LONG_MAX ? rttime.rlim_max : LONG_MAX,
		.locks = locks.rlim_max,
	};
}

/* They wrap where somebody left amirald little of either. */
mark_t
marks_next(struct marks *marks, struct drop_limit limits[static MARK_LIMITS])
{
	if (++marks->last >= marks->locks || marks->last >= marks->top)
		marks->last = 1;
	limits[0] =
	    (struct drop_limit){ RLIMIT_RTTIME, marks->top - marks->last };
	limits[1] = (struct drop_limit){ RLIMIT_LOCKS, marks->last };
	return marks->last;
}

/* "Max file locks      SOFT      HARD      locks" */
static bool
hard_of_line(const char *line, const char *caption, rlim_t *out)
{
	size_t len = strlen(caption);
	char hard[32];
	char *end;

	if (strncmp(line, caption, len) != 0 ||
	    sscanf(line + len, "%*31s %31s", hard) != 1)
		return false;
	*out = strtoull(hard, &end, 10);
	if (strcmp(hard, "unlimited") == 0)
		*out = RLIM_INFINITY;
	else if (*end != '\0')
		return false;
	return true;
}

/* prlimit(2) would need CAP_SYS_RESOURCE; this file is for everyone. */
static bool
limits_read(pid_t pid, rlim_t *rttime, rlim_t *locks)
{
	char path[64], line[LINE_MAX_LEN];
	unsigned found = 0;
	FILE *limits;

	snprintf(path, sizeof path, "/proc/%d/limits", (int)pid);
	if ((limits = fopen(path, "re")) == NULL)
		return false;
	while (fgets(line, sizeof line, limits) != NULL)
		found += hard_of_line(line, "Max realtime timeout", rttime) ||
			 hard_of_line(line, "Max file locks", locks);
	fclose(limits);
	return found == MARK_LIMITS;
}

mark_t
mark_of(const struct marks *marks, pid_t pid)
{
	rlim_t rttime, locks;

	if (!limits_read(pid, &rttime, &locks))
		return MARK_FORGED;
	if (locks == marks->locks)
		return MARK_NONE;
	return rttime + locks == marks->top ? locks : MARK_FORGED;
}
