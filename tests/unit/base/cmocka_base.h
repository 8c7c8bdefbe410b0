/* What cmocka.h wants included before it, and the test for fatal(). */
#ifndef AMIRAL_TESTS_UNIT_BASE_CMOCKA_BASE_H
#define AMIRAL_TESTS_UNIT_BASE_CMOCKA_BASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define FATAL_STATUS 255

/* Runs fn in a child, without its stderr; returns its exit status, or -1. */
static inline int
status_of(void (*fn)(void *), void *arg)
{
	int status;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		close(STDERR_FILENO);
		fn(arg);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
