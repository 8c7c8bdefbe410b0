/*
 * Who plays in the fuzz targets: the keys of docs/vectors, which everybody
 * has, and envelopes signed with them.
 */
#ifndef AMIRAL_FUZZ_CAST_H
#define AMIRAL_FUZZ_CAST_H

#include "keys/public.h"
#include "wire/reply.h"
#include "wire/sign.h"

enum cast { ALICE, BOB, WWW01, WWW02, TRUST, CAST };

const struct public_key *cast_key(enum cast);
/* "ssh-ed25519 AAAA...", as in a store. */
const char *cast_line(enum cast);
/* The pair that opens the sealed replies of docs/vectors. */
const struct seal_pair *cast_seal(void);
/* Whose key it is; CAST: nobody's. */
enum cast cast_find(const struct public_key *);
void cast_sign_raw(enum cast, const uint8_t *data, size_t len,
    uint8_t sig[static ED25519_SIG_SIZE]);
/* An envelope with a line of each of n; allocated, never NULL. */
uint8_t *cast_sign(enum envelope_kind, const enum cast *who, unsigned n,
    const uint8_t *payload, size_t payload_len, size_t *len);

#endif
