/*
 * Inside base only: the way to a file, directory by directory.
 */
#ifndef AMIRAL_BASE_FILE_WALK_H
#define AMIRAL_BASE_FILE_WALK_H

#include <limits.h>

#include "base/file.h"

/*
 * The believed directory that holds path, as an O_PATH descriptor, and the
 * last component in base. Symbolic links on the way are resolved first, and
 * what they resolve to is then walked from / without following any. -1 and
 * a message.
 */
int file_walk(const char *path, char base[static NAME_MAX + 1],
    char error[static FILE_ERROR_MAX]);

#endif
