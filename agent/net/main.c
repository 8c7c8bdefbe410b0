/*
 * amiral-net: the only process that parses what Redis says, on hosts for
 * amirald and on the operator's machine for amiral. It lives as long as its
 * connection.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/net/net.h"
#include "base/log.h"
#include "privsep/messages.h"

static const struct {
	const char *name;
	int (*run)(void);
} roles[] = {
	{ NET_ROLE_AGENT, agent_run },
	{ NET_ROLE_CONTROLLER, controller_run },
};

int
main(int argc, char *argv[])
{
	log_open("amiral-net", LOG_LEVEL_INFO);
	for (size_t i = 0; argc == 2 && i < sizeof roles / sizeof roles[0]; i++)
		if (strcmp(argv[1], roles[i].name) == 0)
			return roles[i].run();
	fatal("usage: amiral-net agent|controller, by amirald or amiral");
}
