/*
 * A host's presence and facts (protocol section 4): SET under host:<name>.
 * Part of gate and controller.
 */
#ifndef AMIRAL_WIRE_HELLO_H
#define AMIRAL_WIRE_HELLO_H

#include <jansson.h>
#include <stdint.h>

#include "base/name.h"
#include "wire/reply.h"
#include "wire/verify/envelope.h"

/* A fact that says that others did not fit. */
#define HELLO_LEFT_OUT    "facts_left_out"
#define HELLO_MAX         16384  /* bytes of payload */
#define HELLO_KEYS_MAX    2      /* that sign one: the old, then the new */
#define HELLO_INTERVAL_MS 60000  /* at least each minute */
#define HELLO_EXPIRY_MS   180000 /* of the Redis key */

struct hello {
	json_t *root; /* parsed: owns facts */
	char fleet[FLEET_MAX + 1];
	char hostname[HOSTNAME_MAX + 1];
	uint8_t boot[REPLY_BOOT_SIZE];
	int64_t at;
	int64_t trust;       /* serial of the trust list in force, 0: none */
	char agent[64];      /* version */
	unsigned signatures; /* 1; HELLO_KEYS_MAX in a rotation */
	json_t *facts;
	int64_t serial;          /* rotation only, 0: none */
	const char *certificate; /* base64, or NULL; parsed: inside root */
};

/*
 * The payload bytes, allocated; NULL when out of memory or for text that is
 * not UTF-8. Whether they are within HELLO_MAX is the caller's question.
 */
char *hello_build(const struct hello *, size_t *len);
/* signatures 2 and a serial come together or not at all (STATUS_RANGE). */
enum status hello_parse(const uint8_t *payload, size_t len, struct hello *out);
void hello_clear(struct hello *);

#endif
