/* Part of the processes that open or write files. */
#include "base/file_refuse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
file_refuse(
    char error[static FILE_ERROR_MAX], const char *path, const char *fmt, ...)
{
	char what[FILE_ERROR_MAX / 2];
	va_list args;

	va_start(args, fmt);
	if (vsnprintf(what, sizeof(what), fmt, args) < 0)
		what[0] = '\0';
	va_end(args);
	snprintf(error, FILE_ERROR_MAX, "%.240s: %s", path, what);
	return -1;
}

static const struct remedy {
	int code;
	const char *text;
} remedies[] = {
	{ ENOENT, "create it, or correct the path" },
	{ ENOTDIR, "correct the path" },
	{ EACCES, "give this user access, or run as another one" },
	{ ELOOP, "it is a symbolic link; name the file itself" },
	{ EEXIST, "remove it, or choose another name" },
	{ ENOSPC, "free some space" },
	{ EDQUOT, "free some space" },
	{ EROFS, "choose a place that can be written" },
	{ EMFILE, "raise the limit of open files" },
};

int
file_refuse_errno(
    char error[static FILE_ERROR_MAX], const char *path, const char *doing)
{
	int code = errno;

	/* amirald reads without a capability. */
	if (code == EACCES && geteuid() == 0)
		return file_refuse(error, path,
		    "%s: %s; let its owner read it: chmod u+rX", doing,
		    strerror(code));
	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++)
		if (remedies[i].code == code)
			return file_refuse(error, path, "%s: %s; %s", doing,
			    strerror(code), remedies[i].text);
	return file_refuse(error, path, "%s: %s", doing, strerror(code));
}

bool
file_owner_ok(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}
