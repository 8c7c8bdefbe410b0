/* Whose a process is, however it changes the limits that it may change. */
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "privsep/executor/mark.h"

#define OTHERS 8

static struct marks marks;

static void
set(int resource, rlim_t value)
{
	const struct rlimit limit = { value, value };

	setrlimit((__rlimit_resource_t)resource, &limit);
}

typedef void disguise(const struct drop_limit *theirs);

/* The mark of a child that has limits and then disguises itself. */
static mark_t
mark_of_child(const struct drop_limit *own, disguise *change,
    const struct drop_limit *theirs)
{
	int ready[2];
	char byte;
	pid_t pid;
	mark_t mark;

	assert_int_equal(pipe(ready), 0);
	if ((pid = fork()) == 0) {
		if (own != NULL && drop_limits(own, MARK_LIMITS) == -1)
			_exit(1);
		if (geteuid() == 0 && setuid(65534) == -1)
			_exit(1);
		if (change != NULL)
			change(theirs);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	mark = mark_of(&marks, pid);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(ready[0]);
	close(ready[1]);
	return mark;
}

static int
setup(void **state)
{
	(void)state;
	marks_init(&marks);
	return 0;
}

static void
test_of_a_job(void **state)
{
	struct drop_limit limits[MARK_LIMITS];
	mark_t one, two;

	(void)state;
	one = marks_next(&marks, limits);
	assert_true(mark_of_child(limits, NULL, NULL) == one);
	two = marks_next(&marks, limits);
	assert_true(one != two);
	assert_true(mark_of_child(limits, NULL, NULL) == two);
	assert_true(two != MARK_NONE && two != MARK_FORGED);
}

static void
realtime(const struct drop_limit *theirs)
{
	(void)theirs;
	set(RLIMIT_RTTIME, 200000);
}

/* What a daemon restarted may limit itself: it stays nobody's job. */
static void
test_of_nobody(void **state)
{
	(void)state;
	assert_true(mark_of(&marks, getpid()) == MARK_NONE);
	assert_true(mark_of_child(NULL, NULL, NULL) == MARK_NONE);
	assert_true(mark_of_child(NULL, realtime, NULL) == MARK_NONE);
}

static void
test_of_one_that_is_gone(void **state)
{
	pid_t pid;

	(void)state;
	if ((pid = fork()) == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(mark_of(&marks, pid) == MARK_FORGED);
}

static void
take_both(const struct drop_limit *theirs)
{
	set(theirs[0].resource, theirs[0].value);
	set(theirs[1].resource, theirs[1].value);
}

static void
take_first(const struct drop_limit *theirs)
{
	set(theirs[0].resource, theirs[0].value);
}

static void
take_second(const struct drop_limit *theirs)
{
	set(theirs[1].resource, theirs[1].value);
}

static void
take_none(const struct drop_limit *theirs)
{
	(void)theirs;
	set(RLIMIT_RTTIME, RLIM_INFINITY);
	set(RLIMIT_LOCKS, RLIM_INFINITY);
	set(RLIMIT_RTTIME, 0);
}

/* Jobs before it and after it run: it can be none of them, nor nobody. */
static void
test_disguised(void **state)
{
	static disguise *const disguises[] = { take_both, take_first,
		take_second, take_none };
	struct drop_limit theirs[OTHERS][MARK_LIMITS];
	mark_t numbers[OTHERS], found;

	(void)state;
	for (int i = 0; i < OTHERS; i++)
		numbers[i] = marks_next(&marks, theirs[i]);
	for (int own = 0; own < OTHERS; own++)
		for (int other = 0; other < OTHERS; other++)
			for (size_t i = 0; i < 4; i++) {
				found = mark_of_child(
				    theirs[own], disguises[i], theirs[other]);
				assert_true(found == MARK_FORGED ||
					    found == numbers[own]);
				if (disguises[i] == take_none)
					assert_true(found == MARK_FORGED);
			}
}

/* Whoever started amirald may have left it little of either. */
static void
test_few_are_left(void **state)
{
	struct drop_limit limits[MARK_LIMITS];

	(void)state;
	for (int which = 0; which < 2; which++) {
		marks =
		    (struct marks){ .top = LONG_MAX, .locks = RLIM_INFINITY };
		if (which == 0)
			marks.top = 100;
		else
			marks.locks = 100;
		for (int i = 0; i < 1000; i++) {
			mark_t mark = marks_next(&marks, limits);

			assert_in_range(mark, 1, 99);
			assert_true(
			    limits[0].value + limits[1].value == marks.top);
			assert_true(limits[1].value < marks.locks);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_of_a_job, setup),
		cmocka_unit_test_setup(test_of_nobody, setup),
		cmocka_unit_test_setup(test_of_one_that_is_gone, setup),
		cmocka_unit_test_setup(test_disguised, setup),
		cmocka_unit_test(test_few_are_left),
	};

	return cmocka_run_group_tests_name("mark", tests, NULL, NULL);
}
