/* Part of the shipped C providers. */
#include "providers/provider.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/log.h"

#define EXIT_USAGE     2
#define REAL_PRECISION 6

void
provider_start(const char *name)
{
	uint32_t seed;

	log_open(name, LOG_LEVEL_INFO);
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		fatal_errno("getrandom");
	/* With 0 jansson would look for a seed in /dev/urandom. */
	json_object_seed((size_t)seed | 1);
}

/* All of stdin, at most size bytes. */
static size_t
read_stdin(char *dst, size_t size)
{
	size_t used = 0;
	ssize_t n;

	do {
		n = read(STDIN_FILENO, dst + used, size - used);
		if (n > 0)
			used += (size_t)n;
	} while ((n > 0 && used < size) || (n == -1 && errno == EINTR));
	if (n == -1)
		fatal_errno("stdin");
	return used;
}

json_t *
provider_read_args(void)
{
	static char bytes[PROVIDER_ARGS_MAX + 1];
	size_t len = read_stdin(bytes, sizeof(bytes));
	json_t *args;
	json_error_t error;

	if (len > PROVIDER_ARGS_MAX)
		provider_refuse("object", "is too long");
	if (len == 0)
		return provider_object();
	args = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(args)) {
		json_decref(args);
		provider_refuse("object", "is not a JSON object");
	}
	return args;
}

void
provider_refuse(const char *name, const char *what)
{
	log_error("argument %s %s", name, what);
	exit(EXIT_USAGE);
}

void
provider_set(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, value) == -1)
		fatal("%s: out of memory, or not text", name);
}

void
provider_append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) == -1)
		fatal("out of memory, or not text");
}

json_t *
provider_object(void)
{
	json_t *object = json_object();

	if (object == NULL)
		fatal("out of memory");
	return object;
}

json_t *
provider_array(void)
{
	json_t *array = json_array();

	if (array == NULL)
		fatal("out of memory");
	return array;
}

int
provider_print(json_t *object)
{
	int failed = json_dumpf(
	    object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(REAL_PRECISION));

	json_decref(object);
	if (failed || putchar('\n') == EOF || fflush(stdout) == EOF)
		fatal_errno("stdout");
	return EXIT_SUCCESS;
}
