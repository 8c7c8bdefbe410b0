/*
 * Part of amiral-keygen: announcements that wait in Redis, as far as their
 * own signature holds and they are for this fleet. Everything in them is the
 * announcer's word; who that is, is the question.
 */
#ifndef AMIRAL_KEYS_KEYGEN_PENDING_H
#define AMIRAL_KEYS_KEYGEN_PENDING_H

#include "keys/keygen/operator.h"
#include "keys/known_hosts.h"
#include "wire/enroll.h"
#include "wire/sign.h"

struct announcement {
	struct enroll enroll;
	struct public_key key; /* that signed it */
	char fingerprint[FINGERPRINT_SIZE];
	uint8_t digest[ENVELOPE_DIGEST_SIZE];
};

struct pending {
	struct announcement *items; /* by name, then the newest first */
	size_t count;
	size_t unverified; /* values that were nobody's announcement */
	bool cut;
};

/* STATUS_OK, or why it is none. */
enum status announcement_open(
    struct announcement *, const uint8_t *bytes, size_t len, const char *fleet);
/* False and a logged message. One of each key: its newest. */
bool pending_fetch(struct operator_side *, struct pending *);
void pending_clear(struct pending *);
/* Takes it out of Redis; a message where that fails, and nothing more. */
void pending_drop(struct operator_side *, const struct announcement *);
/* "HOST SHA256:... announced 3 min ago from ADDRESS": never more than a line.
 */
void pending_print(FILE *, const struct announcement *);
/* On stderr, as loudly as ssh: this is one of several keys for one name. */
void pending_dispute(const struct announcement *);
/* The same: a known host, another key. */
void pending_alarm(
    const struct known_hosts *, const struct announcement *, const char *path);

#endif
