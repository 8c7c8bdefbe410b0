/*
 * Part of the gate. One JSON line for each turn of a request: admitted and
 * ended, or refused. What the gate answers itself has one line, ended.
 * amirald writes them where root said.
 */
#ifndef AMIRAL_AGENT_GATE_AUDIT_H
#define AMIRAL_AGENT_GATE_AUDIT_H

#include "privsep/link.h"
#include "wire/request.h"
#include "wire/sign.h"

enum audit_event {
	AUDIT_ADMITTED, /* about to run */
	AUDIT_REFUSED,  /* outcome: the reason */
	AUDIT_ENDED,    /* outcome: how */
	AUDIT_EVENTS
};

struct audit_signer {
	char operator_[PRINCIPAL_MAX + 1];
	char fingerprint[FINGERPRINT_SIZE];
};

/* Who asked for what, in the words of the log. */
struct audit_subject {
	char operator_[PRINCIPAL_MAX + 1];
	char fingerprint[FINGERPRINT_SIZE]; /* of line 1's key */
	struct audit_signer cosigners[ENVELOPE_LINES_MAX - 1]; /* lines 2.. */
	unsigned cosigner_count;
	char provider[PROVIDER_MAX + 1];
	char on_behalf_of[PRINCIPAL_MAX + 1];
	uint8_t request[ENVELOPE_DIGEST_SIZE];
	uint8_t args[32]; /* SHA-256 of the arguments, compact */
};

struct gate_audit {
	struct link *executor;
	unsigned lost; /* lines that the link did not take */
};

void audit_init(struct gate_audit *, struct link *executor);
void audit_write(struct gate_audit *, enum audit_event,
    const struct audit_subject *, const char *outcome);
/* The line, allocated; NULL when out of memory. */
char *audit_line(enum audit_event, const struct audit_subject *,
    const char *outcome, int64_t now, size_t *len);

#endif
