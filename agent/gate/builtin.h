/*
 * Part of the gate. The providers that the gate answers itself, each with
 * its description: no process, and complete is the only reply.
 */
#ifndef AMIRAL_AGENT_GATE_BUILTIN_H
#define AMIRAL_AGENT_GATE_BUILTIN_H

#include "agent/gate/admit.h"
#include "agent/gate/run.h"

/* What the built-in providers look at. */
struct gate_builtins {
	const struct gate_trust *trust;
	json_t *const *facts;
	struct gate_replay *replay;
	const struct gate_memory *memory;
	struct gate_runs *runs;
	struct gate_replies *replies;
	struct gate_audit *audit;
};

/* NULL: not one of them. */
const struct builtin *builtin_find(const char *name);
const struct description *builtin_description(const struct builtin *);
/*
 * Part of admission: about another request than his own nobody may ask but
 * whom the policy lets (operator_ NULL). REASON_NONE, or the reason with
 * its detail.
 */
enum reply_reason builtin_may(const struct builtin *,
    const struct gate_replay *, const char *operator_, const json_t *args,
    int64_t now, char detail[static REPLY_DETAIL_MAX + 1]);
/* Answers it, and takes admitted over. */
void builtin_run(struct gate_builtins *, struct admitted *);

#endif
