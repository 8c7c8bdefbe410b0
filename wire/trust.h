/*
 * The operators' list of a fleet (protocol section 7): who may sign besides
 * those whom a host's own file names, and which keys are revoked. Part of the
 * gate and amiral-keygen.
 *
 * A key stands in the payload as in a public key file, without a comment:
 * "ssh-ed25519 AAAA...". A revoked key is named by its fingerprint as
 * ssh-keygen -l shows it.
 */
#ifndef AMIRAL_WIRE_TRUST_H
#define AMIRAL_WIRE_TRUST_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/name.h"
#include "wire/sign.h"
#include "wire/verify/envelope.h"

#define TRUST_SIGNERS_MAX 256
#define TRUST_REVOKED_MAX 1024

struct trust_signer {
	const char *principal; /* parsed: inside root */
	struct public_key key;
	int64_t valid_after, valid_before; /* ms, both inclusive; 0: none */
};

struct trust_list {
	json_t *root; /* parsed: owns the principals */
	char fleet[FLEET_MAX + 1];
	int64_t serial; /* from 1 */
	int64_t issued, expires;
	size_t signer_count;
	struct trust_signer *signers;
	size_t revoked_count;
	char (*revoked)[FINGERPRINT_SIZE];
};

/*
 * Whether the bytes were signed by one who may is the caller's question, and
 * comes first; so is whether fleet, serial and expiry are the wanted ones.
 */
enum status trust_parse(
    const uint8_t *payload, size_t len, struct trust_list *out);
/*
 * The payload bytes, allocated; root is not looked at. NULL when out of
 * memory, and for a list that trust_parse() would refuse (too long, say).
 */
char *trust_build(const struct trust_list *, size_t *len);
/* Frees what trust_parse() has made. */
void trust_clear(struct trust_list *);
/* Whether the list itself revokes a key, named by its fingerprint. */
bool trust_revokes(const struct trust_list *, const char *fingerprint);
/* "SHA256:" and 43 characters of canonical base64. */
bool trust_is_fingerprint(const char *);

#endif
