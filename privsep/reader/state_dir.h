/* The state directory and the empty root directory in it. Part of
 * amirald-reader. */
#ifndef AMIRAL_READER_STATE_DIR_H
#define AMIRAL_READER_STATE_DIR_H

/*
 * Makes what is missing; descriptors of it, and of the empty directory that
 * gate and net take for their root. 0, or -1, logged.
 */
int state_dir_open(const char *path, int *state, int *empty);

#endif
