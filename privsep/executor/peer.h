/*
 * A supervised process of ours, gate or net: started, watched by its link
 * and by its end, started anew after a back-off. Part of amirald.
 */
#ifndef AMIRAL_EXECUTOR_PEER_H
#define AMIRAL_EXECUTOR_PEER_H

#include "base/loop.h"
#include "privsep/executor/child.h"
#include "privsep/executor/relay.h"
#include "privsep/link.h"

struct peer;
typedef void peer_fn(struct peer *);

struct peer {
	struct loop *loop;
	struct relay relay; /* its process is the peer's name */
	peer_fn *gone;      /* its process is reaped, its link has ended */
	peer_fn *start;     /* the back-off is over */
	void *arg;
	bool brief; /* ends by itself when it is done: that is no news */
	/* private */
	pid_t pid;         /* 0: none */
	struct link *link; /* NULL: none */
	bool up;           /* has been started and is not gone */
	bool unwanted;     /* we end it ourselves */
	unsigned failures;
	int64_t started_ms, budget_ms;
	size_t budget_spent;
	struct loop_timer timer, resume;
};

/* What differs between the peers when one starts. */
struct peer_start {
	const char *path;
	char *const *argv;
	const struct drop_ids *ids; /* NULL: those of amirald */
	int null, error;            /* its 0 and 1; its 2. 3 is the link */
	int extra;                  /* its 4, or -1 */
	const struct link_direction *in, *out;
	link_handler *const *handlers; /* their arg is the peer */
	uint32_t state;
};

/* Where the process cannot be started: logged, as if it had ended at once. */
void peer_begin(struct peer *, const struct peer_start *);
/* Kills it and closes the link; gone is called once it is reaped. */
void peer_stop(struct peer *);
/* Closes the link, which asks the process to end by itself. */
void peer_dismiss(struct peer *);
/* It broke a rule: says so, then as peer_stop(). */
void peer_broken(struct peer *, const char *why);
/*
 * Of every frame's handler that takes no other bound: past PEER_BUDGET bytes
 * a second nothing is read from the peer until the second is over.
 */
#define PEER_BUDGET     (4 * 1024 * 1024)
#define PEER_FRAME_COST 128 /* at least, a frame */
void peer_spend(struct peer *, size_t len);
/* True if pid was this peer's. */
bool peer_reaped(struct peer *, pid_t, int status);
/* Calls start after the back-off, and no sooner than in so long. */
void peer_restart(struct peer *, int64_t at_least_ms);
bool peer_is_up(const struct peer *);
/* Sends, if there is a link; one that does not read is broken. */
void peer_send(struct peer *, unsigned type, const struct iovec *pieces, int n,
    const int *fds);

#endif
