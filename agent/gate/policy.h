/*
 * Part of the gate: the policy of amirald.conf. Nothing is allowed that no
 * section allows as a whole: it names the first signer and the provider,
 * and every condition of its own holds.
 */
#ifndef AMIRAL_AGENT_GATE_POLICY_H
#define AMIRAL_AGENT_GATE_POLICY_H

#include "agent/gate/trust.h"
#include "wire/reply.h"
#include "wire/request.h"

/* A request whose signatures hold. */
struct policy_question {
	const struct gate_trust *trust;
	const json_t *facts; /* the current object, or NULL */
	const struct request *request;
	const char *const *signers; /* principals, line by line; 0 asks */
	unsigned lines;
	int64_t now; /* wall clock, ms */
	bool others; /* it is about another operator's request */
};

/*
 * REASON_NONE; or why not, from the section that comes nearest, and a
 * detail. Whom no section names for the provider learns of none: what
 * others may is not said to him. Patterns and facts are said to nobody.
 */
enum reply_reason policy_judge(
    const struct policy_question *, char detail[static REPLY_DETAIL_MAX + 1]);

#endif
