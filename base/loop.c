/*
 * Part of every process that waits for more than one thing. The pollfd array
 * is dense; index_of[fd] finds an entry. Dispatch runs downwards, so that
 * unwatching (the last entry moves into the gap) and watching (at the end)
 * never make it meet an event twice: a moved entry's revents are 0 by then.
 */
#include "base/loop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"

#define INDEX_STEP 32 /* descriptors by which index_of grows */
#define UNWATCHED  UINT16_MAX

struct watch {
	loop_fd_fn *fn;
	void *arg;
};

struct loop {
	struct pollfd *polls;
	struct watch *watches;
	unsigned count, max;
	uint16_t *index_of;
	unsigned index_size;
	struct loop_timer *timers; /* by due_ms, equal ones in order of set */
	bool stopped;
	int result;
};

struct loop *
loop_new(unsigned max_fds)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (max_fds >= UNWATCHED)
		fatal("loop: %u descriptors are too many", max_fds);
	if (loop == NULL)
		fatal("loop: out of memory");
	loop->max = max_fds;
	loop->polls = calloc(max_fds + 1, sizeof(*loop->polls));
	loop->watches = calloc(max_fds + 1, sizeof(*loop->watches));
	if (loop->polls == NULL || loop->watches == NULL)
		fatal("loop: out of memory");
	return loop;
}

void
loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	free(loop->polls);
	free(loop->watches);
	free(loop->index_of);
	free(loop);
}

/* Descriptors are the lowest free numbers, so this stays small. */
static void
make_room(struct loop *loop, unsigned fd)
{
	unsigned size = (fd / INDEX_STEP + 1) * INDEX_STEP;
	uint16_t *grown;

	if (fd < loop->index_size)
		return;
	grown = realloc(loop->index_of, size * sizeof(*grown));
	if (grown == NULL)
		fatal("loop: out of memory for descriptor %u", fd);
	for (unsigned i = loop->index_size; i < size; i++)
		grown[i] = UNWATCHED;
	loop->index_of = grown;
	loop->index_size = size;
}

static unsigned
index_of(const struct loop *loop, int fd)
{
	if (fd < 0 || (unsigned)fd >= loop->index_size ||
	    loop->index_of[fd] == UNWATCHED)
		fatal("loop: descriptor %d is not watched", fd);
	return loop->index_of[fd];
}

void
loop_watch(struct loop *loop, int fd, short events, loop_fd_fn *fn, void *arg)
{
	unsigned at = loop->count;

	if (fd < 0)
		fatal("loop: descriptor %d", fd);
	if (at == loop->max)
		fatal("loop: more than %u descriptors", loop->max);
	make_room(loop, (unsigned)fd);
	if (loop->index_of[fd] != UNWATCHED)
		fatal("loop: descriptor %d is watched already", fd);
	loop->polls[at] = (struct pollfd){ .fd = fd, .events = events };
	loop->watches[at] = (struct watch){ .fn = fn, .arg = arg };
	loop->index_of[fd] = (uint16_t)at;
	loop->count++;
}

void
loop_events(struct loop *loop, int fd, short events)
{
	loop->polls[index_of(loop, fd)].events = events;
}

void
loop_unwatch(struct loop *loop, int fd)
{
	unsigned at = index_of(loop, fd), last = loop->count - 1;

	loop->polls[at] = loop->polls[last];
	loop->watches[at] = loop->watches[last];
	loop->index_of[loop->polls[at].fd] = (uint16_t)at;
	loop->index_of[fd] = UNWATCHED;
	loop->count--;
}

void
loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t in_ms)
{
	int64_t now = clock_monotonic_ms();
	struct loop_timer **at = &loop->timers;

	loop_timer_clear(loop, timer);
	if (in_ms < 0)
		in_ms = 0;
	timer->due_ms = in_ms > INT64_MAX - now ? INT64_MAX : now + in_ms;
	while (*at != NULL && (*at)->due_ms <= timer->due_ms)
		at = &(*at)->next;
	timer->next = *at;
	timer->armed = true;
	*at = timer;
}

void
loop_timer_clear(struct loop *loop, struct loop_timer *timer)
{
	struct loop_timer **at = &loop->timers;

	if (!timer->armed)
		return;
	while (*at != NULL && *at != timer)
		at = &(*at)->next;
	if (*at == NULL)
		fatal("loop: a timer is armed in another loop");
	*at = timer->next;
	timer->next = NULL;
	timer->armed = false;
}

static int
time_to_wait(const struct loop *loop)
{
	int64_t left;

	if (loop->timers == NULL)
		return -1;
	left = loop->timers->due_ms - clock_monotonic_ms();
	if (left < 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

/* As many as are due now; what they set is for the next turn. */
static void
fire_timers(struct loop *loop)
{
	int64_t now;
	size_t due = 0;

	if (loop->timers == NULL)
		return;
	now = clock_monotonic_ms();
	for (struct loop_timer *t = loop->timers; t && t->due_ms <= now;
	     t = t->next)
		due++;
	for (; due > 0 && !loop->stopped; due--) {
		struct loop_timer *timer = loop->timers;

		if (timer == NULL || timer->due_ms > now)
			return;
		loop_timer_clear(loop, timer);
		timer->fn(timer->arg);
	}
}

static void
dispatch(struct loop *loop)
{
	for (unsigned i = loop->count; i-- > 0 && !loop->stopped;) {
		struct pollfd *poll;
		short events;

		if (i >= loop->count)
			continue;
		poll = &loop->polls[i];
		events = poll->revents;
		if (events == 0)
			continue;
		if (events & POLLNVAL)
			fatal("loop: descriptor %d is not open", poll->fd);
		poll->revents = 0;
		loop->watches[i].fn(poll->fd, events, loop->watches[i].arg);
	}
}

int
loop_run(struct loop *loop)
{
	while (!loop->stopped) {
		int n = poll(loop->polls, loop->count, time_to_wait(loop));

		if (n == -1 && errno != EINTR)
			fatal_errno("poll");
		if (n > 0)
			dispatch(loop);
		fire_timers(loop);
	}
	loop->stopped = false;
	return loop->result;
}

void
loop_stop(struct loop *loop, int result)
{
	loop->stopped = true;
	loop->result = result;
}
