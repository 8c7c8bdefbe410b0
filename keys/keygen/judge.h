/*
 * Part of amiral-keygen: whether an announcement is believed, and what
 * becomes of it then. Everything is judged under the lock of known_hosts.
 */
#ifndef AMIRAL_KEYS_KEYGEN_JUDGE_H
#define AMIRAL_KEYS_KEYGEN_JUDGE_H

#include "keys/keygen/docket.h"
#include "keys/keygen/pending.h"

enum verdict {
	VERDICT_ACCEPTED, /* known_hosts has it now */
	VERDICT_KNOWN,    /* it had it before */
	VERDICT_REFUSED,  /* a message was logged */
	VERDICT_TROUBLE,  /* the same: this machine's, try again */
	VERDICT_LATER,    /* in another round */
};

/*
 * By its token's MAC; first by what the docket has, then by the files. No
 * more refusals are logged than the docket lets.
 */
enum verdict judge_token(
    struct docket *, struct operator_side *, const struct announcement *);
/*
 * By a person, who has compared the fingerprint. replace: a known host may
 * get another key.
 */
enum verdict judge_approved(
    struct operator_side *, const struct announcement *, bool replace);

#endif
