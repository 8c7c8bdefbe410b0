/* Part of amirald. */
#include "privsep/executor/trust_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/slurp.h"
#include "privsep/link.h"

static bool
path_make(const char *state_dir, const char *name, char path[static PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s/%s", state_dir, name);

	if (n > 0 && n < PATH_MAX)
		return true;
	log_error("%s: the path is too long", state_dir);
	return false;
}

/* The gate takes none that is not newer: this bounds one that lies. */
static bool
may_write(struct trust_store *store, const char *path)
{
	int64_t now = clock_monotonic_ms();

	if (now - store->window_ms >= TRUST_STORE_WINDOW_MS) {
		store->window_ms = now;
		store->writes = 0;
	}
	if (store->writes++ < TRUST_STORE_WRITES)
		return true;
	log_error("%s: too many lists in a short time: not kept", path);
	return false;
}

static bool
keep(struct trust_store *store, const char *path, const uint8_t *bytes,
    size_t len)
{
	char error[FILE_ERROR_MAX];

	if (!may_write(store, path))
		return false;
	if (file_replace(path, 0600, bytes, len, error) == 0)
		return true;
	log_error("%s", error);
	return false;
}

void
trust_store_write(struct trust_store *store, const char *state_dir,
    const uint8_t *bytes, size_t len)
{
	char path[PATH_MAX];

	if (!path_make(state_dir, TRUST_STORE_LIST, path))
		return;
	if (store->behind)
		log_error("%s: a list is not kept, since its revocations "
			  "could not be",
		    path);
	else
		keep(store, path, bytes, len);
}

/* Nothing there is less than anything; -1: it says something else. */
static int
compare(const char *state_dir, const uint8_t *bytes, size_t len)
{
	char path[PATH_MAX], *text;
	int fd = trust_store_open(state_dir, TRUST_STORE_REVOKED, path);
	int result = -1;
	size_t kept;

	if (fd < 0)
		return fd == -1 ? 1 : -1;
	text = slurp(fd, LINK_BODY_MAX, &kept);
	close(fd);
	if (text != NULL && kept <= len && memcmp(text, bytes, kept) == 0)
		result = len > kept;
	free(text);
	return result;
}

void
trust_store_revoke(struct trust_store *store, const char *state_dir,
    const uint8_t *bytes, size_t len)
{
	char path[PATH_MAX];
	int more;

	store->behind = true;
	if (!path_make(state_dir, TRUST_STORE_REVOKED, path))
		return;
	more = compare(state_dir, bytes, len);
	if (more == -1)
		log_error("%s: what is kept there is not what the gate began "
			  "with: restart amirald",
		    path);
	store->behind =
	    more == -1 || (more == 1 && !keep(store, path, bytes, len));
}

int
trust_store_open(
    const char *state_dir, const char *name, char path[static PATH_MAX])
{
	char error[FILE_ERROR_MAX];
	int fd;

	if (!path_make(state_dir, name, path))
		return -2;
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return -1;
	fd = file_open(path, FILE_SECRET, LINK_BODY_MAX, error);
	if (fd != -1)
		return fd;
	log_error("%s", error);
	return -2;
}
