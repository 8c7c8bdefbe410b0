/* The state directory and the empty root directory in it. Part of amirald. */
#ifndef AMIRAL_EXECUTOR_STATE_DIR_H
#define AMIRAL_EXECUTOR_STATE_DIR_H

/*
 * Makes what is missing; a descriptor of the empty directory that gate and
 * net take for their root. -1, logged.
 */
int state_dir_open(const char *path);

#endif
