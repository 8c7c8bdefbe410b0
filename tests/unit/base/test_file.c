/*
 * base/file: the cases of the safe-open table, a race, and files that are
 * whole or absent. Each test has a directory of its own, its cwd.
 */
#include "tests/unit/base/cmocka_base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/slurp.h"

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int
setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *path;

	umask(022);
	if (asprintf(&path, "%s/amiral-test-XXXXXX", tmp ? tmp : "/tmp") == -1)
		return 1;
	*state = path;
	return mkdtemp(path) == NULL || chdir(path) == -1;
}

static int
teardown(void **state)
{
	char *path = *state;
	int result = chdir("/") == -1 ||
		     nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS) == -1;

	free(path);
	return result;
}

static void
make(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
accepted(const char *path, enum file_rule rule, size_t max)
{
	char error[FILE_ERROR_MAX] = "", bytes[16];
	int fd = file_open(path, rule, max, error);

	assert_string_equal(error, "");
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_equal(slurp_into(fd, bytes, sizeof(bytes)), 4);
	assert_memory_equal(bytes, "text", 4);
	close(fd);
}

/* The message names the path and holds what. */
static void
refused(const char *path, enum file_rule rule, size_t max, const char *what)
{
	char error[FILE_ERROR_MAX] = "";

	assert_int_equal(file_open(path, rule, max, error), -1);
	if (strstr(error, what) == NULL || strchr(error, ':') == NULL)
		fail_msg("'%s' does not say '%s'", error, what);
}

static void
test_good(void **state)
{
	char path[PATH_MAX];

	make("key", "text", 0600);
	make("conf", "text", 0644);
	accepted("key", FILE_SECRET, 4);
	accepted("conf", FILE_TRUSTED, 4);
	accepted("./conf", FILE_TRUSTED, 4);
	assert_int_equal(mkdir("sub", 0755), 0);
	accepted("sub/../conf", FILE_TRUSTED, 4);
	snprintf(path, sizeof(path), "%s/key", (char *)*state);
	accepted(path, FILE_SECRET, 4);
	make("key", "text", 0400);
	accepted("key", FILE_SECRET, 4);
}

static void
test_links(void **state)
{
	(void)state;
	make("key", "text", 0600);
	assert_int_equal(symlink("key", "link"), 0);
	assert_int_equal(symlink("nowhere", "dangling"), 0);
	assert_int_equal(mkdir("sub", 0755), 0);
	assert_int_equal(symlink("sub", "sublink"), 0);
	refused("link", FILE_SECRET, 4, "symbolic link");
	refused("link", FILE_TRUSTED, 4, "symbolic link");
	refused("dangling", FILE_SECRET, 4, "symbolic link");
	refused("sublink", FILE_SECRET, 4, "symbolic link");
	/* on the way: resolved first, then judged where it leads */
	make("sub/key", "text", 0600);
	accepted("sublink/key", FILE_SECRET, 4);
	assert_int_equal(chmod("sub", 0777), 0);
	refused("sublink/key", FILE_SECRET, 4, "/sub: directory of mode 0777");
	assert_int_equal(link("key", "second"), 0);
	refused("key", FILE_SECRET, 4, "2 hard links");
	accepted("key", FILE_TRUSTED, 4);
}

/*
 * The safe-open table for private files, whole. says is NULL for what is
 * taken: a path is the configuration's word, so it may lead up and start at
 * the root; what it leads to, and through, is judged.
 */
static const struct {
	const char *path, *says;
	bool root; /* only root can make it */
} safe_open[] = {
	{ "key", NULL, false },
	{ "link", "symbolic link", false },
	{ "dangling", "symbolic link", false },
	{ "way/key", "directory of mode 0777", false },
	{ "mode", "mode: mode 0644", false },
	{ "fifo", "not a regular file", false },
	{ "sub", "not a regular file", false },
	{ "hard", "2 hard links", false },
	{ "foreign", "belongs to uid 12345", true },
	{ "big", "too big", false },
	{ "sub/../key", NULL, false },
	{ "/key", NULL, false }, /* from the root, by the test's directory */
	{ "absent", "No such file", false },
};

static void
make_safe_open(void)
{
	make("key", "text", 0600);
	assert_int_equal(symlink("key", "link"), 0);
	assert_int_equal(symlink("nowhere", "dangling"), 0);
	assert_int_equal(mkdir("sub", 0755), 0);
	assert_int_equal(mkdir("open", 0755), 0);
	make("open/key", "text", 0600);
	assert_int_equal(chmod("open", 0777), 0);
	assert_int_equal(symlink("open", "way"), 0);
	make("mode", "text", 0644);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	make("hard", "text", 0600);
	assert_int_equal(link("hard", "second"), 0);
	make("foreign", "text", 0600);
	if (geteuid() == 0)
		assert_int_equal(chown("foreign", 12345, 0), 0);
	make("big", "text", 0600);
	assert_int_equal(truncate("big", 9000), 0);
}

static void
test_safe_open(void **state)
{
	char path[PATH_MAX];

	make_safe_open();
	assert_int_equal(sizeof(safe_open) / sizeof(safe_open[0]), 13);
	for (size_t i = 0; i < sizeof(safe_open) / sizeof(safe_open[0]); i++) {
		snprintf(path, sizeof(path), "%s%s",
		    safe_open[i].path[0] == '/' ? (char *)*state : "",
		    safe_open[i].path);
		if (safe_open[i].root && geteuid() != 0)
			continue;
		if (safe_open[i].says == NULL)
			accepted(path, FILE_SECRET, FILE_KEY_MAX);
		else
			refused(
			    path, FILE_SECRET, FILE_KEY_MAX, safe_open[i].says);
	}
}

static void
test_modes(void **state)
{
	static const mode_t bits[] = { 040, 020, 010, 04, 02, 01 };

	(void)state;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		make("key", "text", 0600 | bits[i]);
		refused("key", FILE_SECRET, 4, "run: chmod 600");
		if (bits[i] & 022)
			refused("key", FILE_TRUSTED, 4, "run: chmod go-w");
		else
			accepted("key", FILE_TRUSTED, 4);
	}
	make("key", "text", 0644);
	refused("key", FILE_SECRET, 4, "key: mode 0644");
}

static void
test_not_a_file(void **state)
{
	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(mkdir("sub", 0700), 0);
	refused("fifo", FILE_SECRET, 4, "not a regular file");
	refused("sub", FILE_SECRET, 4, "not a regular file");
	refused("sub/", FILE_SECRET, 4, "not a regular file");
	refused(".", FILE_TRUSTED, 4, "not a regular file");
	refused("/", FILE_TRUSTED, 4, "not a regular file");
	refused("/dev/null", FILE_TRUSTED, 4, "not a regular file");
	refused("absent", FILE_SECRET, 4, "No such file");
	refused("absent/key", FILE_SECRET, 4, "No such file");
	refused("", FILE_SECRET, 4, "not a path");
}

static void
test_name_bounds(void **state)
{
	char path[PATH_MAX + 2];

	(void)state;
	memset(path, 'a', sizeof(path));
	path[NAME_MAX] = '\0';
	make(path, "text", 0600);
	accepted(path, FILE_SECRET, 4);
	path[NAME_MAX] = 'a';
	path[NAME_MAX + 1] = '\0';
	refused(path, FILE_SECRET, 4, "too long");
	path[NAME_MAX + 1] = 'a';
	path[PATH_MAX] = '\0';
	refused(path, FILE_SECRET, 4, "not a path");
}

static void
test_size(void **state)
{
	(void)state;
	make("key", "text", 0600);
	accepted("key", FILE_SECRET, 4);
	refused("key", FILE_SECRET, 3, "too big");
	assert_int_equal(truncate("key", 1 << 30), 0);
	refused("key", FILE_SECRET, FILE_KEY_MAX, "too big");
	make("empty", "", 0600);
	{
		char error[FILE_ERROR_MAX];
		int fd = file_open("empty", FILE_SECRET, 0, error);

		assert_true(fd >= 0);
		close(fd);
	}
}

static void
test_directories_on_the_way(void **state)
{
	(void)state;
	assert_int_equal(mkdir("a", 0755), 0);
	assert_int_equal(mkdir("a/b", 0755), 0);
	make("a/b/key", "text", 0600);
	accepted("a/b/key", FILE_SECRET, 4);
	assert_int_equal(chmod("a", 0777), 0);
	refused("a/b/key", FILE_SECRET, 4, "run: chmod go-w");
	assert_int_equal(chmod("a", 0775), 0);
	refused("a/b/key", FILE_SECRET, 4, "mode 0775");
	if (geteuid() == 0) {
		assert_int_equal(chmod("a", 01777), 0);
		accepted("a/b/key", FILE_SECRET, 4);
		assert_int_equal(chown("a/b", 12345, 0), 0);
		refused("a/b/key", FILE_SECRET, 4, "uid 12345");
		assert_int_equal(chown("a/b", 0, 0), 0);
		assert_int_equal(chmod("a", 0755), 0);
		accepted("a/b/key", FILE_SECRET, 4);
		assert_int_equal(chown("a", 12345, 0), 0);
		refused("a/b/key", FILE_SECRET, 4, "uid 12345");
	} else {
		/* sticky, but not root's */
		assert_int_equal(chmod("a", 01777), 0);
		refused("a/b/key", FILE_SECRET, 4, "mode 1777");
	}
}

static void
test_owner(void **state)
{
	(void)state;
	if (geteuid() != 0)
		return; /* only root can give a file away */
	make("key", "text", 0600);
	assert_int_equal(chown("key", 12345, 0), 0);
	refused("key", FILE_SECRET, 4, "belongs to uid 12345");
	refused("key", FILE_TRUSTED, 4, "belongs to uid 12345");
}

static void
test_open_directory(void **state)
{
	char error[FILE_ERROR_MAX];
	int fd;

	(void)state;
	assert_int_equal(mkdir("sub", 0755), 0);
	assert_int_equal(symlink("sub", "link"), 0);
	make("file", "text", 0600);
	fd = file_open_directory("sub", error);
	assert_true(fd >= 0);
	close(fd);
	fd = file_open_directory("sub///", error);
	assert_true(fd >= 0);
	close(fd);
	fd = file_open_directory("/", error);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(file_open_directory("link", error), -1);
	assert_int_equal(file_open_directory("file", error), -1);
	assert_int_equal(chmod("sub", 0775), 0);
	assert_int_equal(file_open_directory("sub", error), -1);
	assert_non_null(strstr(error, "writable by others"));
	assert_int_equal(chmod("sub", 01777), 0);
	assert_int_equal(file_open_directory("sub", error), -1);
}

/* A child swaps a good file and a link to a bad one under our hands. */
static void
swap_forever(void)
{
	alarm(60);
	while (rename("spare", "key") == 0 && symlink("bad", "spare") == 0 &&
	       rename("spare", "key") == 0 && link("good", "spare") == 0)
		continue;
	_exit(1);
}

static void
test_race(void **state)
{
	char error[FILE_ERROR_MAX], bytes[16];
	unsigned opened = 0, links = 0;
	int status;
	pid_t pid;

	(void)state;
	make("good", "text", 0600);
	make("bad", "evil", 0600);
	assert_int_equal(link("good", "spare"), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0)
		swap_forever();
	while (opened < 200 || links < 200) {
		int fd = file_open("key", FILE_TRUSTED, 16, error);

		if (fd == -1) {
			links += strstr(error, "symbolic") != NULL;
			continue;
		}
		opened++;
		assert_int_equal(slurp_into(fd, bytes, sizeof(bytes)), 4);
		assert_memory_equal(bytes, "text", 4);
		close(fd);
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static unsigned
entries(void)
{
	DIR *dir = opendir(".");
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n - 2;
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
test_create(void **state)
{
	char error[FILE_ERROR_MAX];

	(void)state;
	umask(0777);
	assert_int_equal(file_create("key", 0600, "text", 4, error), 0);
	umask(022);
	assert_int_equal(mode_of("key"), 0600);
	accepted("key", FILE_SECRET, 4);
	assert_int_equal(file_create("key", 0600, "evil", 4, error), -1);
	assert_non_null(strstr(error, "remove it, or choose another name"));
	accepted("key", FILE_SECRET, 4);
	assert_int_equal(symlink("nowhere", "link"), 0);
	assert_int_equal(file_create("link", 0600, "evil", 4, error), -1);
	assert_int_equal(entries(), 2);
	assert_int_equal(access("nowhere", F_OK), -1);
}

static void
test_replace(void **state)
{
	char error[FILE_ERROR_MAX];

	(void)state;
	make("target", "evil", 0600);
	assert_int_equal(symlink("target", "key"), 0);
	assert_int_equal(file_replace("key", 0640, "text", 4, error), 0);
	assert_int_equal(mode_of("key"), 0640);
	accepted("key", FILE_TRUSTED, 4);
	assert_int_equal(file_replace("new", 0600, "text", 4, error), 0);
	accepted("new", FILE_SECRET, 4);
	assert_int_equal(entries(), 3);
	assert_int_equal(mkdir("sub", 0700), 0);
	assert_int_equal(file_replace("sub", 0600, "text", 4, error), -1);
	assert_int_equal(entries(), 4);
}

static void
test_create_where_others_write(void **state)
{
	char error[FILE_ERROR_MAX];

	(void)state;
	assert_int_equal(mkdir("sub", 0755), 0);
	assert_int_equal(chmod("sub", 0777), 0);
	assert_int_equal(file_create("sub/key", 0600, "text", 4, error), -1);
	assert_non_null(strstr(error, "writable by others"));
	assert_int_equal(access("sub/key", F_OK), -1);
}

/* A disk that takes half of it: neither the file nor a rest of it is left. */
static void
create_beyond_limit(void *arg)
{
	struct rlimit limit = { 1024, 1024 };
	static char bytes[2048];
	char error[FILE_ERROR_MAX];

	(void)arg;
	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) == -1)
		_exit(1);
	if (file_create("new", 0600, bytes, sizeof(bytes), error) != -1)
		_exit(2);
	if (file_replace("old", 0600, bytes, sizeof(bytes), error) != -1)
		_exit(3);
}

static void
test_full_disk(void **state)
{
	(void)state;
	make("old", "text", 0600);
	assert_int_equal(status_of(create_beyond_limit, NULL), 0);
	assert_int_equal(entries(), 1);
	accepted("old", FILE_SECRET, 4);
}

#define IN_DIRECTORY(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(test_good),
		IN_DIRECTORY(test_links),
		IN_DIRECTORY(test_safe_open),
		IN_DIRECTORY(test_modes),
		IN_DIRECTORY(test_not_a_file),
		IN_DIRECTORY(test_name_bounds),
		IN_DIRECTORY(test_size),
		IN_DIRECTORY(test_directories_on_the_way),
		IN_DIRECTORY(test_owner),
		IN_DIRECTORY(test_open_directory),
		IN_DIRECTORY(test_race),
		IN_DIRECTORY(test_create),
		IN_DIRECTORY(test_replace),
		IN_DIRECTORY(test_create_where_others_write),
		IN_DIRECTORY(test_full_disk),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
