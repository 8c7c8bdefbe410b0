/*
 * For the tests of amiral: hosts with keys, a known_hosts that names them,
 * and replies and hellos signed as the hosts would.
 */
#ifndef AMIRAL_TESTS_UNIT_CTL_CAST_H
#define AMIRAL_TESTS_UNIT_CTL_CAST_H

#include "ctl/verify.h"
#include "keys/signer.h"
#include "wire/hello.h"

#define CAST_HOSTS 4
#define CAST_FLEET "paris-3f9c21aa"
#define CAST_ID    "51665ac9-bab5-4995-aa80-09bc79cfb2bd"
#define CAST_UUID  "5b4197bd-0d2c-4d6a-9a3e-1f2f3a4b5c6d"

/* a.example.com to d.example.com; signers[CAST_HOSTS] belongs to nobody. */
struct cast {
	struct signer *signers[CAST_HOSTS + 1];
	struct known_hosts *known; /* without d.example.com */
	struct seal_pair pair;
	struct verify_context verify; /* for one request */
};

void cast_init(struct cast *);
void cast_clear(struct cast *);
const char *cast_name(unsigned host);
/* A reply of that host to the request, all but what its status adds. */
struct reply cast_reply(
    const struct cast *, unsigned host, enum reply_status, int64_t seq);
/* The envelope, signed by signer; sealed where the protocol seals. */
uint8_t *cast_sign(
    const struct cast *, unsigned signer, const struct reply *, size_t *len);
/* A hello of host with these facts, signed by signer. */
uint8_t *cast_hello(const struct cast *, unsigned signer, unsigned host,
    int64_t at, const char *facts, size_t *len);
/* Through envelope, seal and verification: what a run would be given. */
void cast_verified(const struct cast *, unsigned host, const struct reply *,
    struct verified *out);

#endif
