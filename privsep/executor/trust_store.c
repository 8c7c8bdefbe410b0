/* Part of amirald. */
#include "privsep/executor/trust_store.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "privsep/link.h"

#define NAME "trust"

static bool
path_make(const char *state_dir, char path[static PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s/" NAME, state_dir);

	if (n > 0 && n < PATH_MAX)
		return true;
	log_error("%s: the path is too long", state_dir);
	return false;
}

/* The gate takes none that is not newer: this bounds one that lies. */
static bool
may_write(struct trust_store *store)
{
	int64_t now = clock_monotonic_ms();

	if (now - store->window_ms >= TRUST_STORE_WINDOW_MS)
		*store = (struct trust_store){ .window_ms = now };
	return store->writes++ < TRUST_STORE_WRITES;
}

void
trust_store_write(struct trust_store *store, const char *state_dir,
    const uint8_t *bytes, size_t len)
{
	char path[PATH_MAX], error[FILE_ERROR_MAX];

	if (!path_make(state_dir, path))
		return;
	if (!may_write(store))
		log_error("%s: too many lists in a short time: not kept", path);
	else if (file_replace(path, 0600, bytes, len, error) != 0)
		log_error("%s", error);
}

int
trust_store_open(const char *state_dir, char path[static PATH_MAX])
{
	char error[FILE_ERROR_MAX];
	int fd;

	if (!path_make(state_dir, path))
		return -2;
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return -1;
	fd = file_open(path, FILE_SECRET, LINK_BODY_MAX, error);
	if (fd != -1)
		return fd;
	log_error("%s", error);
	return -2;
}
