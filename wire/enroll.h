/*
 * A host's announcement of itself (protocol sections 4 and 7): SET under
 * enroll:<fingerprint>, signed by the very key that it announces. What makes
 * it believable is a token's MAC, or a person who compares fingerprints.
 * Part of amiral-keygen.
 */
#ifndef AMIRAL_WIRE_ENROLL_H
#define AMIRAL_WIRE_ENROLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/name.h"
#include "wire/verify/envelope.h"

#define ENROLL_MAX         2048    /* bytes of payload */
#define ENROLL_EXPIRY_MS   3600000 /* of the Redis key */
#define ENROLL_ADDRESS_MAX 64
#define ENROLL_ID_SIZE     8
#define ENROLL_SECRET_SIZE 32
#define ENROLL_MAC_SIZE    32

struct enroll {
	char fleet[FLEET_MAX + 1];
	char hostname[HOSTNAME_MAX + 1];
	char address[ENROLL_ADDRESS_MAX + 1]; /* printable ASCII: its word */
	int64_t issued;
	bool has_token;
	uint8_t token_id[ENROLL_ID_SIZE];
	uint8_t mac[ENROLL_MAC_SIZE];
};

/* token_id and mac come together or not at all (STATUS_SCHEMA). */
enum status enroll_parse(
    const uint8_t *payload, size_t len, struct enroll *out);
/* The payload bytes, allocated; NULL when out of memory. */
char *enroll_build(const struct enroll *, size_t *len);
/* What a token's secret says of this announcement by this key. */
void enroll_mac(const struct enroll *, const struct public_key *,
    const uint8_t secret[static ENROLL_SECRET_SIZE],
    uint8_t mac[static ENROLL_MAC_SIZE]);

#endif
