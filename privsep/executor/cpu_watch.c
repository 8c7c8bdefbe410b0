/* Part of amirald. */
#include "privsep/executor/cpu_watch.h"

#include <time.h>

#include "base/clock.h"

#define US_A_SECOND 1000000

/* -1: it has ended. */
static int64_t
used_us(pid_t pid)
{
	struct timespec used;
	clockid_t id;

	if (pid == 0 || clock_getcpuclockid(pid, &id) != 0 ||
	    clock_gettime(id, &used) == -1)
		return -1;
	return (int64_t)used.tv_sec * US_A_SECOND + used.tv_nsec / 1000;
}

static void
pay(struct cpu_watch *watch, int64_t used)
{
	if (used <= watch->seen_us)
		return;
	budget_spend(
	    &watch->budget, used - watch->seen_us, clock_monotonic_ms());
	watch->seen_us = used;
	if (budget_left_us(&watch->budget, clock_monotonic_ms()) <= 0)
		watch->overdrawn = true;
}

/* When all of it could be used up, at the earliest. */
static void
look_later(struct cpu_watch *watch)
{
	int64_t left = budget_left_us(&watch->budget, clock_monotonic_ms());
	int64_t wait_ms = left * BUDGET_PART / (BUDGET_PART - 1) / 1000;

	loop_timer_set(watch->peer->loop, &watch->timer,
	    wait_ms < CPU_WATCH_MIN_MS ? CPU_WATCH_MIN_MS : wait_ms);
}

static void
look(void *arg)
{
	struct cpu_watch *watch = arg;

	pay(watch, used_us(watch->peer->pid));
	if (watch->overdrawn)
		peer_broken(watch->peer,
		    "it used more than half a processor for too long");
	else
		look_later(watch);
}

void
cpu_watch_init(struct cpu_watch *watch, struct peer *peer)
{
	*watch = (struct cpu_watch){
		.peer = peer,
		.timer = { .fn = look, .arg = watch },
	};
	budget_init(&watch->budget, CPU_WATCH_BURST_US, clock_monotonic_ms());
}

void
cpu_watch_begin(struct cpu_watch *watch)
{
	watch->seen_us = 0;
	watch->overdrawn = false;
	look_later(watch);
}

static int64_t
microseconds(const struct timeval *time)
{
	return (int64_t)time->tv_sec * US_A_SECOND + time->tv_usec;
}

void
cpu_watch_end(struct cpu_watch *watch, const struct rusage *usage)
{
	loop_timer_clear(watch->peer->loop, &watch->timer);
	pay(watch,
	    microseconds(&usage->ru_utime) + microseconds(&usage->ru_stime));
}

int64_t
cpu_watch_wait_ms(struct cpu_watch *watch)
{
	return watch->overdrawn ? budget_wait_ms(&watch->budget,
				      CPU_WATCH_START_US, clock_monotonic_ms())
				: 0;
}
