/*
 * amiral: a request that more than one operator signs, as a file that goes
 * from one to the next: "amiral-cosign-v1 BASE64\n", then the envelope as
 * far as it is signed. The base64 is the secret half of the request's
 * seal_to: whoever sends the request reads its answers, and that is not
 * always who made it. So the file is as secret as the answers.
 */
#ifndef AMIRAL_CTL_COSIGN_H
#define AMIRAL_CTL_COSIGN_H

#include "ctl/ask.h"
#include "keys/known_hosts.h"
#include "wire/reply.h"

#define COSIGN_MAX (ENVELOPE_MAX + 128) /* bytes of a file */

struct cosign {
	struct ask ask;           /* the envelope, and the request's digest */
	struct envelope envelope; /* points into ask */
	struct request request;
	struct seal_pair pair;
};

/* Whether a new file can have that name. False and a message. */
bool cosign_is_free(const char *path, char error[static CTL_ERROR_MAX]);
/* A new file, for its owner alone; what is there stays. False, a message. */
bool cosign_create(const char *path, const struct ask *,
    const struct seal_pair *, char error[static CTL_ERROR_MAX]);
/*
 * Reads a file that nobody else can read and judges it as a host would:
 * every signature there is, the payload's form, and the seal. False and a
 * message; cosign_clear() may follow both.
 */
bool cosign_read(
    struct cosign *out, const char *path, char error[static CTL_ERROR_MAX]);
/* The same of bytes; path stands in messages alone. */
bool cosign_parse(struct cosign *out, const char *path, const uint8_t *bytes,
    size_t len, char error[static CTL_ERROR_MAX]);
void cosign_clear(struct cosign *);

/* Whether it is this fleet's, has begun, and is not over. False, a message. */
bool cosign_is_live(const struct cosign *, const char *path, const char *fleet,
    int64_t now_ms, char error[static CTL_ERROR_MAX]);
/* Whether as many have signed as it says. */
bool cosign_complete(const struct cosign *);
/*
 * Adds the signer's line and replaces the file by the result. Refused for
 * who signed before: by key, and for the first one by name. False and a
 * message; the file is then as it was.
 */
bool cosign_add(struct cosign *, const char *path, struct signer *,
    const char *operator_, char error[static CTL_ERROR_MAX]);

/* In words, escaped: who asks what, of whom, until when, signed by whom. */
void cosign_show(
    const struct cosign *, const char *path, int64_t now_ms, FILE *);
/* What has to be done with the file next. */
void cosign_say_next(const char *path, unsigned have, unsigned want, FILE *);
/*
 * Shows it, and asks on a terminal whether to sign and to send; without one
 * -y has to be there. False and a message.
 */
bool cosign_confirm(const struct cosign *, const struct options *,
    const char *operator_, char error[static CTL_ERROR_MAX]);

#endif
