/* Reading a key file. Part of the controller and amiral-keygen. */
#include "keys/secret_file.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/slurp.h"

_Static_assert(KEY_ERROR_MAX == FILE_ERROR_MAX, "one buffer for both");

/* "path: why"; a path too long for both gives way to the reason. */
static int
refuse(char error[static KEY_ERROR_MAX], const char *path, const char *why)
{
	int n = snprintf(error, KEY_ERROR_MAX, "%s: %s", path, why);

	if (n < 0 || n >= KEY_ERROR_MAX)
		snprintf(error, KEY_ERROR_MAX, "%s", why);
	return -1;
}

static int
read_into(struct secret_key *out, char *text, const char *path,
    char error[static KEY_ERROR_MAX])
{
	char why[KEY_ERROR_MAX];
	long len;
	int fd, result;

	fd = file_open(path, FILE_SECRET, KEY_FILE_MAX, error);
	if (fd == -1)
		return -1;
	len = slurp_into(fd, text, KEY_FILE_MAX);
	close(fd);
	if (len < 0)
		return refuse(error, path, strerror(errno));
	result = secret_parse(out, text, (size_t)len, why);
	if (result != 0)
		refuse(error, path, why);
	return result;
}

/* Straight into locked memory: no other buffer ever holds the file. */
int
secret_file_read(
    struct secret_key *out, const char *path, char error[static KEY_ERROR_MAX])
{
	char *text = secret_alloc(KEY_FILE_MAX);
	int result;

	if (text == NULL)
		return refuse(error, path, KEY_NOT_LOCKED);
	result = read_into(out, text, path, error);
	sodium_free(text);
	return result;
}
