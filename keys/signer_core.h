/*
 * What stands behind a signer: a function that signs, and one that lets go.
 * Apart from signer.h, so that only signer*.c know how a signer is made.
 */
#ifndef AMIRAL_KEYS_SIGNER_CORE_H
#define AMIRAL_KEYS_SIGNER_CORE_H

#include "keys/signer.h"

/* Signs data with sig->key into sig. 0, or -1 and a message. */
typedef int signer_sign_fn(void *state, struct signature *sig,
    const uint8_t *data, size_t len, char error[static KEY_ERROR_MAX]);
/* Frees state. */
typedef void signer_close_fn(void *state);

struct signer_backend {
	signer_sign_fn *sign;
	signer_close_fn *close;
	bool ours; /* signs in this process; others' word is verified */
};

/* Takes state over; NULL when out of memory (state is still the caller's). */
struct signer *signer_make(const struct signer_backend *, void *state,
    const struct public_key *, const char *comment);

#endif
