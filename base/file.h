/*
 * Files that amiral believes: opened once without following a symbolic link
 * in the last component, and judged on the opened descriptor. Every
 * directory up to / must belong to root or to the reading user and be
 * writable by nobody else (a root-owned sticky directory passes if the next
 * component belongs to root or the reading user: others cannot rename it).
 */
#ifndef AMIRAL_BASE_FILE_H
#define AMIRAL_BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#define FILE_ERROR_MAX 512 /* bytes of a message, with the NUL */
#define FILE_KEY_MAX   8192
#define FILE_CONF_MAX  (1024 * 1024)
#define FILE_TRUST_MAX (1024 * 1024)

enum file_rule {
	FILE_SECRET,  /* no access for group and others, one link */
	FILE_TRUSTED, /* not writable by group and others */
};

/*
 * A read-only, close-on-exec descriptor of a regular file owned by root or
 * by the reading user, of at most max bytes. -1 and a message that names the
 * path, what is wrong and the remedy, in error.
 */
int file_open(const char *path, enum file_rule, size_t max,
    char error[static FILE_ERROR_MAX]);
/* The same for a directory (FILE_TRUSTED rules). */
int file_open_directory(const char *path, char error[static FILE_ERROR_MAX]);
/*
 * Makes a new file with these bytes, or none at all: a temporary name in the
 * same directory, fsync, a rename to the final name that never overwrites
 * anything, fsync of the directory. 0, or -1 and a message.
 */
int file_create(const char *path, mode_t mode, const void *bytes, size_t len,
    char error[static FILE_ERROR_MAX]);
/* The same, but replaces what is there (rename). */
int file_replace(const char *path, mode_t mode, const void *bytes, size_t len,
    char error[static FILE_ERROR_MAX]);

#endif
