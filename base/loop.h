/*
 * The event loop: descriptors and timers, one thread, poll(2). Every table
 * has the size given at the start; one entry more is fatal (our own bug:
 * the bounds of links and jobs are lower). Handlers may watch, unwatch and
 * set timers, of themselves too.
 */
#ifndef AMIRAL_BASE_LOOP_H
#define AMIRAL_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;

/* events as in poll(2); POLLHUP and POLLERR may be set unasked. */
typedef void loop_fd_fn(int fd, short events, void *arg);
typedef void loop_timer_fn(void *arg);

struct loop_timer {
	loop_timer_fn *fn;
	void *arg;
	/* private */
	int64_t due_ms;
	bool armed;
	struct loop_timer *next;
};

struct loop *loop_new(unsigned max_fds); /* fatal when out of memory */
void loop_free(struct loop *);
void loop_watch(struct loop *, int fd, short events, loop_fd_fn *, void *arg);
/* Changes what a watched descriptor waits for; 0 waits for errors only. */
void loop_events(struct loop *, int fd, short events);
/* Stops watching; does not close. The descriptor must be watched. */
void loop_unwatch(struct loop *, int fd);
/* Arms (or arms anew) a timer that the caller owns; fires once. */
void loop_timer_set(struct loop *, struct loop_timer *, int64_t in_ms);
void loop_timer_clear(struct loop *, struct loop_timer *);
/* Runs until loop_stop(); returns what loop_stop() was given. */
int loop_run(struct loop *);
void loop_stop(struct loop *, int result);

#endif
