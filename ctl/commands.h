/* amiral: one function for each command; each returns the exit status. */
#ifndef AMIRAL_CTL_COMMANDS_H
#define AMIRAL_CTL_COMMANDS_H

#include "ctl/options.h"

#define EXIT_OK         0
#define EXIT_LOCAL      1 /* usage, or trouble on this machine */
#define EXIT_SILENT     3
#define EXIT_UNVERIFIED 4
#define EXIT_NOBODY     5 /* nothing matched */

struct call {
	const struct options *options;
	const char *name;         /* of the command, or provider */
	const char *const *words; /* behind the command */
	unsigned word_count;
	int64_t started_ms; /* monotonic */
};

typedef int command_fn(const struct call *);
command_fn command_ping, command_find, command_facts, command_run;
command_fn command_inventory, command_hosts;
/* amiral run --cosign FILE: the request is another operator's. */
command_fn command_cosign;
/* amiral PROVIDER ...: the name is the provider, the words its arguments. */
command_fn command_provider;

#endif
