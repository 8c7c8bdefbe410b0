/* A real ssh-agent for a test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "keys/agent_client.h"
#include "tests/unit/keys/agent.h"

#define START_MS 10000
#define RETRY_MS 5

static void
wait_until_it_answers(const struct agent *agent)
{
	int64_t until = clock_monotonic_ms() + START_MS;
	char error[KEY_ERROR_MAX];
	int fd;

	while ((fd = agent_connect(agent->socket, error)) == -1) {
		if (clock_monotonic_ms() > until)
			fail_msg("ssh-agent does not start: %s", error);
		poll(NULL, 0, RETRY_MS);
	}
	close(fd);
}

void
agent_start(struct agent *agent, const struct scratch *s)
{
	const char *const command[] = { "ssh-agent", "-D", "-a", "agent",
		NULL };

	agent->scratch = s;
	snprintf(agent->socket, sizeof(agent->socket), "%s",
	    scratch_path(s, "agent"));
	unlink(agent->socket);
	agent->pid = scratch_start(s, command);
	wait_until_it_answers(agent);
	assert_int_equal(setenv("SSH_AUTH_SOCK", agent->socket, 1), 0);
}

void
agent_add(const struct agent *agent, const char *type, const char *name)
{
	const char *const make[] = { "ssh-keygen", "-q", "-t", type, "-N", "",
		"-C", name, "-f", name, NULL };
	const char *const add[] = { "ssh-add", "-q", name, NULL };

	unlink(scratch_path(agent->scratch, name));
	assert_int_equal(scratch_run(agent->scratch, NULL, NULL, make), 0);
	assert_int_equal(scratch_run(agent->scratch, NULL, NULL, add), 0);
}

void
agent_stop(struct agent *agent)
{
	scratch_end(agent->pid);
	unlink(agent->socket);
	assert_int_equal(unsetenv("SSH_AUTH_SOCK"), 0);
}
