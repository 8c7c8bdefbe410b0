/*
 * Inside base only: what is wrong with a file, in words, and whose it may
 * be.
 */
#ifndef AMIRAL_BASE_FILE_REFUSE_H
#define AMIRAL_BASE_FILE_REFUSE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/file.h"

/* "path: what" into error; returns -1. */
__attribute__((format(printf, 3, 4))) int file_refuse(
    char error[static FILE_ERROR_MAX], const char *path, const char *fmt, ...);
/* The same for errno, with a remedy where there is one. */
int file_refuse_errno(
    char error[static FILE_ERROR_MAX], const char *path, const char *doing);
/* Root or who reads. */
bool file_owner_ok(const struct stat *);

#endif
