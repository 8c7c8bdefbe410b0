/* agent/net/tally: the line, when it is due, and the throttle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "agent/net/tally.h"

static void
test_line(void **state)
{
	char line[TALLY_LINE_MAX] = "untouched";
	struct tally t = { 0 };

	(void)state;
	assert_false(tally_take(&t, 0, line));
	assert_string_equal(line, "untouched");
	for (unsigned i = 0; i < 9; i++)
		tally_add(&t, STATUS_LAYOUT);
	tally_add(&t, STATUS_UNKNOWN_KEY);
	tally_add(&t, STATUS_SIGNATURE);
	tally_add(&t, STATUS_SIGNATURE);
	assert_true(tally_take(&t, 0, line));
	assert_string_equal(
	    line, "dropped 12 messages: layout 9, signature 2, unknown-key 1");
	assert_false(tally_take(&t, 0, line));
	tally_add(&t, STATUS_TOO_LONG);
	assert_true(tally_take(&t, 1, line));
	assert_string_equal(line, "dropped 1 messages: too-long 1");
}

/* Even the longest line there can be ends inside its bound. */
static void
test_longest_line(void **state)
{
	char line[TALLY_LINE_MAX];
	struct tally t = { 0 };

	(void)state;
	for (unsigned i = 0; i < STATUS_COUNT; i++) {
		tally_add(&t, (enum status)i);
		t.count[i] = UINT64_MAX;
	}
	t.total = UINT64_MAX;
	memset(line, 'x', sizeof line);
	assert_true(tally_take(&t, 0, line));
	assert_non_null(memchr(line, '\0', sizeof line));
}

static void
test_due(void **state)
{
	char line[TALLY_LINE_MAX];
	struct tally t = { 0 };

	(void)state;
	assert_int_equal(tally_due(&t, 5000), -1);
	tally_add(&t, STATUS_LAYOUT);
	assert_int_equal(tally_due(&t, 5000), TALLY_QUICK_MS);
	assert_true(tally_take(&t, 5000, line));
	assert_int_equal(tally_due(&t, 5001), -1);
	tally_add(&t, STATUS_LAYOUT);
	assert_int_equal(tally_due(&t, 5000), TALLY_PERIOD_MS);
	assert_int_equal(tally_due(&t, 5799), 201);
	assert_int_equal(tally_due(&t, 5800), TALLY_QUICK_MS);
	assert_int_equal(tally_due(&t, 90000), TALLY_QUICK_MS);
}

static void
test_throttle(void **state)
{
	struct throttle t = { 0 };

	(void)state;
	for (unsigned i = 1; i < THROTTLE_RATE; i++)
		assert_int_equal(throttle_hit(&t, 1000), 0);
	assert_int_equal(throttle_hit(&t, 1400), 600);
	/* Afterwards a second begins anew. */
	for (unsigned i = 1; i < THROTTLE_RATE; i++)
		assert_int_equal(throttle_hit(&t, 2000), 0);
	assert_int_equal(throttle_hit(&t, 2999), 1);
}

static void
test_slow_junk_is_not_throttled(void **state)
{
	struct throttle t = { 0 };

	(void)state;
	for (int64_t now = 0; now < 100000; now += 11)
		assert_int_equal(throttle_hit(&t, now), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_longest_line),
		cmocka_unit_test(test_due),
		cmocka_unit_test(test_throttle),
		cmocka_unit_test(test_slow_junk_is_not_throttled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
