/* Part of the controller and amiral-keygen. */
#include "keys/known_hosts_file.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/slurp.h"

#define LOCK_MS      10000
#define LOCK_STEP_MS 20
#define NEW_MODE     0644

_Static_assert(KNOWN_HOSTS_ERROR_MAX == FILE_ERROR_MAX, "one buffer for both");

static bool
refuse(
    const char *path, const char *why, char error[static KNOWN_HOSTS_ERROR_MAX])
{
	snprintf(error, KNOWN_HOSTS_ERROR_MAX, "%.300s: %s", path, why);
	return false;
}

static bool
wait_for_lock(int fd)
{
	int64_t end = clock_monotonic_ms() + LOCK_MS;

	while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK || clock_monotonic_ms() > end)
			return false;
		poll(NULL, 0, LOCK_STEP_MS);
	}
	return true;
}

static bool
take_lock(
    struct known_hosts_file *file, char error[static KNOWN_HOSTS_ERROR_MAX])
{
	char directory[PATH_MAX], *slash;

	if (strlen(file->path) >= sizeof(directory))
		return refuse(file->path, "the path is too long", error);
	memcpy(directory, file->path, strlen(file->path) + 1);
	slash = strrchr(directory, '/');
	if (slash == NULL)
		memcpy(directory, ".", 2);
	else
		slash[slash == directory] = '\0';
	file->lock = file_open_directory(directory, error);
	if (file->lock == -1)
		return false;
	return wait_for_lock(file->lock) ||
	       refuse(file->path,
		   "another amiral or amiral-keygen is changing it; try again "
		   "when that has ended",
		   error);
}

static bool
read_text(
    struct known_hosts_file *file, char error[static KNOWN_HOSTS_ERROR_MAX])
{
	struct stat st;
	size_t len;
	char *text;
	int fd;

	file->mode = NEW_MODE;
	if (lstat(file->path, &st) == -1 && errno == ENOENT) {
		known_hosts_text_set(&file->content, "", 0);
		return true;
	}
	fd = file_open(file->path, FILE_TRUSTED, KNOWN_HOSTS_FILE_MAX, error);
	if (fd == -1)
		return false;
	if (fstat(fd, &st) == 0)
		file->mode = st.st_mode & NEW_MODE;
	text = slurp(fd, KNOWN_HOSTS_FILE_MAX, &len);
	close(fd);
	if (text == NULL)
		return refuse(file->path, "cannot be read", error);
	known_hosts_text_set(&file->content, text, len);
	free(text);
	return true;
}

bool
known_hosts_file_open(struct known_hosts_file *file, const char *path,
    char error[static KNOWN_HOSTS_ERROR_MAX])
{
	*file = (struct known_hosts_file){ .path = path, .lock = -1 };
	if (take_lock(file, error) && read_text(file, error)) {
		file->known = known_hosts_parse(
		    path, file->content.text, file->content.len, error);
		if (file->known != NULL)
			return true;
	}
	known_hosts_file_close(file);
	return false;
}

bool
known_hosts_file_write(
    struct known_hosts_file *file, char error[static KNOWN_HOSTS_ERROR_MAX])
{
	const struct known_hosts_text *content = &file->content;
	struct known_hosts *known;

	if (content->len > KNOWN_HOSTS_FILE_MAX)
		return refuse(file->path, "would have more than 16 MiB", error);
	known =
	    known_hosts_parse(file->path, content->text, content->len, error);
	if (known == NULL)
		return false;
	if (file_replace(file->path, file->mode, content->text, content->len,
		error) == -1) {
		known_hosts_free(known);
		return false;
	}
	known_hosts_free(file->known);
	file->known = known;
	return true;
}

void
known_hosts_file_close(struct known_hosts_file *file)
{
	known_hosts_free(file->known);
	known_hosts_text_clear(&file->content);
	if (file->lock != -1)
		close(file->lock);
	*file = (struct known_hosts_file){ .lock = -1 };
}
