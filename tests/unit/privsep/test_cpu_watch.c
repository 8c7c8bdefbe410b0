/* Who uses more of the processor than half is ended, and has to wait. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "privsep/executor/cpu_watch.h"

static struct peer peer;
static struct cpu_watch watch;

/* One that computes, or that waits to be ended. */
static void
begin(bool computes)
{
	peer = (struct peer){ .loop = loop_new(1), .relay.process = "net" };
	cpu_watch_init(&watch, &peer);
	if ((peer.pid = fork()) == 0) {
		volatile unsigned n = 0;

		while (computes)
			n++;
		for (;;)
			pause();
	}
	assert_true(peer.pid > 0);
	cpu_watch_begin(&watch);
}

/* What the timer would do, now. */
static void
look(void)
{
	assert_true(watch.timer.armed);
	loop_timer_clear(peer.loop, &watch.timer);
	watch.timer.fn(watch.timer.arg);
}

static int
reap(struct rusage *usage)
{
	int status;

	assert_int_equal(wait4(peer.pid, &status, 0, usage), peer.pid);
	cpu_watch_end(&watch, usage);
	assert_false(watch.timer.armed);
	loop_free(peer.loop);
	return status;
}

static void
test_ends_who_computes(void **state)
{
	struct rusage usage;
	int64_t wait_ms;
	int status;

	(void)state;
	begin(true);
	assert_int_equal(cpu_watch_wait_ms(&watch), 0);
	while (watch.seen_us == 0)
		look();
	assert_false(peer.unwanted);
	/* As if it had used so much more than what was paid. */
	watch.seen_us -= CPU_WATCH_BURST_US;
	look();
	assert_true(peer.unwanted);
	status = reap(&usage);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	wait_ms = cpu_watch_wait_ms(&watch);
	assert_true(wait_ms > CPU_WATCH_START_US * BUDGET_PART / 1000 - 1000);
	/* All that it used is paid, also what nobody looked at. */
	assert_true(watch.seen_us >= usage.ru_utime.tv_usec);
}

static void
test_leaves_who_waits(void **state)
{
	struct rusage usage;

	(void)state;
	begin(false);
	for (int i = 0; i < 100; i++)
		look();
	assert_false(peer.unwanted);
	assert_true(watch.timer.due_ms - clock_monotonic_ms() <=
		    CPU_WATCH_BURST_US * BUDGET_PART / 1000);
	assert_int_equal(kill(peer.pid, SIGKILL), 0);
	reap(&usage);
	assert_int_equal(cpu_watch_wait_ms(&watch), 0);
}

/* The next process does not begin with a full purse. */
static void
test_pays_for_the_one_before(void **state)
{
	struct rusage usage = { .ru_utime = { .tv_sec = 3 },
		.ru_stime = { .tv_usec = 500000 } };

	(void)state;
	peer = (struct peer){ .loop = loop_new(1), .relay.process = "net" };
	cpu_watch_init(&watch, &peer);
	for (int i = 0; i < 2; i++) {
		cpu_watch_begin(&watch);
		cpu_watch_end(&watch, &usage);
		assert_int_equal(cpu_watch_wait_ms(&watch), 0);
	}
	cpu_watch_begin(&watch);
	cpu_watch_end(&watch, &usage);
	assert_in_range(cpu_watch_wait_ms(&watch), 10000, 11001);
	loop_free(peer.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends_who_computes),
		cmocka_unit_test(test_leaves_who_waits),
		cmocka_unit_test(test_pays_for_the_one_before),
	};

	return cmocka_run_group_tests_name("cpu watch", tests, NULL, NULL);
}
