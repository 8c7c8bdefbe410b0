/* amirald's command line. Part of amirald. */
#ifndef AMIRAL_EXECUTOR_OPTIONS_H
#define AMIRAL_EXECUTOR_OPTIONS_H

#include <limits.h>
#include <stdbool.h>

struct options {
	char conf[PATH_MAX]; /* absolute */
	bool check, debug;
	const char *may_operator, *may_provider; /* both, or neither */
	char *const *may_args; /* with both: KEY=VALUE words, up to NULL */
};

/* Prints and exits for --help, --version and mistakes. */
void options_read(struct options *out, int argc, char **argv);

#endif
