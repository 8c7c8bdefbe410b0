/*
 * amiral: the inside of a run, shared by its beginning and end (run.c) and
 * what happens in between (engine.c).
 */
#ifndef AMIRAL_CTL_ENGINE_H
#define AMIRAL_CTL_ENGINE_H

#include "ctl/fetch.h"
#include "ctl/net.h"
#include "ctl/progress.h"
#include "ctl/run.h"

enum phase {
	PHASE_CONNECTING,
	PHASE_ACKNOWLEDGING,
	PHASE_RUNNING,
	PHASE_CANCELLING,
};

/* What loop_run() returns. */
enum stop { STOP_DONE, STOP_FAILED, STOP_ABANDONED };

struct engine {
	struct loop *loop;
	struct net *net;
	struct net_config config;
	char password[PASSWORD_MAX];
	bool connected, lost;
	/* One request. */
	struct run *run;
	const struct view *view;
	const struct ask *ask;
	struct ask cancel;
	struct signer *signer;
	struct verify_context verify;
	struct verify_item *items; /* VERIFY_BATCH_MAX of them */
	struct hellos hellos;
	struct fetch fetch;
	bool expected_known, publish_confirmed, cancel_refused;
	enum phase phase;
	int64_t published_ms;
	char position[NET_POSITION_MAX + 1];
	struct loop_timer window, deadline, respawn;
	struct progress progress;
	char *error;
};

extern const struct net_events engine_events;

/* The timers' ends, and ^C; arg is the engine. */
void engine_window(void *arg);
void engine_deadline(void *arg);
void engine_respawn(void *arg);
void engine_signal(int fd, short ready, void *arg);

/* Who has to answer is known now. */
void engine_expect(struct engine *);
/* ^C ends the process, or is an event of the loop. */
void engine_hold_interrupts(bool);

#endif
