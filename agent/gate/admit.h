/*
 * Part of the gate. admit() is the only way from bytes to a request that
 * may run: every check, in one order, and the first refusal wins. What it
 * admits is an opaque value that nothing else but the facts refresh, with
 * its fixed name and arguments, can make; launching takes that value alone.
 */
#ifndef AMIRAL_AGENT_GATE_ADMIT_H
#define AMIRAL_AGENT_GATE_ADMIT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/gate/audit.h"
#include "agent/gate/drops.h"
#include "agent/gate/poison.h"
#include "agent/gate/replay.h"
#include "agent/gate/reply.h"
#include "agent/gate/trust.h"

struct admitted;
struct builtin;
struct gate_jobs;

/* What admission judges by. */
struct gate_admit {
	const struct gate_trust *trust;
	json_t *const *facts; /* the current object, or NULL */
	struct gate_replay *replay;
	const struct gate_jobs *jobs;
	int64_t started; /* what was issued before is refused: no journal */
	struct gate_poison *poison;
};

enum admit_outcome {
	ADMIT_DROPPED,  /* no answer, nothing recorded; see drop */
	ADMIT_KNOWN,    /* seen before: what was answered may be sent again */
	ADMIT_REFUSED,  /* recorded; to be answered with reason and detail */
	ADMIT_ADMITTED, /* recorded; to be run */
};

struct admit_result {
	enum admit_outcome outcome;
	unsigned drop; /* dropped: enum status or enum gate_drop */
	/* known, refused */
	struct audit_subject subject;
	struct gate_answer answer;
	enum reply_reason reason;
	char detail[REPLY_DETAIL_MAX + 1];
	struct admitted *admitted; /* the caller's, with admitted_free() */
};

/* now: wall clock, ms. */
void admit(const struct gate_admit *, const uint8_t *bytes, size_t len,
    int64_t now, struct admit_result *);

/* What was granted. */
struct admitted_terms {
	const char *provider;
	const struct builtin *builtin; /* answered by the gate, or NULL */
	bool any_jobs;    /* builtin: also about another operator's request */
	const char *args; /* compact JSON */
	size_t args_len;
	json_t *arguments;     /* the same, parsed; an object */
	uint32_t timeout_ms;   /* 0: the executor's own */
	uint32_t max_output;   /* bytes, stdout and stderr together */
	bool stream;           /* output is wanted as it comes */
	int64_t issued;        /* 0: the gate's own */
	const char *operator_; /* "": the gate's own */
	const struct audit_subject *subject;
};
const struct admitted_terms *admitted_terms(const struct admitted *);
struct gate_answer *admitted_answer(struct admitted *);
void admitted_free(struct admitted *);

/* The refresh of the facts: provider facts without arguments, for the gate. */
#define ADMIT_FACTS_PROVIDER "facts"
struct admitted *admit_facts_refresh(const struct gate_admit *);

#endif
