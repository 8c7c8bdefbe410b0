/*
 * A secret key from a file that the reading process opens itself. Part of
 * the controller and amiral-keygen; the gate is handed a descriptor instead.
 */
#ifndef AMIRAL_KEYS_SECRET_FILE_H
#define AMIRAL_KEYS_SECRET_FILE_H

#include "keys/secret.h"

/*
 * By the rules of base/file for secrets. As secret_parse(), and a message with
 * the path.
 */
int secret_file_read(
    struct secret_key *, const char *path, char error[static KEY_ERROR_MAX]);

#endif
