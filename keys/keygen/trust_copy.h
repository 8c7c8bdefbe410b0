/*
 * Part of amiral-keygen: the operators' list as it will be pushed next, kept
 * in ~/.config/amiral/trust-FLEET as its payload (wire/trust.h). Its serial
 * is the next one; its times are those of the last change.
 */
#ifndef AMIRAL_KEYS_KEYGEN_TRUST_COPY_H
#define AMIRAL_KEYS_KEYGEN_TRUST_COPY_H

#include <limits.h>
#include <stdbool.h>

#include "wire/trust.h"

struct trust_copy {
	char path[PATH_MAX];
	struct trust_list list;
};

/* All: false and a logged message. */

/* Where there is no file, a list of nobody with serial 1. */
bool trust_copy_read(struct trust_copy *, const char *fleet);
bool trust_copy_write(const struct trust_copy *);
void trust_copy_clear(struct trust_copy *);

/* A key that stands there already gets the new name and times. */
bool trust_copy_add(struct trust_copy *, const struct trust_signer *);
/* Every key of a principal, or the one of a fingerprint. */
bool trust_copy_remove(struct trust_copy *, const char *who);
/* The same, revoked as well; a fingerprint need not be listed. */
bool trust_copy_revoke(struct trust_copy *, const char *who);
/* In the grammar of allowed_signers, revocations as comments. */
void trust_copy_print(const struct trust_copy *);

#endif
