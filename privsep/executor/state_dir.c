/* Part of amirald. */
#include "privsep/executor/state_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_at.h"
#include "base/log.h"

void
state_dir_path(const struct state_dir *state, const char *name,
    char out[static STATE_PATH_MAX])
{
	if (snprintf(out, STATE_PATH_MAX, "%s/%s", state->path, name) < 0)
		out[0] = '\0';
}

/* False where another directory stands at its path by now. */
static bool
is_in_place(const struct state_dir *state)
{
	struct stat held, found;

	if (fstat(state->fd, &held) == 0 && stat(state->path, &found) == 0 &&
	    held.st_dev == found.st_dev && held.st_ino == found.st_ino)
		return true;
	log_error("%s: is not the directory that amirald began with; reload "
		  "amirald",
	    state->path);
	return false;
}

int
state_dir_open(const struct state_dir *state, const char *name, size_t max)
{
	char path[STATE_PATH_MAX], error[FILE_ERROR_MAX];
	int fd;

	if (faccessat(state->fd, name, F_OK, 0) == -1 && errno == ENOENT)
		return STATE_NONE;
	state_dir_path(state, name, path);
	fd = file_open_at(state->fd, name, path, FILE_SECRET, max, error);
	if (fd != -1)
		return fd;
	log_error("%s", error);
	return STATE_BAD;
}

bool
state_dir_write(const struct state_dir *state, const char *name,
    const void *bytes, size_t len)
{
	const struct file_bytes content = { 0600, bytes, len };
	char path[STATE_PATH_MAX], error[FILE_ERROR_MAX];

	if (!is_in_place(state))
		return false;
	state_dir_path(state, name, path);
	if (file_replace_at(state->fd, name, path, &content, error) == 0)
		return true;
	log_error("%s", error);
	return false;
}
