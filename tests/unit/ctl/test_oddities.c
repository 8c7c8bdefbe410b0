/* The list of what did not verify: bounded, counted, nothing twice. */
#include "check.h"

#include "ctl/oddities.h"

static void
test_same_again(void **state)
{
	struct oddities *list = calloc(1, sizeof *list);
	struct public_key key = { .type = KEY_ED25519 }, other = key;

	(void)state;
	assert_non_null(list);
	other.bytes[0] = 1;
	oddities_add(list, ODDITY_WRONG_KEY, "a", &key);
	oddities_add(list, ODDITY_WRONG_KEY, "a", &key);
	oddities_add(list, ODDITY_WRONG_KEY, "a", &other);
	oddities_add(list, ODDITY_WRONG_KEY, "b", &key);
	oddities_add(list, ODDITY_BAD_SIGNATURE, "", NULL);
	oddities_add(list, ODDITY_BAD_SIGNATURE, "", NULL);
	assert_int_equal(list->n, 4);
	assert_int_equal(list->total, 6);
	assert_int_equal(list->rows[0].count, 2);
	assert_int_equal(list->rows[3].count, 2);
	assert_int_equal(list->unlisted, 0);
	free(list);
}

static void
test_bound(void **state)
{
	struct oddities *list = calloc(1, sizeof *list);
	char name[HOSTNAME_MAX + 1];

	(void)state;
	assert_non_null(list);
	for (int i = 0; i < ODDITIES_MAX + 7; i++) {
		snprintf(name, sizeof name, "h%d", i);
		oddities_add(list, ODDITY_UNKNOWN_HOST, name, NULL);
	}
	oddities_add(list, ODDITY_UNKNOWN_HOST, "h0", NULL);
	assert_int_equal(list->n, ODDITIES_MAX);
	assert_int_equal(list->unlisted, 7);
	assert_int_equal(list->total, ODDITIES_MAX + 8);
	assert_int_equal(list->rows[0].count, 2);
	free(list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_again),
		cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
