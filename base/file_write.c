/*
 * Part of the processes that make files. At every
 * instant the final name is absent, or the former file, or the whole new one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/file_at.h"
#include "base/file_refuse.h"

#define TEMPORARY_SIZE 32 /* ".amiral-", 16 digits, NUL and some */
#define CREATE_FLAGS   (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)

struct target {
	int directory;
	const char *name, *path;
	char temporary[TEMPORARY_SIZE];
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
write_temporary(struct target *t, const struct file_bytes *content)
{
	int fd = make_temporary(t);

	if (fd == -1)
		return -1;
	if (write_all(fd, content->bytes, content->len) == -1 ||
	    fchmod(fd, content->mode) == -1 || fsync(fd) == -1) {
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

	if (renameat2(t->directory, t->temporary, t->directory, t->name,
		RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	linked = linkat(t->directory, t->temporary, t->directory, t->name, 0);
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
	unlinkat(t->directory, t->name, 0);
	return -1;
}

static int
publish_over(struct target *t)
{
	if (renameat(t->directory, t->temporary, t->directory, t->name) == -1) {
		refuse(t, "cannot replace it");
		unlinkat(t->directory, t->temporary, 0);
		return -1;
	}
	if (sync_directory(t) == -1)
		return refuse(t, "cannot make it last");
	return 0;
}

int
file_create_at(int directory, const char *name, const char *path,
    const struct file_bytes *bytes, char error[static FILE_ERROR_MAX])
{
	struct target t = { .directory = directory,
		.name = name,
		.path = path,
		.error = error };

	return write_temporary(&t, bytes) == 0 ? publish_new(&t) : -1;
}

int
file_replace_at(int directory, const char *name, const char *path,
    const struct file_bytes *bytes, char error[static FILE_ERROR_MAX])
{
	struct target t = { .directory = directory,
		.name = name,
		.path = path,
		.error = error };

	return write_temporary(&t, bytes) == 0 ? publish_over(&t) : -1;
}
