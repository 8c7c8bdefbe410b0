/* Part of the gate: see setup.h. */
#include "agent/gate/setup.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/gate/jobs.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/log.h"
#include "privsep/drop.h"
#include "privsep/messages.h"
#include "privsep/sandbox.h"

#define MEMORY_MAX (256UL * 1024 * 1024)
#define LOCKED_MAX (64UL * 1024) /* two host keys, while one replaces one */
#define FDS_MAX    (3 * JOBS_MAX + 32)

/*
 * A hard limit that is lower already stays. Address space is not for the
 * sanitizers, which reserve terabytes of it.
 */
static const struct drop_limit limits[] = {
	{ RLIMIT_CORE, 0 },
	{ RLIMIT_FSIZE, 0 },
	{ RLIMIT_NPROC, 0 },
	{ RLIMIT_NOFILE, FDS_MAX },
	{ RLIMIT_MEMLOCK, LOCKED_MAX },
#ifndef GATE_SANITIZED
	{ RLIMIT_AS, MEMORY_MAX },
#endif
};

static void
limits_set(void)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct drop_limit limit = limits[i];
		struct rlimit now;

		if (getrlimit((__rlimit_resource_t)limit.resource, &now) == -1)
			fatal_errno("getrlimit");
		if (limit.value > now.rlim_max)
			limit.value = now.rlim_max;
		if (drop_limits(&limit, 1) == -1)
			fatal_errno("setrlimit");
	}
}

/* From here on nothing can be opened, made or become. */
static void
lock_in(struct gate_setup *setup, int dirfd, bool jailed)
{
	drop_root_directory(dirfd, jailed);
	drop_prove();
	limits_set();
	if (!sandbox_enter(SANDBOX_GATE))
		fatal_errno("the system call filter");
	setup->locked_in = true;
}

/*
 * A list may have come after amirald opened the files for this set. Whether
 * it is still borne was said of the file's.
 */
static bool
carry_over(const struct gate_trust *from, const struct gate_trust *to,
    char error[static TRUST_ERROR_MAX])
{
	const uint8_t *bytes;
	size_t len;

	if (operators_inherit(to->operators, from->operators) != STATUS_OK) {
		snprintf(error, TRUST_ERROR_MAX,
		    "more keys are revoked than can be: restart amirald");
		return false;
	}
	bytes = operators_envelope(from->operators, &len);
	if (bytes != NULL)
		operators_restore(to->operators, to->conf->fleet, bytes, len,
		    clock_wall_ms());
	return true;
}

static void
setup_apply(struct gate_setup *setup, const char *hostname)
{
	bool first = setup->trust->conf == NULL;
	struct gate_trust fresh = { 0 };
	char error[TRUST_ERROR_MAX];

	if (gate_trust_build(&fresh, &setup->files, hostname, error) != 0) {
		setup->failed(first, error, setup->arg);
		return;
	}
	if (!first && !carry_over(setup->trust, &fresh, error)) {
		gate_trust_clear(&fresh);
		setup->failed(first, error, setup->arg);
		return;
	}
	gate_trust_clear(setup->trust);
	*setup->trust = fresh;
	malloc_trim(0);
	setup->done(first, setup->arg);
}

void
setup_on_file(struct gate_setup *setup, const uint8_t *body, size_t len, int fd)
{
	if (body[0] >= GATE_FILES)
		fatal("amirald hands over a file of an unknown kind");
	trust_files_add(&setup->files, (enum gate_file)body[0],
	    (const char *)body + 1, len - 1, fd);
}

void
setup_on_commit(
    struct gate_setup *setup, const uint8_t *body, size_t len, int fd)
{
	char hostname[HOSTNAME_MAX + 1];
	struct cursor cursor;
	bool jailed;

	cursor_init(&cursor, body, len);
	jailed = cursor_u8(&cursor) == 1;
	cursor_text(&cursor, hostname, sizeof(hostname));
	if (!cursor_done(&cursor))
		fatal("amirald closes a set in a way that makes no sense");
	if (setup->locked_in)
		close(fd);
	else
		lock_in(setup, fd, jailed);
	setup_apply(setup, hostname);
	trust_files_clear(&setup->files);
}
