/*
 * amiral: what it asks: requests built, checked as a host would, shown,
 * signed.
 */
#ifndef AMIRAL_CTL_ASK_H
#define AMIRAL_CTL_ASK_H

#include "ctl/options.h"
#include "keys/signer.h"
#include "wire/request.h"

struct ask {
	uint8_t *envelope;
	size_t len;
	uint8_t digest[ENVELOPE_DIGEST_SIZE]; /* the request's identity */
};

/* A random UUID, version 4. */
void ask_uuid(char out[static UUID_LEN + 1]);
/* Builds and signs. False and a message. */
bool ask_sign(struct ask *out, const struct request *, struct signer *,
    char error[static CTL_ERROR_MAX]);
/*
 * The request that cancels another one: the same hosts, stream and seal,
 * issued at now_ms by operator_, who alone signs it.
 */
bool ask_cancel(struct ask *out, const struct request *, const struct ask *,
    int64_t now_ms, const char *operator_, struct signer *,
    char error[static CTL_ERROR_MAX]);
void ask_clear(struct ask *);

#endif
