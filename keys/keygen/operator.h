/*
 * Part of amiral-keygen: the operator's side of enrolling. Settings are
 * amiral's own, so both mean the same Redis, fleet, key and known hosts.
 */
#ifndef AMIRAL_KEYS_KEYGEN_OPERATOR_H
#define AMIRAL_KEYS_KEYGEN_OPERATOR_H

#include <getopt.h>
#include <limits.h>
#include <stdbool.h>

#include "ctl/settings.h"
#include "keys/keygen/broker.h"

/* Rows of a command's table of options, and their letters. */
#define OPERATOR_LETTERS "R:k:K:h"
/* clang-format off */
#define OPERATOR_OPTIONS                                                       \
	{ "redis", required_argument, NULL, 'R' },                             \
	{ "key", required_argument, NULL, 'k' },                               \
	{ "known-hosts", required_argument, NULL, 'K' },                       \
	{ "fleet", required_argument, NULL, OPERATOR_FLEET },                  \
	{ "help", no_argument, NULL, 'h' },                                    \
	{ NULL, 0, NULL, 0 }
/* clang-format on */
#define OPERATOR_FLEET 1000
#define OPERATOR_HELP                                                          \
	"\n"                                                                   \
	"  -R, --redis URL          where Redis is\n"                          \
	"  -k, --key KEY            a file, agent: or agent:SHA256:...\n"      \
	"  -K, --known-hosts FILE   the hosts and their keys\n"                \
	"      --fleet FLEET        the fleet's name\n"                        \
	"These are amiral's settings: its files and AMIRAL_* count as well.\n"

struct operator_side {
	struct options flags;
	struct settings settings;
	struct broker *broker; /* NULL until it is connected */
};

/* Whether the option is one of the rows above. */
bool operator_option(struct operator_side *, int option, const char *value);
/* Messages are logged. operator_close() may follow all of them. */
bool operator_read(struct operator_side *);
bool operator_connect(struct operator_side *);
void operator_close(struct operator_side *);
/* ~/.config/amiral/tokens; made where make says so. */
bool operator_tokens(char path[static PATH_MAX], bool make);

#endif
