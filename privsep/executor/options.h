/* amirald's command line. Part of amirald. */
#ifndef AMIRAL_EXECUTOR_OPTIONS_H
#define AMIRAL_EXECUTOR_OPTIONS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct options {
	char conf[PATH_MAX]; /* absolute */
	bool check, debug;
	char *may_operator, *may_provider; /* both, or neither */
	char **may_args;                   /* with both: KEY=VALUE words */
	size_t may_count;
};

/* Prints and exits for --help, --version and mistakes. */
void options_read(struct options *out, int argc, char **argv);

#endif
