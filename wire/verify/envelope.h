/*
 * The envelope: 1 to 4 lines of base64 SSHSIG, an empty line, the payload.
 * Nothing of the payload is interpreted here, and nothing of it may be
 * interpreted anywhere before envelope_verify() has said STATUS_OK.
 */
#ifndef AMIRAL_WIRE_VERIFY_ENVELOPE_H
#define AMIRAL_WIRE_VERIFY_ENVELOPE_H

#include "wire/verify/layout.h"

#define ENVELOPE_DIGEST_SIZE                                                   \
	32 /* SHA-256 of the payload: a request's identity */

struct envelope {
	unsigned signatures;
	struct signature signature[ENVELOPE_LINES_MAX];
	const uint8_t *payload; /* inside the caller's bytes */
	size_t payload_len;
};

/* Layout, base64, fixed bytes, different keys. No cryptography yet. */
enum status envelope_read(
    const uint8_t *bytes, size_t len, enum envelope_kind, struct envelope *out);
/*
 * Every line's signature over the payload in the namespace that the caller
 * expects. Who the keys belong to is the caller's question, before or after;
 * stores judge the points of keys when they are loaded.
 */
enum status envelope_verify(const struct envelope *, enum envelope_kind);
/* Both in turn, and each key a valid point: where no store has judged it. */
enum status envelope_open(
    const uint8_t *bytes, size_t len, enum envelope_kind, struct envelope *out);
void envelope_digest(
    const struct envelope *, uint8_t digest[static ENVELOPE_DIGEST_SIZE]);
bool public_key_equal(const struct public_key *, const struct public_key *);
/* A valid point of the prime-order group. */
bool public_key_valid(const struct public_key *);

/*
 * What a signer signs (PROTOCOL.sshsig section 3): magic, namespace, empty
 * reserved, "sha512", SHA-512 of the payload. Returns the length.
 */
#define SSHSIG_SIGNED_MAX 128
size_t sshsig_signed_data(enum envelope_kind, const uint8_t *payload,
    size_t len, uint8_t out[static SSHSIG_SIGNED_MAX]);

#endif
