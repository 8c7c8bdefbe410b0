/*
 * The same as base/file.h, of a name in a directory that is open and that
 * the caller believes. path is for messages only.
 */
#ifndef AMIRAL_BASE_FILE_AT_H
#define AMIRAL_BASE_FILE_AT_H

#include "base/file.h"

int file_open_at(int directory, const char *name, const char *path,
    enum file_rule, size_t max, char error[static FILE_ERROR_MAX]);
int file_open_directory_at(int directory, const char *name, const char *path,
    char error[static FILE_ERROR_MAX]);
/* file_write.c: what to make of the bytes, and where. */
struct file_bytes {
	mode_t mode;
	const void *bytes;
	size_t len;
};
int file_create_at(int directory, const char *name, const char *path,
    const struct file_bytes *, char error[static FILE_ERROR_MAX]);
int file_replace_at(int directory, const char *name, const char *path,
    const struct file_bytes *, char error[static FILE_ERROR_MAX]);

#endif
