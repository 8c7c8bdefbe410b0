/*
 * The part of the envelope check that comes before any cryptography, free
 * of libsodium and allocation: lines, payload, and the fixed bytes of an
 * SSHSIG blob (OpenSSH PROTOCOL.sshsig; sizes in protocol version 1).
 */
#ifndef AMIRAL_WIRE_VERIFY_LAYOUT_H
#define AMIRAL_WIRE_VERIFY_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/verify/status.h"

#define ENVELOPE_LINES_MAX   4
#define ENVELOPE_PAYLOAD_MAX 65536
#define SSHSIG_BLOB_MAX                                                        \
	300 /* bytes; an sk line of the longest namespace has fewer */
#define SSHSIG_LINE_MAX 400 /* base64 characters of SSHSIG_BLOB_MAX */
#define ENVELOPE_MAX                                                           \
	(ENVELOPE_LINES_MAX * (SSHSIG_LINE_MAX + 1) + 1 + ENVELOPE_PAYLOAD_MAX)

#define ED25519_KEY_SIZE 32
#define ED25519_SIG_SIZE 64

enum envelope_kind {
	ENVELOPE_REQUEST,
	ENVELOPE_REPLY,
	ENVELOPE_HELLO,
	ENVELOPE_ENROLL,
	ENVELOPE_TRUST,
	ENVELOPE_KINDS
};

enum key_type {
	KEY_ED25519,
	KEY_SK_ED25519, /* FIDO, application "ssh:", touch required */
};

struct public_key {
	enum key_type type;
	uint8_t bytes[ED25519_KEY_SIZE];
};

struct signature {
	struct public_key key;
	uint8_t bytes[ED25519_SIG_SIZE];
	uint8_t flags;    /* sk only */
	uint32_t counter; /* sk only */
};

/* "amiral-request-v1" and so on. */
const char *envelope_namespace(enum envelope_kind);

/* Where the lines and the payload lie inside the caller's bytes. */
struct layout {
	unsigned lines;
	const char *line[ENVELOPE_LINES_MAX];
	size_t line_len[ENVELOPE_LINES_MAX];
	const uint8_t *payload;
	size_t payload_len; /* 1 to ENVELOPE_PAYLOAD_MAX */
};

enum status layout_split(const uint8_t *bytes, size_t len, struct layout *out);
/* A decoded blob: length and constant bytes, then key and signature. */
enum status layout_blob(
    const uint8_t *blob, size_t len, enum envelope_kind, struct signature *out);

#endif
