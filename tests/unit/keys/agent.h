/* A real ssh-agent for a test, ended by its pid. */
#ifndef AMIRAL_TESTS_AGENT_H
#define AMIRAL_TESTS_AGENT_H

#include "tests/unit/wire/verify/scratch.h"

struct agent {
	const struct scratch *scratch;
	char socket[PATH_MAX];
	pid_t pid;
};

/* Returns when it answers; SSH_AUTH_SOCK is then its socket. */
void agent_start(struct agent *, const struct scratch *);
/* Makes a key pair in files of that name, with that comment, and adds it. */
void agent_add(const struct agent *, const char *type, const char *name);
/* The agent and its socket are gone, and SSH_AUTH_SOCK. */
void agent_stop(struct agent *);

#endif
