/* Writing envelopes from raw signatures. Who signs is keys/signer.h's business.
 */
#ifndef AMIRAL_WIRE_SIGN_H
#define AMIRAL_WIRE_SIGN_H

#include "wire/verify/envelope.h"

/* Wire form of a public key: RFC 4253 blob, 51 bytes for ssh-ed25519. */
#define PUBLIC_BLOB_MAX 128
size_t sign_public_blob(
    const struct public_key *, uint8_t out[static PUBLIC_BLOB_MAX]);

/* "SHA256:" and 43 characters of base64 without '=', as ssh-keygen -l shows. */
#define FINGERPRINT_SIZE 51 /* with the NUL */
void sign_fingerprint(
    const struct public_key *, char out[static FINGERPRINT_SIZE]);

/* One line without its newline, from a finished signature; NUL-terminated. */
void sign_line(enum envelope_kind, const struct signature *,
    char out[static SSHSIG_LINE_MAX + 1]);

/*
 * An envelope, allocated, of lines (each as from sign_line) and payload.
 * NULL when out of memory. The caller frees; *len is its length.
 */
uint8_t *sign_envelope(const char *const lines[], unsigned n,
    const uint8_t *payload, size_t payload_len, size_t *len);

#endif
