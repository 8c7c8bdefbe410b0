/*
 * Who signs: a key file or ssh-agent, behind one interface. Part of the
 * gate (from a secret alone), the controller and amiral-keygen.
 */
#ifndef AMIRAL_KEYS_SIGNER_H
#define AMIRAL_KEYS_SIGNER_H

#include "keys/secret.h"
#include "wire/verify/envelope.h"

struct signer;

/*
 * where: a file's path, "agent:" (the only usable key of ssh-agent) or
 * "agent:SHA256:..." . NULL and a message with the remedy.
 */
struct signer *signer_open(const char *where, char error[static KEY_ERROR_MAX]);
/*
 * Takes the secret over (a gate's host key). NULL when out of memory; the
 * secret is then still the caller's.
 */
struct signer *signer_from_secret(struct secret_key *);
void signer_free(struct signer *);
const struct public_key *signer_key(const struct signer *);
const char *signer_comment(const struct signer *);
/*
 * An envelope of one line around payload, allocated; another's signature was
 * verified. NULL and a message (an agent that refuses, out of memory).
 */
uint8_t *signer_envelope(struct signer *, enum envelope_kind,
    const uint8_t *payload, size_t payload_len, size_t *len,
    char error[static KEY_ERROR_MAX]);
/*
 * The same with two lines, of a rotation: the first key vouches for the
 * second. Both are of secret keys.
 */
uint8_t *signer_envelope_pair(struct signer *first, struct signer *second,
    enum envelope_kind, const uint8_t *payload, size_t payload_len, size_t *len,
    char error[static KEY_ERROR_MAX]);

#endif
