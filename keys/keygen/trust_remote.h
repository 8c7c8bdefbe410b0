/* Part of amiral-keygen: the operators' list as it stands in Redis. */
#ifndef AMIRAL_KEYS_KEYGEN_TRUST_REMOTE_H
#define AMIRAL_KEYS_KEYGEN_TRUST_REMOTE_H

#include "keys/keygen/trust.h"
#include "keys/signer.h"

/* The last that is pushed: the copy that is left has the next one. */
#define TRUST_SERIAL_LAST (INT64_MAX - 1)

/* Verified, signed by whomever. */
struct trust_remote {
	bool there;
	struct trust_list list;
	struct public_key key; /* of its signer */
	char signer[FINGERPRINT_SIZE];
};

/* Who that is to this operator. */
enum trust_acquaintance {
	TRUST_OURSELVES,
	TRUST_COLLEAGUE, /* his own file allows it to sign lists */
	TRUST_STRANGER,
	TRUST_OUT_OF_TIME, /* the file allows it, at another time */
	TRUST_REVOKED      /* by the file, or by the list as it is here */
};

/* What is no list of this fleet is not there. False, logged: no Redis. */
bool trust_remote_read(struct trust_remote *, struct trust_order *);
void trust_remote_clear(struct trust_remote *);
/*
 * own: the operator's key, or NULL where it was not asked for. False, logged,
 * where ~/.config/amiral/allowed_signers is there and of no use.
 */
bool trust_remote_who(const struct trust_remote *, const struct trust_order *,
    const struct public_key *own, enum trust_acquaintance *);
/* The operator's key, opened; NULL, logged. */
struct signer *trust_open_key(const struct trust_order *);

#endif
