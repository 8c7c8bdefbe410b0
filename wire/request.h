/*
 * A request's payload (protocol section 2), parsed only after its envelope
 * was verified. Its identity is the SHA-256 of the payload bytes. Part of
 * gate and controller.
 */
#ifndef AMIRAL_WIRE_REQUEST_H
#define AMIRAL_WIRE_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/name.h"
#include "wire/match.h"
#include "wire/verify/envelope.h"

#define REQUEST_TTL_MAX_MS   (24LL * 3600 * 1000)
#define REQUEST_SKEW_MS      30000
#define REQUEST_TIMEOUT_MAX  86400 /* seconds */
#define REQUEST_HOSTS_MAX    MATCH_HOSTS_MAX
#define REQUEST_CHANNELS_MAX 64 /* hosts up to which own channels are used */
#define SEAL_KEY_SIZE        32

enum reply_via {
	REPLY_VIA_STREAM,
	REPLY_VIA_LIST,
	REPLY_VIA_PUBSUB,
	REPLY_VIAS
};
const char *reply_via_name(enum reply_via);

struct request {
	json_t *root; /* owns everything below that is a json_t */
	char fleet[FLEET_MAX + 1];
	char reply_to[UUID_LEN + 1];
	char operator_[PRINCIPAL_MAX + 1];
	unsigned signatures;
	int64_t issued, expires; /* ms since the epoch */
	const json_t *match;
	char provider[PROVIDER_MAX + 1];
	const json_t *args; /* NULL where absent: {} */
	enum reply_via reply_via;
	bool sealed;
	uint8_t seal_to[SEAL_KEY_SIZE];
	int64_t timeout_s; /* 0: the provider's */
	bool stream;
	int64_t max_hosts;                    /* 0: no bound */
	char on_behalf_of[PRINCIPAL_MAX + 1]; /* printable ASCII; "": nobody */
};

/*
 * Everything that can be judged without knowing the host: syntax, schema,
 * ranges, expires > issued, ttl, a match that is not vacuous, max_hosts
 * only with hosts. A low-order seal_to is left to admission
 * (request_seal_ok()), since it earns an answer.
 */
enum status request_parse(
    const uint8_t *payload, size_t len, struct request *out);
void request_clear(struct request *);
/*
 * The payload bytes for these members (root ignored, match and args
 * borrowed), allocated; NULL when out of memory. Whether they are within
 * ENVELOPE_PAYLOAD_MAX is the caller's question.
 */
char *request_build(const struct request *, size_t *len);
/* False for a seal_to that is a low-order point. */
bool request_seal_ok(const struct request *);

#endif
