/* Keys and signatures of tests, made with libsodium alone. */
#ifndef AMIRAL_TESTS_PAIR_H
#define AMIRAL_TESTS_PAIR_H

#include "wire/sign.h"

struct pair {
	struct public_key key;
	uint8_t secret[64];
};

/* Always the same pair for the same number. */
void pair_make(struct pair *, enum key_type, uint8_t number);
/* What a holder of the pair signs; an sk pair with these flags, counter 7. */
void pair_sign(const struct pair *, enum envelope_kind, const char *payload,
    uint8_t flags, struct signature *);
/* An envelope by n pairs in turn, allocated. */
uint8_t *pair_envelope(const struct pair *, unsigned n, enum envelope_kind,
    const char *payload, size_t *len);

#endif
