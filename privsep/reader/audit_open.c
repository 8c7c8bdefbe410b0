/* Part of amirald-reader. */
#include "privsep/reader/audit_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

static int
open_in(int directory, const char *path, const char *name)
{
	struct stat st;
	int fd;

	fd = openat(directory, name,
	    O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
		O_CLOEXEC,
	    0600);
	if (fd == -1) {
		log_error("%s: %s", path, strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid() && (st.st_mode & 022) == 0)
		return fd;
	log_error(
	    "%s: must be a regular file of amirald's own user that nobody "
	    "else can write; move it away, or chown and chmod 600 it",
	    path);
	close(fd);
	return -1;
}

int
audit_open(const char *path, int *out)
{
	char directory[PATH_MAX], error[FILE_ERROR_MAX];
	const char *name = strrchr(path, '/');
	int at, fd;

	if (path[0] == '\0') {
		*out = AUDIT_SYSLOG;
		return 0;
	}
	if (name == NULL || strlen(path) >= sizeof directory) {
		log_error("audit: %s: must be an absolute path", path);
		return -1;
	}
	snprintf(directory, sizeof directory, "%.*s",
	    name == path ? 1 : (int)(name - path), path);
	if ((at = file_open_directory(directory, error)) == -1) {
		log_error("audit: %s", error);
		return -1;
	}
	fd = open_in(at, path, name + 1);
	close(at);
	if (fd == -1)
		return -1;
	*out = fd;
	return 0;
}

void
audit_close(int fd)
{
	if (fd != AUDIT_SYSLOG)
		close(fd);
}
