/* base/loop: dispatch while handlers change the table, timers, bounds. */
#include "tests/unit/base/cmocka_base.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include "base/clock.h"
#include "base/loop.h"

#define PIPES 4

struct bench {
	struct loop *loop;
	int in[PIPES], out[PIPES];
	unsigned calls[PIPES];
	short events[PIPES];
	struct loop_timer timer, other;
	unsigned fired;
	char order[16];
};

static int
setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	int fds[2];

	if (b == NULL)
		return 1;
	b->loop = loop_new(PIPES);
	for (int i = 0; i < PIPES; i++) {
		if (pipe(fds) == -1)
			return 1;
		b->in[i] = fds[0];
		b->out[i] = fds[1];
	}
	*state = b;
	return 0;
}

static int
teardown(void **state)
{
	struct bench *b = *state;

	for (int i = 0; i < PIPES; i++) {
		close(b->in[i]);
		close(b->out[i]);
	}
	loop_free(b->loop);
	free(b);
	return 0;
}

static unsigned
number_of(const struct bench *b, int fd)
{
	for (unsigned i = 0; i < PIPES; i++)
		if (b->in[i] == fd)
			return i;
	fail_msg("descriptor %d is none of ours", fd);
	return 0;
}

static void
stop(void *arg)
{
	struct bench *b = arg;

	loop_stop(b->loop, 42);
}

static void
feed(struct bench *b, int from, int to)
{
	for (int i = from; i < to; i++)
		assert_int_equal(write(b->out[i], "x", 1), 1);
}

static void
note(int fd, short events, void *arg)
{
	struct bench *b = arg;
	unsigned n = number_of(b, fd);
	char byte;

	b->calls[n]++;
	b->events[n] = events;
	if (events & POLLIN)
		assert_int_equal(read(fd, &byte, 1), 1);
	loop_timer_set(b->loop, &b->timer, 0);
}

static void
watch_all(struct bench *b, loop_fd_fn *fn)
{
	for (int i = 0; i < PIPES; i++)
		loop_watch(b->loop, b->in[i], POLLIN, fn, b);
}

static void
test_each_once(void **state)
{
	struct bench *b = *state;

	b->timer = (struct loop_timer){ .fn = stop, .arg = b };
	watch_all(b, note);
	feed(b, 0, 3);
	assert_int_equal(loop_run(b->loop), 42);
	for (int i = 0; i < PIPES; i++)
		assert_int_equal(b->calls[i], i < 3);
}

static void
test_hangup_unasked(void **state)
{
	struct bench *b = *state;

	b->timer = (struct loop_timer){ .fn = stop, .arg = b };
	loop_watch(b->loop, b->in[0], 0, note, b);
	close(b->out[0]);
	b->out[0] = -1;
	loop_run(b->loop);
	assert_int_equal(b->calls[0], 1);
	assert_int_equal(b->events[0], POLLHUP);
}

static void
test_events_change(void **state)
{
	struct bench *b = *state;

	b->timer = (struct loop_timer){ .fn = stop, .arg = b };
	watch_all(b, note);
	loop_events(b->loop, b->in[0], 0);
	feed(b, 0, 2);
	loop_run(b->loop);
	assert_int_equal(b->calls[0], 0);
	assert_int_equal(b->calls[1], 1);
	loop_events(b->loop, b->in[0], POLLIN);
	loop_run(b->loop);
	assert_int_equal(b->calls[0], 1);
}

/* Whoever comes first takes all the others, and itself, away. */
static void
unwatch_all(int fd, short events, void *arg)
{
	struct bench *b = arg;

	(void)events;
	b->calls[number_of(b, fd)]++;
	for (int i = 0; i < PIPES; i++)
		loop_unwatch(b->loop, b->in[i]);
	loop_timer_set(b->loop, &b->timer, 0);
}

static void
test_unwatch_all_in_dispatch(void **state)
{
	struct bench *b = *state;
	unsigned calls = 0;

	b->timer = (struct loop_timer){ .fn = stop, .arg = b };
	watch_all(b, unwatch_all);
	feed(b, 0, PIPES);
	loop_run(b->loop);
	for (int i = 0; i < PIPES; i++)
		calls += b->calls[i];
	assert_int_equal(calls, 1);
}

static void
unwatch_self(int fd, short events, void *arg)
{
	struct bench *b = arg;

	(void)events;
	b->calls[number_of(b, fd)]++;
	loop_unwatch(b->loop, fd);
	loop_timer_set(b->loop, &b->timer, 0);
}

static void
test_unwatch_self_in_dispatch(void **state)
{
	struct bench *b = *state;

	b->timer = (struct loop_timer){ .fn = stop, .arg = b };
	watch_all(b, unwatch_self);
	feed(b, 0, PIPES);
	loop_run(b->loop);
	for (int i = 0; i < PIPES; i++)
		assert_int_equal(b->calls[i], 1);
}

/* Taken away and watched anew in the middle of a turn: no stale event. */
static void
renew_all(int fd, short events, void *arg)
{
	struct bench *b = arg;

	(void)events;
	b->calls[number_of(b, fd)]++;
	for (int i = 0; i < PIPES; i++)
		loop_unwatch(b->loop, b->in[i]);
	watch_all(b, note);
	loop_timer_set(b->loop, &b->timer, 1000);
}

static void
test_renewed_in_dispatch(void **state)
{
	struct bench *b = *state;
	unsigned calls = 0;

	b->timer = (struct loop_timer){ .fn = stop, .arg = b };
	watch_all(b, renew_all);
	feed(b, 0, PIPES);
	loop_run(b->loop);
	/* one renewed, then each was noted by the new watch in its own turn */
	for (int i = 0; i < PIPES; i++)
		calls += b->calls[i];
	assert_int_equal(calls, PIPES + 1);
}

static void
unwatch_first(int fd, short events, void *arg)
{
	struct bench *b = arg;
	unsigned n = number_of(b, fd);

	(void)events;
	b->calls[n]++;
	if (n == 2)
		loop_unwatch(b->loop, b->in[0]);
	loop_timer_set(b->loop, &b->timer, 0);
}

/* The last entry, served already, moves to where the turn has yet to come. */
static void
test_moved_entry_is_met_once(void **state)
{
	struct bench *b = *state;

	b->timer = (struct loop_timer){ .fn = stop, .arg = b };
	watch_all(b, unwatch_first);
	feed(b, 0, PIPES);
	loop_run(b->loop);
	assert_int_equal(b->calls[0], 0);
	for (int i = 1; i < PIPES; i++)
		assert_int_equal(b->calls[i], 1);
}

static void
stop_at_once(int fd, short events, void *arg)
{
	struct bench *b = arg;

	(void)events;
	b->calls[number_of(b, fd)]++;
	loop_stop(b->loop, 7);
}

static void
test_stop_is_at_once(void **state)
{
	struct bench *b = *state;
	unsigned calls = 0;

	watch_all(b, stop_at_once);
	feed(b, 0, PIPES);
	assert_int_equal(loop_run(b->loop), 7);
	for (int i = 0; i < PIPES; i++)
		calls += b->calls[i];
	assert_int_equal(calls, 1);
	/* what was not dispatched is still there in the next run */
	assert_int_equal(loop_run(b->loop), 7);
}

struct letter {
	struct loop_timer timer;
	struct bench *bench;
	char name;
};

static void
write_letter(void *arg)
{
	struct letter *letter = arg;
	struct bench *b = letter->bench;

	b->order[b->fired++] = letter->name;
	assert_false(letter->timer.armed);
}

static void
test_timers_in_order(void **state)
{
	static const int delays[] = { 30, 10, 20, 10, 0 };
	struct bench *b = *state;
	struct letter letters[5];
	int64_t start = clock_monotonic_ms();

	for (int i = 0; i < 5; i++) {
		letters[i] =
		    (struct letter){ .bench = b, .name = (char)('a' + i) };
		letters[i].timer.fn = write_letter;
		letters[i].timer.arg = &letters[i];
		loop_timer_set(b->loop, &letters[i].timer, delays[i]);
	}
	b->timer = (struct loop_timer){ .fn = stop, .arg = b };
	loop_timer_set(b->loop, &b->timer, 40);
	loop_run(b->loop);
	assert_string_equal(b->order, "ebdca");
	assert_true(clock_monotonic_ms() - start >= 40);
}

static void
test_timer_clear_and_set_anew(void **state)
{
	struct bench *b = *state;
	struct letter a = { .bench = b, .name = 'a' },
		      c = { .bench = b, .name = 'c' };

	a.timer.fn = c.timer.fn = write_letter;
	a.timer.arg = &a;
	c.timer.arg = &c;
	loop_timer_clear(b->loop, &a.timer);
	loop_timer_set(b->loop, &a.timer, 5);
	loop_timer_set(b->loop, &c.timer, INT64_MAX);
	loop_timer_set(b->loop, &a.timer, 10);
	loop_timer_set(b->loop, &c.timer, -5);
	loop_timer_clear(b->loop, &a.timer);
	b->timer = (struct loop_timer){ .fn = stop, .arg = b };
	loop_timer_set(b->loop, &b->timer, 20);
	loop_run(b->loop);
	assert_string_equal(b->order, "c");
}

static void
clear_other(void *arg)
{
	struct bench *b = arg;

	b->fired++;
	loop_timer_clear(b->loop, &b->other);
	loop_stop(b->loop, 0);
}

static void
test_timer_cleared_by_one_due_with_it(void **state)
{
	struct bench *b = *state;

	b->timer = (struct loop_timer){ .fn = clear_other, .arg = b };
	b->other = b->timer;
	loop_timer_set(b->loop, &b->timer, 0);
	loop_timer_set(b->loop, &b->other, 0);
	loop_run(b->loop);
	assert_int_equal(b->fired, 1);
	assert_false(b->other.armed);
}

static void
again(void *arg)
{
	struct bench *b = arg;

	b->fired++;
	loop_timer_set(b->loop, &b->timer, 0);
}

static void
stop_at_second(int fd, short events, void *arg)
{
	struct bench *b = arg;

	(void)events;
	if (++b->calls[number_of(b, fd)] == 2)
		loop_stop(b->loop, 7);
}

/* Between two turns it fires once, however often it could. */
static void
test_eager_timer_starves_nobody(void **state)
{
	struct bench *b = *state;

	b->timer = (struct loop_timer){ .fn = again, .arg = b };
	loop_timer_set(b->loop, &b->timer, 0);
	loop_watch(b->loop, b->in[0], POLLIN, stop_at_second, b);
	feed(b, 0, 1);
	assert_int_equal(loop_run(b->loop), 7);
	assert_int_equal(b->fired, 1);
	loop_timer_clear(b->loop, &b->timer);
}

static void
on_alarm(int sig)
{
	(void)sig;
}

static void
test_signals_interrupt_nothing(void **state)
{
	struct bench *b = *state;
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { 0 };
	struct sigaction action = { .sa_handler = on_alarm };
	int64_t start = clock_monotonic_ms();

	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	b->timer = (struct loop_timer){ .fn = stop, .arg = b };
	loop_timer_set(b->loop, &b->timer, 30);
	assert_int_equal(loop_run(b->loop), 42);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_true(clock_monotonic_ms() - start >= 30);
}

static void
test_high_descriptor(void **state)
{
	struct bench *b = *state;
	int high = fcntl(b->in[0], F_DUPFD_CLOEXEC, 500), was = b->in[0];

	assert_true(high >= 500);
	b->in[0] = high;
	b->timer = (struct loop_timer){ .fn = stop, .arg = b };
	loop_watch(b->loop, high, POLLIN, note, b);
	feed(b, 0, 1);
	loop_run(b->loop);
	assert_int_equal(b->calls[0], 1);
	close(was);
}

static void
watch_too_many(void *arg)
{
	struct bench *b = arg;

	watch_all(b, note);
	loop_watch(b->loop, b->out[0], POLLOUT, note, b);
}

static void
watch_twice(void *arg)
{
	struct bench *b = arg;

	loop_watch(b->loop, b->in[0], POLLIN, note, b);
	loop_watch(b->loop, b->in[0], POLLIN, note, b);
}

static void
unwatch_stranger(void *arg)
{
	struct bench *b = arg;

	loop_unwatch(b->loop, b->in[0]);
}

static void
watch_closed(void *arg)
{
	struct bench *b = arg;

	loop_watch(b->loop, b->in[0], POLLIN, note, b);
	close(b->in[0]);
	loop_run(b->loop);
}

static void
test_own_bugs_are_fatal(void **state)
{
	assert_int_equal(status_of(watch_too_many, *state), FATAL_STATUS);
	assert_int_equal(status_of(watch_twice, *state), FATAL_STATUS);
	assert_int_equal(status_of(unwatch_stranger, *state), FATAL_STATUS);
	assert_int_equal(status_of(watch_closed, *state), FATAL_STATUS);
}

#define WITH_BENCH(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BENCH(test_each_once),
		WITH_BENCH(test_hangup_unasked),
		WITH_BENCH(test_events_change),
		WITH_BENCH(test_unwatch_all_in_dispatch),
		WITH_BENCH(test_unwatch_self_in_dispatch),
		WITH_BENCH(test_renewed_in_dispatch),
		WITH_BENCH(test_moved_entry_is_met_once),
		WITH_BENCH(test_stop_is_at_once),
		WITH_BENCH(test_timers_in_order),
		WITH_BENCH(test_timer_clear_and_set_anew),
		WITH_BENCH(test_timer_cleared_by_one_due_with_it),
		WITH_BENCH(test_eager_timer_starves_nobody),
		WITH_BENCH(test_signals_interrupt_nothing),
		WITH_BENCH(test_high_descriptor),
		WITH_BENCH(test_own_bugs_are_fatal),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
