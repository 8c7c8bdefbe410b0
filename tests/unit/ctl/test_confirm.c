/* What is asked, and shown, before something with effects is signed. */
#include "check.h"

#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "ctl/confirm.h"
#include "wire/json.h"

struct scene {
	struct options options;
	struct settings settings;
	struct description description;
	struct targets targets;
	json_t *args;
	struct confirm_what what;
};

static int
setup(void **state)
{
	static char key[] = "agent:";
	struct scene *s = calloc(1, sizeof *s);

	assert_non_null(s);
	json_prepare();
	strcpy(s->description.name, "service");
	s->description.side_effects = true;
	s->options.all = true;
	s->settings.key = key;
	s->targets.match = json_pack("{sb}", "all", 1);
	s->targets.by_name = true;
	s->targets.count = 57;
	s->args = json_pack("{ss}", "name", "nginx\x1b[2J");
	s->what = (struct confirm_what){ .options = &s->options,
		.settings = &s->settings,
		.description = &s->description,
		.args = s->args,
		.targets = &s->targets,
		.known = 57 };
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	json_decref(s->args);
	json_decref(s->targets.match);
	free(s);
	return 0;
}

/* What is typed may arrive in the middle of the question: it is not shown. */
static void
echo_off(int terminal)
{
	struct termios mode;

	assert_int_equal(tcgetattr(terminal, &mode), 0);
	mode.c_lflag &= ~(tcflag_t)ECHO;
	assert_int_equal(tcsetattr(terminal, TCSANOW, &mode), 0);
}

/* In a child on a terminal of its own: the exit status, and what it saw. */
static int
on_terminal(int (*perform)(const struct scene *), const struct scene *s,
    const char *typed, char seen[static 4096])
{
	int terminal, status;
	ssize_t n;
	size_t len = 0;
	pid_t pid = forkpty(&terminal, NULL, NULL, NULL);

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		/* A question that nobody expects ends the test, not time. */
		alarm(30);
		_exit(perform(s));
	}
	echo_off(terminal);
	if (typed != NULL)
		assert_true(write(terminal, typed, strlen(typed)) ==
			    (ssize_t)strlen(typed));
	/* A terminal whose other end is gone reads as EIO. */
	while (len < 4095 && (n = read(terminal, seen + len, 4095 - len)) > 0)
		len += (size_t)n;
	seen[len] = '\0';
	close(terminal);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
ask(const struct scene *s)
{
	char error[CTL_ERROR_MAX];

	return confirm_all(&s->what, error) ? 0 : 1;
}

static int
announce(const struct scene *s)
{
	confirm_announce(&s->what);
	return 0;
}

static void
test_answers(void **state)
{
	static const struct {
		const char *typed;
		int status;
	} rows[] = {
		{ "y\n", 0 },
		{ "Yes\n", 0 },
		{ "n\n", 1 },
		{ "\n", 1 },
		{ "\x04", 1 },
	};
	struct scene *s = *state;
	char seen[4096];

	for (int i = 0; i < COUNT(rows); i++) {
		assert_int_equal(
		    on_terminal(ask, s, rows[i].typed, seen), rows[i].status);
		assert_says(seen, "Run service {\"name\":\"nginx");
		assert_says(seen, " on all 57 hosts? (y/n)");
		assert_null(strchr(seen, '\x1b'));
	}
}

static void
test_not_asked(void **state)
{
	struct scene *s = *state;
	char seen[4096];

	s->options.yes = true;
	assert_int_equal(on_terminal(ask, s, NULL, seen), 0);
	assert_string_equal(seen, "");
	s->options.yes = false;
	s->options.all = false;
	assert_int_equal(on_terminal(ask, s, NULL, seen), 0);
	s->options.all = true;
	s->description.side_effects = false;
	assert_int_equal(on_terminal(ask, s, NULL, seen), 0);
	assert_string_equal(seen, "");
}

static int
ask_without_input(const struct scene *s)
{
	char error[CTL_ERROR_MAX];

	close(STDIN_FILENO);
	if (confirm_all(&s->what, error))
		return 0;
	return strstr(error, "-y") != NULL ? 2 : 3;
}

static void
test_no_terminal(void **state)
{
	struct scene *s = *state;
	char seen[4096];

	assert_int_equal(on_terminal(ask_without_input, s, NULL, seen), 2);
}

/* Security, row 73. */
static void
test_announcement(void **state)
{
	static char file[] = "/home/alice/key";
	struct scene *s = *state;
	char seen[4096];

	on_terminal(announce, s, NULL, seen);
	assert_says(seen, "signing: service {\"name\":\"nginx");
	assert_says(seen, " on {\"all\":true} (57 hosts)");
	assert_null(strchr(seen, '\x1b'));
	s->options.quiet = true;
	on_terminal(announce, s, NULL, seen);
	assert_string_equal(seen, "");
	s->options.quiet = false;
	s->settings.key = file;
	on_terminal(announce, s, NULL, seen);
	assert_string_equal(seen, "");
}

static void
test_targets(void **state)
{
	struct scene *s = *state;
	char error[CTL_ERROR_MAX];

	assert_true(confirm_has_targets(&s->description, &s->options, error));
	s->options.all = false;
	assert_false(confirm_has_targets(&s->description, &s->options, error));
	assert_says(error, "'service' is no command");
	s->description.root = s->args;
	assert_false(confirm_has_targets(&s->description, &s->options, error));
	assert_says(error, "say -a for all");
	s->description.side_effects = false;
	assert_true(confirm_has_targets(&s->description, &s->options, error));
}

#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answers),
		TEST(test_not_asked),
		TEST(test_no_terminal),
		TEST(test_announcement),
		TEST(test_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
