/* The bar's line at its ends. */
#include "check.h"

#include "ctl/progress.h"

static void
test_line(void **state)
{
	static const struct {
		size_t done, total;
		const char *line;
	} rows[] = {
		{ 0, 0, "[                                        ] 0/0" },
		{ 0, 4, "[                                        ] 0/4" },
		{ 1, 4, "[==========                              ] 1/4" },
		{ 4, 4, "[========================================] 4/4" },
		{ 5, 4, "[========================================] 5/4" },
	};
	char line[PROGRESS_LINE_MAX];

	(void)state;
	for (int i = 0; i < COUNT(rows); i++) {
		progress_line(line, rows[i].done, rows[i].total);
		assert_string_equal(line, rows[i].line);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
