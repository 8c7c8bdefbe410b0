/* Part of the processes that find files by their path. */
#include "base/file_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file_refuse.h"

#define OTHERS_WRITE (S_IWGRP | S_IWOTH)
#define WALK_FLAGS   (O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC)

/*
 * In a sticky directory of root's, others cannot rename what belongs to root
 * or to the reader; and to one of them the next component must belong.
 */
static int
judge_directory(int fd, const char *path, char error[static FILE_ERROR_MAX])
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return file_refuse_errno(error, path, "cannot look at it");
	if (!file_owner_ok(&st))
		return file_refuse(error, path,
		    "directory belongs to uid %u; run: chown root",
		    (unsigned)st.st_uid);
	if ((st.st_mode & OTHERS_WRITE) == 0)
		return 0;
	if (st.st_uid == 0 && (st.st_mode & S_ISVTX) != 0)
		return 0;
	return file_refuse(error, path,
	    "directory of mode %04o is writable by others; run: chmod go-w",
	    (unsigned)st.st_mode & 07777);
}

/* From parent (closed here) to the directory called name. */
static int
step_into(int parent, const char *name, const char *path,
    char error[static FILE_ERROR_MAX])
{
	int fd = openat(parent, name, WALK_FLAGS);

	if (fd == -1)
		file_refuse_errno(error, path, "cannot enter it");
	if (parent != AT_FDCWD)
		close(parent);
	if (fd != -1 && judge_directory(fd, path, error) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

/* path is absolute and resolved; it ends at each '/' in turn for messages. */
static int
walk_resolved(char *path, char error[static FILE_ERROR_MAX])
{
	int fd = step_into(AT_FDCWD, "/", "/", error);
	char *name = path + 1, *end, mark;

	while (fd != -1 && *name != '\0') {
		end = strchrnul(name, '/');
		mark = *end;
		*end = '\0';
		fd = step_into(fd, name, path, error);
		*end = mark;
		name = mark == '/' ? end + 1 : end;
	}
	return fd;
}

/* Cuts path at its last component; returns what stands in front of it. */
static const char *
split(char *path, char **last)
{
	size_t len = strlen(path);
	char *slash;

	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';
	slash = strrchr(path, '/');
	*last = slash != NULL ? slash + 1 : path;
	if (slash == NULL)
		return ".";
	*slash = '\0';
	return slash == path ? "/" : path;
}

int
file_walk(const char *path, char base[static NAME_MAX + 1],
    char error[static FILE_ERROR_MAX])
{
	char copy[PATH_MAX], resolved[PATH_MAX], dot[] = ".", *last;
	const char *directory;
	int fd;

	if (*path == '\0' || strlen(path) >= sizeof(copy))
		return file_refuse(error, path, "not a path; correct it");
	memcpy(copy, path, strlen(path) + 1);
	directory = split(copy, &last);
	if (*last == '\0')
		last = dot;
	if (strlen(last) > NAME_MAX)
		return file_refuse(error, path, "name too long; correct it");
	if (realpath(directory, resolved) == NULL)
		return file_refuse_errno(error, directory, "cannot find it");
	fd = walk_resolved(resolved, error);
	if (fd != -1)
		memcpy(base, last, strlen(last) + 1);
	return fd;
}
