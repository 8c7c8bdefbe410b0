/* Part of amirald. */
#include "privsep/executor/trust_store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/slurp.h"
#include "privsep/link.h"

/* The gate takes none that is not newer: this bounds one that lies. */
static bool
may_write(struct trust_store *store)
{
	int64_t now = clock_monotonic_ms();

	if (now - store->window_ms >= TRUST_STORE_WINDOW_MS) {
		store->window_ms = now;
		store->writes = 0;
	}
	return store->writes++ < TRUST_STORE_WRITES;
}

static bool
keep(struct trust_store *store, const struct state_dir *state, const char *name,
    const uint8_t *bytes, size_t len)
{
	if (may_write(store))
		return state_dir_write(state, name, bytes, len);
	log_error("%s/%s: too many lists in a short time: not kept",
	    state->path, name);
	return false;
}

void
trust_store_write(struct trust_store *store, const struct state_dir *state,
    const uint8_t *bytes, size_t len)
{
	if (store->behind)
		log_error("%s/" TRUST_STORE_LIST ": a list is not kept, since "
			  "its revocations could not be",
		    state->path);
	else
		keep(store, state, TRUST_STORE_LIST, bytes, len);
}

/* Nothing there is less than anything; -1: it says something else. */
static int
compare(const struct state_dir *state, const uint8_t *bytes, size_t len)
{
	int fd = state_dir_open(state, TRUST_STORE_REVOKED, LINK_BODY_MAX);
	int result = -1;
	size_t kept;
	char *text;

	if (fd < 0)
		return fd == STATE_NONE ? 1 : -1;
	text = slurp(fd, LINK_BODY_MAX, &kept);
	close(fd);
	if (text != NULL && kept <= len && memcmp(text, bytes, kept) == 0)
		result = len > kept;
	free(text);
	return result;
}

void
trust_store_revoke(struct trust_store *store, const struct state_dir *state,
    const uint8_t *bytes, size_t len)
{
	int more;

	store->behind = true;
	more = compare(state, bytes, len);
	if (more == -1)
		log_error("%s/" TRUST_STORE_REVOKED ": what is kept there is "
			  "not what the gate began with: restart amirald",
		    state->path);
	store->behind =
	    more == -1 ||
	    (more == 1 && !keep(store, state, TRUST_STORE_REVOKED, bytes, len));
}
