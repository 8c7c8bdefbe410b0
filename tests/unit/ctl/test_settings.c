/* Where settings come from, and which source wins. */
#include "check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/settings.h"
#include "tests/lib/place.h"

#define FLEET "paris-3f9c21aa"

struct home {
	char path[PLACE_MAX], conf[256], secret[256];
};

static char error[CTL_ERROR_MAX];

static int
setup(void **state)
{
	struct home *home = calloc(1, sizeof *home);
	char path[PLACE_MAX + 32];

	assert_non_null(home);
	place_name(home->path, "amiral-home");
	assert_non_null(mkdtemp(home->path));
	snprintf(path, sizeof path, "%s/.config", home->path);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/.config/amiral", home->path);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(home->conf, sizeof home->conf, "%s/amiral.conf", path);
	snprintf(home->secret, sizeof home->secret, "%s/password", path);
	setenv("HOME", home->path, 1);
	*state = home;
	return 0;
}

static int
teardown(void **state)
{
	static const char *const parts[] = { ".config/amiral", ".config", "" };
	static const char *const variables[] = { "AMIRAL_REDIS", "AMIRAL_KEY",
		"AMIRAL_KNOWN_HOSTS", "AMIRAL_OPERATOR", "AMIRAL_FLEET" };
	struct home *home = *state;
	char path[PLACE_MAX + 32];

	unlink(home->conf);
	unlink(home->secret);
	for (int i = 0; i < COUNT(parts); i++) {
		snprintf(path, sizeof path, "%s/%s", home->path, parts[i]);
		rmdir(path);
	}
	for (int i = 0; i < COUNT(variables); i++)
		unsetenv(variables[i]);
	free(home);
	return 0;
}

static void
write_file(const char *path, mode_t mode, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	assert_int_not_equal(fd, -1);
	assert_true(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
test_sources(void **state)
{
	struct home *home = *state;
	struct options o = { .json = false };
	struct settings s;

	write_file(home->conf, 0644,
	    "[amiral]\nredis = unix:///conf\nfleet = " FLEET
	    "\nkey = ~/k\noperator = conf@x\n");
	assert_true(settings_read(&s, &o, error));
	assert_string_equal(s.redis, "unix:///conf");
	assert_string_equal(s.fleet, FLEET);
	assert_string_equal(s.operator_, "conf@x");
	assert_memory_equal(s.key, home->path, strlen(home->path));
	assert_string_equal(s.key + strlen(home->path), "/k");
	assert_string_equal(
	    s.known_hosts + strlen(home->path), "/.config/amiral/known_hosts");
	assert_string_equal(s.cache + strlen(home->path), "/.cache/amiral");
	settings_clear(&s);
	setenv("AMIRAL_REDIS", "unix:///env", 1);
	setenv("AMIRAL_OPERATOR", "env@x", 1);
	setenv("AMIRAL_KEY", "", 1);
	o.redis = "unix:///flag";
	assert_true(settings_read(&s, &o, error));
	assert_string_equal(s.redis, "unix:///flag");
	assert_string_equal(s.operator_, "env@x");
	assert_string_equal(s.key + strlen(home->path), "/k");
	settings_clear(&s);
}

static void
test_defaults(void **state)
{
	struct home *home = *state;
	struct options o = { .fleet = FLEET };
	struct settings s;

	assert_true(settings_read(&s, &o, error));
	assert_string_equal(s.redis, "redis://127.0.0.1:6379");
	assert_string_equal(s.key + strlen(home->path), "/.config/amiral/key");
	assert_null(s.operator_);
	settings_clear(&s);
	o.fleet = NULL;
	assert_false(settings_read(&s, &o, error));
	assert_says(error, "--fleet");
	settings_clear(&s);
}

static void
test_refusals(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "[amiral]\nredsi = x\n", ":2: unknown key 'redsi'" },
		{ "[agent]\nfleet = x\n", ":1: unknown section 'agent'" },
		{ "[amiral x]\nfleet = x\n", "unknown section" },
		{ "[amiral]\nfleet = paris\n", "'paris' is no fleet's name" },
		{ "[amiral]\nfleet = " FLEET "\noperator = a b\n",
		    "'a b' is no operator's name" },
		{ "[amiral]\nfleet =\n", "fleet is empty" },
		{ "fleet = x\n", "amiral.conf:1" },
	};
	struct home *home = *state;
	struct options o = { .json = false };
	struct settings s;

	for (int i = 0; i < COUNT(rows); i++) {
		write_file(home->conf, 0600, rows[i].text);
		assert_false(settings_read(&s, &o, error));
		assert_says(error, rows[i].says);
		settings_clear(&s);
	}
	write_file(home->conf, 0666, "[amiral]\nfleet = " FLEET "\n");
	assert_false(settings_read(&s, &o, error));
	assert_says(error, home->conf);
	settings_clear(&s);
	unlink(home->conf);
	o.fleet = FLEET;
	setenv("HOME", "nowhere", 1);
	assert_false(settings_read(&s, &o, error));
	assert_says(error, "HOME");
	settings_clear(&s);
}

static void
test_password(void **state)
{
	struct home *home = *state;
	char password[PASSWORD_MAX], text[PASSWORD_MAX + 1];
	struct settings s = { .redis = NULL };

	assert_true(settings_password(&s, password, error));
	assert_string_equal(password, "");
	s.password_file = home->secret;
	assert_false(settings_password(&s, password, error));
	assert_says(error, home->secret);
	write_file(home->secret, 0600, "s3cret\n");
	assert_true(settings_password(&s, password, error));
	assert_string_equal(password, "s3cret");
	write_file(home->secret, 0644, "s3cret\n");
	assert_false(settings_password(&s, password, error));
	memset(text, 'x', sizeof text);
	text[PASSWORD_MAX - 1] = '\0';
	write_file(home->secret, 0600, text);
	assert_true(settings_password(&s, password, error));
	assert_int_equal(strlen(password), PASSWORD_MAX - 1);
	text[PASSWORD_MAX - 1] = 'x';
	text[PASSWORD_MAX] = '\0';
	write_file(home->secret, 0600, text);
	assert_false(settings_password(&s, password, error));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sources, setup, teardown),
		cmocka_unit_test_setup_teardown(test_defaults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_password, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
