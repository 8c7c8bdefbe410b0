/* Restarts wait longer and longer, up to a bound, and not all as long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "privsep/executor/backoff.h"

#define NOISES 65536
#define SLOTS  10

static void
expect_range(unsigned failures, int64_t low, int64_t high)
{
	int64_t least = INT64_MAX, most = 0;

	for (unsigned noise = 0; noise < NOISES; noise++) {
		int64_t ms = backoff_ms(failures, (uint16_t)noise);

		if (ms < least)
			least = ms;
		if (ms > most)
			most = ms;
	}
	assert_int_equal(least, low);
	assert_int_equal(most, high);
}

static void
test_doubles_up_to_a_bound(void **state)
{
	int64_t low = BACKOFF_LOW_MS, high = BACKOFF_HIGH_MS;
	unsigned failures = 0;

	(void)state;
	for (; high < BACKOFF_MAX_MS; low *= 2, high *= 2)
		expect_range(failures++, low, high);
	for (; failures < 40; failures++)
		expect_range(failures, low, BACKOFF_MAX_MS);
	expect_range(UINT32_MAX, low, BACKOFF_MAX_MS);
}

/* Each tenth of the time gets its tenth of the hosts, give or take a fifth. */
static void
test_hosts_are_apart(void **state)
{
	(void)state;
	for (unsigned failures = 0; failures < 12; failures++) {
		int64_t low = backoff_ms(failures, 0), high = 0;
		unsigned count[SLOTS] = { 0 };

		for (unsigned noise = 0; noise < NOISES; noise++)
			if (backoff_ms(failures, (uint16_t)noise) > high)
				high = backoff_ms(failures, (uint16_t)noise);
		for (unsigned noise = 0; noise < NOISES; noise++)
			count[(backoff_ms(failures, (uint16_t)noise) - low) *
			      SLOTS / (high - low + 1)]++;
		for (unsigned i = 0; i < SLOTS; i++)
			assert_in_range(count[i], NOISES / SLOTS * 4 / 5,
			    NOISES / SLOTS * 6 / 5);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_doubles_up_to_a_bound),
		cmocka_unit_test(test_hosts_are_apart),
	};

	return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
