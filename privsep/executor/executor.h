/* amirald at run time. Part of amirald. */
#ifndef AMIRAL_EXECUTOR_EXECUTOR_H
#define AMIRAL_EXECUTOR_EXECUTOR_H

#include <stdbool.h>

#include "privsep/executor/cpu_watch.h"
#include "privsep/executor/jobs.h"
#include "privsep/executor/options.h"
#include "privsep/executor/peer.h"
#include "privsep/executor/settings.h"
#include "privsep/executor/trust_store.h"

struct executor {
	char *conf; /* path of the main file */
	const char *gate_path, *net_path, *reader_path;
	/* That the reader, and a gate until it is ready, may take. */
	int64_t reading_ms, ready_ms;
	bool debug;
	bool root;       /* started by root */
	uint64_t rights; /* that it was started with: not all, in a container */
	struct loop *loop;
	int null, notes, signals;  /* descriptors */
	struct settings *settings; /* in force */
	struct settings *incoming; /* the reader hands it over */
	struct settings *offered;  /* the gate has it and has not answered */
	bool serving;              /* the gate has said READY */
	bool reload_wanted, stopping;
	struct peer gate, net, reader;
	struct cpu_watch net_watch;
	struct jobs *jobs;
	struct trust_store trust;
	int64_t issued; /* see issued.h */
	struct loop_timer stop_timer, answer_timer, reader_timer;
};

/* main.c's phases, in their order; each is fatal where it fails. */

/* Descriptors 0, 1, 2 are open, no other is; signals and environment plain. */
void executor_clean_up(void);
/* Signals, settings; what is not in force is logged. */
void executor_prepare(struct executor *);
/* A filter that every child inherits; capabilities that no row needs go. */
void executor_lock_down(const struct executor *);
/* Until SIGTERM; the exit status. */
int executor_serve(struct executor *);
void executor_end(struct executor *);

#endif
