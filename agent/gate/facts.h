/*
 * Part of the gate. What the host is: the facts provider's last result, with
 * name, fleet and groups from the configuration (nothing a provider says can
 * change those). Refreshed now and then through the same jobs as requests.
 */
#ifndef AMIRAL_AGENT_GATE_FACTS_H
#define AMIRAL_AGENT_GATE_FACTS_H

#include <jansson.h>
#include <stdbool.h>

#include "agent/gate/admit.h"
#include "agent/gate/jobs.h"

#define FACTS_EVERY_MS  300000
#define FACTS_AGAIN_MS  5000  /* where amirald does not keep up */
#define FACTS_JITTER_MS 60000 /* on top, so that a fleet does not beat */
#define FACTS_READ_MAX  65536 /* bytes of the provider's output */
/* As the gate writes them: the answer to `facts` has an exit beside them. */
#define FACTS_MAX (REPLY_OUTPUT_MAX - 64)

/* After every run, also a failed one. changed: object is another one. */
typedef void facts_done_fn(bool changed, void *arg);

struct gate_facts {
	struct loop *loop;
	struct gate_jobs *jobs;
	const struct gate_admit *admit;
	facts_done_fn *done;
	void *arg;
	json_t *object; /* never NULL */
	struct loop_timer timer;
	/* the run under way */
	struct admitted *admitted; /* NULL: none */
	uint8_t *output;           /* FACTS_READ_MAX bytes */
	size_t used;
	bool over;   /* more came than fits */
	bool failed; /* the last run; a second failure is not logged */
};

void facts_init(struct gate_facts *, struct loop *, struct gate_jobs *,
    const struct gate_admit *, facts_done_fn *, void *arg);
/* Name, fleet and groups anew, after a set came into force. */
void facts_identify(struct gate_facts *);
/* Runs the provider, unless it runs; and from then on at intervals. */
void facts_refresh(struct gate_facts *);
/*
 * The facts as they fit max bytes of JSON: without the largest members where
 * they do not. *left_out: one of those, as long-lived as facts, or NULL. The
 * caller's reference.
 */
json_t *facts_fitting(json_t *facts, size_t max, const char **left_out);

#endif
