/*
 * amiral: one request's life: published, acknowledged, answered. Nothing
 * but verified replies ends it early, and nothing sleeps.
 */
#ifndef AMIRAL_CTL_RUN_H
#define AMIRAL_CTL_RUN_H

#include "ctl/ask.h"
#include "ctl/hellos.h"
#include "ctl/oddities.h"
#include "ctl/settings.h"
#include "ctl/targets.h"
#include "ctl/verdict.h"

#define RUN_TIMEOUT_MS 60000 /* a provider's, where nothing is said */
#define RUN_MARGIN_MS  5000  /* for answers after a provider's time */
#define RUN_CANCEL_MS  2000  /* for answers after ^C */
#define RUN_CONNECT_MS 10000
#define RUN_RESPAWN_MS 1000
#define RUN_STREAM_EXTRA_MS                                                    \
	(10 * 60 * 1000) /* a reply stream outlives a run                      \
			  */

/* What a view may read. */
struct run {
	const struct settings *settings;
	const struct options *options;
	const struct known_hosts *known;
	const struct request *request;
	const struct targets *targets;
	const char *operator_; /* who sends, and cancels */
	const char *summary;   /* the member that tells all, or NULL */
	const char *fact;      /* the one to report on, or NULL */
	int64_t started_ms;    /* monotonic: when amiral was started */
	struct verdicts verdicts;
	struct oddities oddities;
	bool interrupted;
	bool fact_missing; /* no host had it: the view found out */
};

/* How a run is shown; any member may be NULL. */
struct view {
	void (*published)(const struct run *);
	void (*acknowledged)(const struct run *);
	/* A new verified reply of host, as it arrives. */
	void (*reply)(
	    const struct run *, const struct host *host, const struct reply *);
	void (*finished)(struct run *);
};

struct engine;

/* Starts amiral-net; keys may be read meanwhile. NULL and a message. */
struct engine *run_open(const struct settings *, const struct options *,
    char error[static CTL_ERROR_MAX]);
void run_close(struct engine *);

enum run_end {
	RUN_DONE,      /* the view has shown it */
	RUN_FAILED,    /* nothing was sent: a message */
	RUN_ABANDONED, /* the second ^C */
};
/*
 * Performs the request that run describes (its verdicts and oddities are
 * made here; the caller clears them with run_clear()). signer signs what
 * ^C has to say.
 */
enum run_end run_perform(struct engine *, struct run *, const struct view *,
    const struct ask *, const struct seal_pair *, struct signer *,
    char error[static CTL_ERROR_MAX]);
void run_clear(struct run *);
/* Fetches the hellos of all known hosts, and nothing else. */
bool run_hellos(
    struct engine *, struct hellos *, char error[static CTL_ERROR_MAX]);
/* Since amiral was started. */
int64_t run_elapsed_ms(const struct run *);

#endif
