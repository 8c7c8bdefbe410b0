/* Part of amirald. */
#include "privsep/executor/mark.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_LEN 128

/* "Max realtime timeout      SOFT      HARD      us" */
static mark_t
hard_of_line(const char *line)
{
	static const char caption[] = "Max realtime timeout";
	char hard[32];
	char *end;
	mark_t mark;

	if (strncmp(line, caption, sizeof caption - 1) != 0)
		return 0;
	if (sscanf(line + sizeof caption - 1, "%*31s %31s", hard) != 1)
		return 0;
	if (strcmp(hard, "unlimited") == 0)
		return RLIM_INFINITY;
	mark = strtoull(hard, &end, 10);
	return *end == '\0' ? mark : 0;
}

/* prlimit(2) would need CAP_SYS_RESOURCE; this file is for everyone. */
mark_t
mark_of(pid_t pid)
{
	char path[64], line[LINE_MAX_LEN];
	mark_t mark = 0;
	FILE *limits;

	snprintf(path, sizeof path, "/proc/%d/limits", (int)pid);
	if ((limits = fopen(path, "re")) == NULL)
		return 0;
	while (mark == 0 && fgets(line, sizeof line, limits) != NULL)
		mark = hard_of_line(line);
	fclose(limits);
	return mark;
}

mark_t
mark_first(mark_t unmarked)
{
	return unmarked < LONG_MAX ? unmarked - 1 : LONG_MAX;
}
