/*
 * Inside base only: the way to a file, directory by directory, shared by
 * opening (file.c) and writing (file_write.c).
 */
#ifndef AMIRAL_BASE_FILE_WALK_H
#define AMIRAL_BASE_FILE_WALK_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/file.h"

/*
 * The believed directory that holds path, as an O_PATH descriptor, and the
 * last component in base. Symbolic links on the way are resolved first, and
 * what they resolve to is then walked from / without following any. -1 and
 * a message.
 */
int file_walk(const char *path, char base[static NAME_MAX + 1],
    char error[static FILE_ERROR_MAX]);
/* "path: what" into error; returns -1. */
__attribute__((format(printf, 3, 4))) int file_refuse(
    char error[static FILE_ERROR_MAX], const char *path, const char *fmt, ...);
/* The same for errno, with a remedy where there is one. */
int file_refuse_errno(
    char error[static FILE_ERROR_MAX], const char *path, const char *doing);
/* Root or who reads. */
bool file_owner_ok(const struct stat *);

#endif
