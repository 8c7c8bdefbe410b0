/*
 * amiral: one message of the reply stream, from bytes to a reply by a known
 * host to a request of ours, or to what is odd about it. No state: may run
 * in several threads.
 */
#ifndef AMIRAL_CTL_VERIFY_H
#define AMIRAL_CTL_VERIFY_H

#include "base/name.h"
#include "keys/known_hosts.h"
#include "wire/reply.h"

#define VERIFY_REQUESTS_MAX 2 /* the request, and its cancel */

/* What is listed apart, and never changes a host's verdict. */
enum oddity {
	ODDITY_NONE,
	ODDITY_UNKNOWN_HOST,
	ODDITY_WRONG_KEY,
	ODDITY_REVOKED_KEY,
	ODDITY_BAD_SIGNATURE,
	ODDITY_BAD_CONTENT, /* signed, and not a reply of protocol section 3 */
	ODDITY_OTHER_REQUEST,
	ODDITY_CONTRADICTS, /* of a known host: a second answer that differs */
	ODDITY_CLONED,      /* of a known host: two machines have its key */
	ODDITIES
};

struct verify_context {
	const struct known_hosts *known;
	const char *reply_to;
	const struct seal_pair *pair;
	uint8_t requests[VERIFY_REQUESTS_MAX][ENVELOPE_DIGEST_SIZE];
	unsigned count;
};

struct verified {
	enum oddity oddity;
	unsigned request; /* whose reply, an index of requests */
	size_t host;      /* an index of known_hosts_name() */
	uint8_t digest[ENVELOPE_DIGEST_SIZE]; /* of the signed bytes */
	size_t size;                          /* of the signed bytes */
	struct reply reply; /* where there is no oddity; reply_clear() it */
	/* An oddity's: "" and false where a signature does not vouch for it. */
	char claimed[HOSTNAME_MAX + 1];
	bool has_key;
	struct public_key key;
};

void verify_reply(const struct verify_context *, const uint8_t *bytes,
    size_t len, struct verified *out);

#define VERIFY_BATCH_MAX 256

struct verify_item {
	const uint8_t *bytes;
	size_t len;
	struct verified verified;
};
/* All of them, at most VERIFY_BATCH_MAX, in threads where that pays. */
void verify_batch(
    const struct verify_context *, struct verify_item *, size_t n);

#endif
