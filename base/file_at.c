/*
 * Part of the processes that open files. Opened once; everything is judged
 * on the descriptor, never on the name.
 */
#include "base/file_at.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "base/file_refuse.h"

#define OPEN_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static const struct rule {
	mode_t forbidden;
	bool one_link;
	const char *what, *remedy;
} rules[] = {
	[FILE_SECRET] = { 077, true, "open to others", "chmod 600" },
	[FILE_TRUSTED] = { 022, false, "writable by others", "chmod go-w" },
};

static int
judge_access(const struct stat *st, const struct rule *rule, const char *path,
    char error[static FILE_ERROR_MAX])
{
	if (!file_owner_ok(st))
		return file_refuse(error, path,
		    "belongs to uid %u; run: chown root", (unsigned)st->st_uid);
	if ((st->st_mode & rule->forbidden) != 0)
		return file_refuse(error, path, "mode %04o is %s; run: %s",
		    (unsigned)st->st_mode & 07777, rule->what, rule->remedy);
	return 0;
}

static int
judge_file(int fd, const struct rule *rule, size_t max, const char *path,
    char error[static FILE_ERROR_MAX])
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return file_refuse_errno(error, path, "cannot look at it");
	if (!S_ISREG(st.st_mode))
		return file_refuse(error, path,
		    "not a regular file; put a regular file there");
	if (judge_access(&st, rule, path, error) == -1)
		return -1;
	if (rule->one_link && st.st_nlink != 1)
		return file_refuse(error, path,
		    "has %lu hard links; remove the others",
		    (unsigned long)st.st_nlink);
	if (st.st_size < 0 || (uintmax_t)st.st_size > max)
		return file_refuse(error, path,
		    "has %jd bytes, too big: at most %zu; shorten it",
		    (intmax_t)st.st_size, max);
	return 0;
}

static int
judge_directory(int fd, const char *path, char error[static FILE_ERROR_MAX])
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return file_refuse_errno(error, path, "cannot look at it");
	return judge_access(&st, &rules[FILE_TRUSTED], path, error);
}

int
file_open_at(int directory, const char *name, const char *path,
    enum file_rule rule, size_t max, char error[static FILE_ERROR_MAX])
{
	int fd = openat(directory, name, OPEN_FLAGS);

	if (fd == -1)
		return file_refuse_errno(error, path, "cannot open it");
	if (judge_file(fd, &rules[rule], max, path, error) == 0)
		return fd;
	close(fd);
	return -1;
}

int
file_open_directory_at(int directory, const char *name, const char *path,
    char error[static FILE_ERROR_MAX])
{
	int fd = openat(directory, name, OPEN_FLAGS | O_DIRECTORY);

	if (fd == -1)
		return file_refuse_errno(error, path, "cannot open it");
	if (judge_directory(fd, path, error) == 0)
		return fd;
	close(fd);
	return -1;
}
