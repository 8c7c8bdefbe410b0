/*
 * For tests that ask OpenSSH's own tools: a directory of their own, files in
 * it, and commands run there. Everything that goes wrong here fails the test.
 */
#ifndef AMIRAL_TESTS_SCRATCH_H
#define AMIRAL_TESTS_SCRATCH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SCRATCH_FILE_MAX (256 * 1024)

struct scratch {
	char directory[PATH_MAX];
};

/* cmocka group fixtures: *state is a struct scratch. */
int scratch_setup(void **state);
int scratch_teardown(void **state);

/* The path of a name in the directory, in one of a few rotating buffers. */
const char *scratch_path(const struct scratch *, const char *name);
void scratch_write(
    const struct scratch *, const char *name, const void *bytes, size_t len);
/* A file's bytes with a NUL behind them; the caller frees. */
char *scratch_read(const struct scratch *, const char *name, size_t *len);
/*
 * Runs a command in the directory, stdin from the named file (NULL: none),
 * stdout into the named file (NULL: dropped), stderr dropped. The arguments
 * end with NULL. Its exit status.
 */
int scratch_run(const struct scratch *, const char *in, const char *out,
    const char *const argv[]);
/* The same for a command that stays: the caller ends it by its pid. */
pid_t scratch_start(const struct scratch *, const char *const argv[]);
void scratch_end(pid_t);

#endif
