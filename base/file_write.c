/*
 * Part of the processes that make files: amiral, amiral-keygen. At every
 * instant the final name is absent, or the former file, or the whole new one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_walk.h"

#define TEMPORARY_SIZE 32 /* ".amiral-", 16 digits, NUL and some */
#define CREATE_FLAGS   (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)

struct target {
	const char *path;
	char base[NAME_MAX + 1], temporary[TEMPORARY_SIZE];
	int directory;
	char *error;
};

static int
refuse(const struct target *t, const char *doing)
{
	return file_refuse_errno(t->error, t->path, doing);
}

static int
write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
make_temporary(struct target *t)
{
	uint64_t random;
	int fd;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return refuse(t, "no random bytes for a temporary name");
	snprintf(t->temporary, sizeof(t->temporary), ".amiral-%016jx",
	    (uintmax_t)random);
	fd = openat(t->directory, t->temporary, CREATE_FLAGS, 0600);
	if (fd == -1)
		return refuse(t, "cannot make a file beside it");
	return fd;
}

/* The temporary file, complete and on the disk, or none. */
static int
write_temporary(struct target *t, mode_t mode, const void *bytes, size_t len)
{
	int fd = make_temporary(t);

	if (fd == -1)
		return -1;
	if (write_all(fd, bytes, len) == -1 || fchmod(fd, mode) == -1 ||
	    fsync(fd) == -1) {
		refuse(t, "cannot write it");
		close(fd);
		goto remove;
	}
	if (close(fd) == 0)
		return 0;
	refuse(t, "cannot write it");
remove:
	unlinkat(t->directory, t->temporary, 0);
	return -1;
}

static int
sync_directory(const struct target *t)
{
	int fd = openat(t->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result;

	if (fd == -1)
		return -1;
	result = fsync(fd);
	close(fd);
	return result;
}

/*
 * The name, unless it is taken. In one step, or a file that was cut short
 * between two would have two names, which nobody believes of a secret; in two
 * where the file system knows no such step.
 */
static int
move_to_free_name(const struct target *t)
{
	int linked;

	if (renameat2(t->directory, t->temporary, t->directory, t->base,
		RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	linked = linkat(t->directory, t->temporary, t->directory, t->base, 0);
	if (linked == 0)
		unlinkat(t->directory, t->temporary, 0);
	return linked;
}

static int
publish_new(struct target *t)
{
	if (move_to_free_name(t) == -1) {
		refuse(t, "cannot make it");
		unlinkat(t->directory, t->temporary, 0);
		return -1;
	}
	if (sync_directory(t) == 0)
		return 0;
	refuse(t, "cannot make it last");
	unlinkat(t->directory, t->base, 0);
	return -1;
}

static int
publish_over(struct target *t)
{
	if (renameat(t->directory, t->temporary, t->directory, t->base) == -1) {
		refuse(t, "cannot replace it");
		unlinkat(t->directory, t->temporary, 0);
		return -1;
	}
	if (sync_directory(t) == -1)
		return refuse(t, "cannot make it last");
	return 0;
}

static int
make(const char *path, mode_t mode, const void *bytes, size_t len,
    int (*publish)(struct target *), char error[static FILE_ERROR_MAX])
{
	struct target t = { .path = path, .error = error };
	int result = -1;

	t.directory = file_walk(path, t.base, error);
	if (t.directory == -1)
		return -1;
	if (write_temporary(&t, mode, bytes, len) == 0)
		result = publish(&t);
	close(t.directory);
	return result;
}

int
file_create(const char *path, mode_t mode, const void *bytes, size_t len,
    char error[static FILE_ERROR_MAX])
{
	return make(path, mode, bytes, len, publish_new, error);
}

int
file_replace(const char *path, mode_t mode, const void *bytes, size_t len,
    char error[static FILE_ERROR_MAX])
{
	return make(path, mode, bytes, len, publish_over, error);
}
