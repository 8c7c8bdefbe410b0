/* Files of amirald's own, in state_dir. Part of amirald. */
#ifndef AMIRAL_EXECUTOR_STATE_DIR_H
#define AMIRAL_EXECUTOR_STATE_DIR_H

#include <stdbool.h>
#include <stddef.h>

/* Where another directory stands at the path by now nothing is written. */
struct state_dir {
	int fd;
	const char *path;
};

enum { STATE_NONE = -1, STATE_BAD = -2 };

/*
 * A descriptor of at most max bytes; STATE_NONE where there is no such file;
 * STATE_BAD, logged, for one that cannot be believed.
 */
int state_dir_open(const struct state_dir *, const char *name, size_t max);
/* The whole new one, on the disk; or the former one, and false, logged. */
bool state_dir_write(
    const struct state_dir *, const char *name, const void *bytes, size_t len);
/* "state_dir/name", cut if need be. */
#define STATE_PATH_MAX 4096
void state_dir_path(const struct state_dir *, const char *name,
    char out[static STATE_PATH_MAX]);

#endif
