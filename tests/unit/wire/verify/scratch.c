/* Files and commands of tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/wire/verify/scratch.h"

#define PATHS       8
#define NULL_DEVICE "/dev/null"

int
scratch_setup(void **state)
{
	struct scratch *s = calloc(1, sizeof(*s));
	const char *base = getenv("TMPDIR");

	if (s == NULL)
		return -1;
	snprintf(s->directory, sizeof(s->directory), "%s/amiral-test-XXXXXX",
	    base != NULL ? base : "/tmp");
	if (mkdtemp(s->directory) == NULL)
		return -1;
	*state = s;
	return 0;
}

/* The directory is flat: no test makes another inside. */
int
scratch_teardown(void **state)
{
	struct scratch *s = *state;
	DIR *dir = opendir(s->directory);
	struct dirent *entry;

	if (dir == NULL)
		return -1;
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
	if (rmdir(s->directory) != 0)
		return -1;
	free(s);
	return 0;
}

const char *
scratch_path(const struct scratch *s, const char *name)
{
	static char paths[PATHS][PATH_MAX + NAME_MAX + 2];
	static unsigned next;
	char *path = paths[next++ % PATHS];

	snprintf(path, sizeof(paths[0]), "%s/%s", s->directory, name);
	return path;
}

void
scratch_write(
    const struct scratch *s, const char *name, const void *bytes, size_t len)
{
	int fd = open(scratch_path(s, name),
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(close(fd), 0);
}

char *
scratch_read(const struct scratch *s, const char *name, size_t *len)
{
	char *bytes = malloc(SCRATCH_FILE_MAX + 1);
	int fd = open(scratch_path(s, name), O_RDONLY | O_CLOEXEC);
	ssize_t n;

	assert_non_null(bytes);
	assert_true(fd >= 0);
	n = read(fd, bytes, SCRATCH_FILE_MAX);
	close(fd);
	assert_true(n >= 0 && n < SCRATCH_FILE_MAX);
	bytes[n] = '\0';
	*len = (size_t)n;
	return bytes;
}

static int
open_for_child(const struct scratch *s, const char *name, int flags)
{
	return open(
	    name != NULL ? scratch_path(s, name) : NULL_DEVICE, flags, 0600);
}

/* In the child; 127 where anything fails. */
static _Noreturn void
become(const struct scratch *s, const char *in, const char *out,
    const char *const argv[])
{
	char *arguments[32];
	size_t i;

	for (i = 0; i < 31 && argv[i] != NULL; i++)
		arguments[i] = strdup(argv[i]);
	arguments[i] = NULL;
	if (dup2(open_for_child(s, in, O_RDONLY), 0) != 0 ||
	    dup2(open_for_child(s, out, O_WRONLY | O_CREAT | O_TRUNC), 1) !=
		1 ||
	    dup2(open(NULL_DEVICE, O_WRONLY), 2) != 2 ||
	    chdir(s->directory) != 0)
		_exit(127);
	execvp(arguments[0], arguments);
	_exit(127);
}

int
scratch_run(const struct scratch *s, const char *in, const char *out,
    const char *const argv[])
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		become(s, in, out, argv);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), 127);
	return WEXITSTATUS(status);
}

pid_t
scratch_start(const struct scratch *s, const char *const argv[])
{
	pid_t pid = fork();

	if (pid == 0)
		become(s, NULL, NULL, argv);
	assert_true(pid > 0);
	return pid;
}

void
scratch_end(pid_t pid)
{
	int status;

	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}
