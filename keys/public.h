/*
 * OpenSSH public key lines: "ssh-ed25519 <base64> [comment]". Part of the
 * gate, the controller and amiral-keygen.
 */
#ifndef AMIRAL_KEYS_PUBLIC_H
#define AMIRAL_KEYS_PUBLIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/verify/layout.h"

#define PUBLIC_LINE_MAX 1024 /* bytes with comment and NUL */

/*
 * An RFC 4253 blob, exactly: ssh-ed25519, or sk-ssh-ed25519@openssh.com with
 * "ssh:"; a valid point.
 */
bool public_from_blob(struct public_key *, const uint8_t *blob, size_t len);
/* type and base64 as they stand in a line, canonical; a valid point. */
bool public_from_text(
    struct public_key *, const char *type, const char *base64);
/*
 * The same, its point not judged: for text whose every point was judged
 * before (31 us each, as much as a verification).
 */
bool public_decode_text(
    struct public_key *, const char *type, const char *base64);
/*
 * A key of a type that amiral has no use for: canonical base64 of a blob
 * that names the same type (so a misspelt type is not taken for another).
 */
bool public_is_other(const char *type, const char *base64);
/* "ssh-ed25519 <base64>" NUL-terminated, with " comment" where not "". */
void public_format(const struct public_key *, const char *comment,
    char out[static PUBLIC_LINE_MAX]);
const char *public_type_name(enum key_type);

#endif
