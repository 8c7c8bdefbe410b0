/*
 * Part of the processes that find files by their path: the way there first,
 * then the name in the directory where it ends.
 */
#include "base/file.h"

#include <unistd.h>

#include "base/file_at.h"
#include "base/file_walk.h"

int
file_open(const char *path, enum file_rule rule, size_t max,
    char error[static FILE_ERROR_MAX])
{
	char base[NAME_MAX + 1];
	int directory = file_walk(path, base, error);
	int fd = -1;

	if (directory == -1)
		return -1;
	fd = file_open_at(directory, base, path, rule, max, error);
	close(directory);
	return fd;
}

int
file_open_directory(const char *path, char error[static FILE_ERROR_MAX])
{
	char base[NAME_MAX + 1];
	int directory = file_walk(path, base, error);
	int fd = -1;

	if (directory == -1)
		return -1;
	fd = file_open_directory_at(directory, base, path, error);
	close(directory);
	return fd;
}

static int
make(const char *path, const struct file_bytes *bytes,
    int (*make_at)(int, const char *, const char *, const struct file_bytes *,
	char[static FILE_ERROR_MAX]),
    char error[static FILE_ERROR_MAX])
{
	char base[NAME_MAX + 1];
	int directory = file_walk(path, base, error);
	int result;

	if (directory == -1)
		return -1;
	result = make_at(directory, base, path, bytes, error);
	close(directory);
	return result;
}

int
file_create(const char *path, mode_t mode, const void *bytes, size_t len,
    char error[static FILE_ERROR_MAX])
{
	return make(path, &(struct file_bytes){ mode, bytes, len },
	    file_create_at, error);
}

int
file_replace(const char *path, mode_t mode, const void *bytes, size_t len,
    char error[static FILE_ERROR_MAX])
{
	return make(path, &(struct file_bytes){ mode, bytes, len },
	    file_replace_at, error);
}
