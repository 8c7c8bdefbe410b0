/*
 * Host certificates as ssh-keygen -s -h makes them (OpenSSH
 * PROTOCOL.certkeys, ssh-ed25519-cert-v01@openssh.com), signed by an Ed25519
 * authority. Stricter than OpenSSH: names are literal and at least one is
 * there, no critical option, Ed25519 alone. Part of the gate and the
 * controller; makes no system call.
 */
#ifndef AMIRAL_KEYS_CERTIFICATE_H
#define AMIRAL_KEYS_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/verify/layout.h"

#define CERTIFICATE_MAX 4096 /* bytes of the blob; as in a hello */

/* Why a certificate is refused; the first that applies. */
enum certificate_fault {
	CERTIFICATE_GOOD,
	CERTIFICATE_MALFORMED,
	CERTIFICATE_USER,      /* it is a user's */
	CERTIFICATE_OPTIONS,   /* critical ones, whatever they say */
	CERTIFICATE_SIGNATURE, /* not by the authority that it names */
	CERTIFICATE_KEY,       /* another key than the host's */
	CERTIFICATE_AUTHORITY, /* nobody trusts it for this name */
	CERTIFICATE_REVOKED,   /* the key, or the authority's */
	CERTIFICATE_PRINCIPAL, /* for other names */
	CERTIFICATE_NOT_YET,
	CERTIFICATE_EXPIRED,
	CERTIFICATE_FAULTS
};
/* "it has expired", and so on. */
const char *certificate_fault_text(enum certificate_fault);

struct certificate {
	struct public_key key;       /* the host's; a valid point */
	struct public_key authority; /* the same */
	uint64_t after, before;      /* s since the epoch; before is too late */
	const uint8_t *principals;   /* strings, inside the caller's blob */
	size_t principals_len;
};

/* Form, type and signature: CERTIFICATE_GOOD and *out, or up to SIGNATURE. */
enum certificate_fault certificate_read(
    struct certificate *out, const uint8_t *blob, size_t len);
/* PRINCIPAL, NOT_YET, EXPIRED, or GOOD. */
enum certificate_fault certificate_judge(
    const struct certificate *, const char *host, int64_t now_ms);
/*
 * The text of a -cert.pub file: "type base64 [comment]" and a newline. The
 * base64, NUL-terminated inside text, and its bytes. NULL for other text.
 */
const char *certificate_line(
    char *text, uint8_t blob[static CERTIFICATE_MAX], size_t *len);

#endif
