/*
 * Part of the processes that read descriptors which another one opened (the
 * gate's set), and of those that opened them themselves.
 */
#include "base/slurp.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST_SIZE 4096

/* Up to size bytes from offset on; fewer only at the end of the file. */
static ssize_t
read_from(int fd, char *dst, size_t size, size_t offset)
{
	size_t used = 0;

	while (used < size) {
		ssize_t n =
		    pread(fd, dst + used, size - used, (off_t)(offset + used));

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	return (ssize_t)used;
}

/* Doubles towards max bytes, one more for the look past max, and a NUL. */
static int
grow(char **buffer, size_t *size, size_t max)
{
	size_t more = *size == 0 ? FIRST_SIZE : *size * 2;
	char *new;

	if (more > max + 1)
		more = max + 1;
	new = realloc(*buffer, more + 1);
	if (new == NULL)
		return -1;
	*buffer = new;
	*size = more;
	return 0;
}

char *
slurp(int fd, size_t max, size_t *len)
{
	char *buffer = NULL;
	size_t size = 0, used = 0;
	ssize_t n;

	if (max > LONG_MAX / 4)
		max = LONG_MAX / 4;
	while (used == size) {
		if (used > max) {
			errno = EFBIG;
			goto fail;
		}
		if (grow(&buffer, &size, max) == -1)
			goto fail;
		n = read_from(fd, buffer + used, size - used, used);
		if (n == -1)
			goto fail;
		used += (size_t)n;
	}
	buffer[used] = '\0';
	*len = used;
	return buffer;
fail:
	free(buffer);
	return NULL;
}

long
slurp_into(int fd, void *dst, size_t size)
{
	ssize_t used = read_from(fd, dst, size, 0), more;
	char spare;

	if (used == -1 || (size_t)used < size)
		return used;
	more = read_from(fd, &spare, 1, size);
	if (more == 0)
		return used;
	if (more == 1)
		errno = EFBIG;
	return -1;
}
