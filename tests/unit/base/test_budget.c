/* Half of the time that passes, saved up to a burst. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/budget.h"

#define BURST 6000000 /* us */
#define START 1000000 /* ms */

static struct budget budget;

static int
setup(void **state)
{
	(void)state;
	budget_init(&budget, BURST, START);
	return 0;
}

static void
test_burst(void **state)
{
	(void)state;
	assert_int_equal(budget_left_us(&budget, START), BURST);
	assert_int_equal(budget_left_us(&budget, START + 3600000), BURST);
	budget_spend(&budget, BURST, START + 3600000);
	assert_int_equal(budget_left_us(&budget, START + 3600000), 0);
	budget_spend(&budget, 1, START + 3600000);
	assert_int_equal(budget_left_us(&budget, START + 3600000), -1);
}

static void
test_half_comes_back(void **state)
{
	(void)state;
	budget_spend(&budget, BURST, START);
	assert_int_equal(budget_left_us(&budget, START + 1), 500);
	assert_int_equal(budget_left_us(&budget, START + 1000), 500000);
	assert_int_equal(budget_left_us(&budget, START + 11999), BURST - 500);
	assert_int_equal(budget_left_us(&budget, START + 12000), BURST);
	assert_int_equal(budget_left_us(&budget, START + 12002), BURST);
}

/* Whoever uses all that he may, in whatever steps, uses a half. */
static void
test_share_in_the_long_run(void **state)
{
	int64_t used = 0, now = START;

	(void)state;
	for (; now < START + 600000; now += 7) {
		if (budget_left_us(&budget, now) <= 0)
			continue;
		budget_spend(&budget, 7000, now);
		used += 7000;
	}
	assert_in_range(used, BURST + 300000000, BURST + 300000000 + 7000);
}

static void
test_wait(void **state)
{
	int64_t wait;

	(void)state;
	assert_int_equal(budget_wait_ms(&budget, BURST, START), 0);
	budget_spend(&budget, BURST + 250000, START);
	wait = budget_wait_ms(&budget, 100000, START);
	assert_in_range(wait, 700, 701);
	assert_true(budget_left_us(&budget, START + wait) >= 100000);
	assert_int_equal(budget_wait_ms(&budget, 100000, START + wait), 0);
}

/* A clock that stands still, or goes back, gives nothing and takes nothing. */
static void
test_clock_goes_back(void **state)
{
	(void)state;
	budget_spend(&budget, 1000, START);
	assert_int_equal(budget_left_us(&budget, START - 5000), BURST - 1000);
	assert_int_equal(budget_left_us(&budget, START - 4999), BURST - 500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_burst, setup),
		cmocka_unit_test_setup(test_half_comes_back, setup),
		cmocka_unit_test_setup(test_share_in_the_long_run, setup),
		cmocka_unit_test_setup(test_wait, setup),
		cmocka_unit_test_setup(test_clock_goes_back, setup),
	};

	return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
