/* Part of amiral-keygen: what the verbs of "trust" share. */
#ifndef AMIRAL_KEYS_KEYGEN_TRUST_H
#define AMIRAL_KEYS_KEYGEN_TRUST_H

#include "keys/keygen/operator.h"
#include "keys/keygen/trust_copy.h"

/* In ~/.config/amiral: whom this operator lets sign lists, besides himself. */
#define TRUST_COLLEAGUES "allowed_signers"

struct trust_order {
	struct operator_side side;
	struct trust_copy copy;
	int64_t valid_after, valid_before; /* ms, 0: none; of add */
	int64_t ttl_ms, wait_ms;           /* of push */
	int64_t serial;                    /* of push, 0: the next one */
	const char *signer;                /* of pull, or NULL: we ourselves */
};

/* False and a logged message. words: what stands behind the verb. */
typedef bool trust_verb(struct trust_order *, char **words);
/* Signs the copy and hands it to Redis; says which hosts have it. */
trust_verb trust_push;
/*
 * Takes the list in Redis over as the copy: one by the operator's own key, by
 * a colleague's, or by order->signer. No revocation is lost.
 */
trust_verb trust_pull;

#endif
