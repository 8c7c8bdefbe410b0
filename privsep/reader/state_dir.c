/* Part of amirald-reader. */
#include "privsep/reader/state_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

#define EMPTY "empty"

static bool
is_empty(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = copy == -1 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	bool empty = directory != NULL;

	while (empty && (entry = readdir(directory)) != NULL)
		empty = strcmp(entry->d_name, ".") == 0 ||
			strcmp(entry->d_name, "..") == 0;
	if (directory != NULL)
		closedir(directory);
	else if (copy != -1)
		close(copy);
	return empty;
}

/* Nobody can put anything there: not even its owner, by mode. */
static int
open_empty(int state, const char *path)
{
	struct stat st;
	int fd;

	if (mkdirat(state, EMPTY, 0555) == -1 && errno != EEXIST) {
		log_error("%s/" EMPTY ": %s", path, strerror(errno));
		return -1;
	}
	fd = openat(
	    state, EMPTY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1) {
		log_error("%s/" EMPTY ": %s", path, strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    fchmod(fd, 0555) == 0 && is_empty(fd))
		return fd;
	log_error("%s/" EMPTY ": must be an empty directory of amirald's own "
		  "user; remove it",
	    path);
	close(fd);
	return -1;
}

int
state_dir_open(const char *path, int *state, int *empty)
{
	char error[FILE_ERROR_MAX];

	if (mkdir(path, 0700) == -1 && errno != EEXIST) {
		log_error("%s: %s; make the directory above it", path,
		    strerror(errno));
		return -1;
	}
	if ((*state = file_open_directory(path, error)) == -1) {
		log_error("%s", error);
		return -1;
	}
	if ((*empty = open_empty(*state, path)) != -1)
		return 0;
	close(*state);
	return -1;
}
