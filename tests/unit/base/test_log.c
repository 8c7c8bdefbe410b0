/* base/log: escaping, the cut, thresholds, relays, fatal. */
#include "tests/unit/base/cmocka_base.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

struct seen {
	unsigned lines;
	enum log_level level;
	size_t len;
	char line[LOG_LINE_MAX + 1];
};

static void
remember(enum log_level level, const char *line, size_t len, void *arg)
{
	struct seen *seen = arg;

	assert_true(len <= LOG_LINE_MAX);
	seen->lines++;
	seen->level = level;
	seen->len = len;
	memcpy(seen->line, line, len);
	seen->line[len] = '\0';
}

static int
setup(void **state)
{
	struct seen *seen = calloc(1, sizeof(*seen));

	*state = seen;
	log_open("test", LOG_LEVEL_INFO);
	log_to(remember, seen);
	return seen == NULL;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

static void
test_line_is_escaped(void **state)
{
	struct seen *seen = *state;

	log_warning("user %s\n<0>kernel: %d", "\033[31m", 7);
	assert_int_equal(seen->lines, 1);
	assert_int_equal(seen->level, LOG_LEVEL_WARNING);
	assert_string_equal(seen->line, "user \\033[31m\\012<0>kernel: 7");
}

static void
test_threshold(void **state)
{
	struct seen *seen = *state;

	log_debug("hidden");
	log_relay("gate", LOG_LEVEL_DEBUG, "hidden", 6);
	assert_int_equal(seen->lines, 0);
	log_info("shown");
	assert_int_equal(seen->lines, 1);
	log_open("test", LOG_LEVEL_DEBUG);
	log_debug("shown");
	assert_int_equal(seen->lines, 2);
	log_open("test", LOG_LEVEL_ERROR);
	log_warning("hidden");
	log_error("shown");
	assert_int_equal(seen->lines, 3);
	assert_int_equal(seen->level, LOG_LEVEL_ERROR);
}

static void
test_cut_at_the_bound(void **state)
{
	struct seen *seen = *state;
	char text[2 * LOG_LINE_MAX + 1];

	for (size_t len = LOG_LINE_MAX - 1; len <= LOG_LINE_MAX + 1; len++) {
		memset(text, 'a', len);
		text[len] = '\0';
		log_info("%s", text);
		assert_int_equal(
		    seen->len, len > LOG_LINE_MAX ? LOG_LINE_MAX : len);
	}
	memset(text, '\n', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_info("%s", text);
	assert_int_equal(seen->len, LOG_LINE_MAX / 4 * 4);
	assert_string_equal(seen->line + seen->len - 4, "\\012");
}

static void
test_relay(void **state)
{
	struct seen *seen = *state;
	char text[2 * LOG_LINE_MAX];

	log_relay("gate", LOG_LEVEL_WARNING, "a\nb\\033", 7);
	assert_string_equal(seen->line, "gate: a\\012b\\\\033");
	memset(text, 'x', sizeof(text));
	log_relay("net", LOG_LEVEL_INFO, text, sizeof(text));
	assert_int_equal(seen->len, LOG_LINE_MAX);
	log_relay("net", (enum log_level)77, "odd", 3);
	assert_int_equal(seen->level, LOG_LEVEL_ERROR);
}

static void
test_errno_is_kept(void **state)
{
	(void)state;
	errno = EPROTO;
	log_info("%s", "line");
	assert_int_equal(errno, EPROTO);
}

static void
die(void *arg)
{
	(void)arg;
	fatal("%s", "the end");
}

static void
die_as_a_tool(void *arg)
{
	fatal_exits_with(1);
	die(arg);
}

static void
die_with_errno(void *arg)
{
	int *fds = arg;

	dup2(fds[1], STDERR_FILENO);
	log_open("amirald", LOG_LEVEL_ERROR);
	errno = ENOENT;
	fatal_errno("open %s", "a\tb");
}

static void
test_fatal(void **state)
{
	(void)state;
	assert_int_equal(status_of(die, NULL), FATAL_STATUS);
	assert_int_equal(status_of(die_as_a_tool, NULL), 1);
}

/* The sink of the child is the first one: log_to() was never called there. */
static void
test_default_sink(void **state)
{
	char line[256];
	int fds[2];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(status_of(die_with_errno, fds), FATAL_STATUS);
	n = read(fds[0], line, sizeof(line) - 1);
	assert_true(n > 0);
	line[n] = '\0';
	assert_string_equal(
	    line, "amirald: error: open a\\011b: No such file or directory\n");
	close(fds[0]);
	close(fds[1]);
}

int
main(void)
{
	const struct CMUnitTest first[] = {
		cmocka_unit_test(test_default_sink),
		cmocka_unit_test_setup_teardown(
		    test_line_is_escaped, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_threshold, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_cut_at_the_bound, setup, teardown),
		cmocka_unit_test_setup_teardown(test_relay, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_errno_is_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fatal, setup, teardown),
	};

	return cmocka_run_group_tests_name("log", first, NULL, NULL);
}
