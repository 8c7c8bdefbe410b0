/*
 * amiral-keygen: makes keys and shows them, and brings them where they must
 * be. Ends with its command; Redis is spoken by its child, amiral-net.
 */
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/log.h"
#include "config.h"
#include "keys/keygen/keygen.h"
#include "keys/keygen/operator.h"
#include "wire/json.h"

static const struct command commands[] = {
	{
	    .name = "new",
	    .arguments = "[-f FILE] [-C COMMENT]",
	    .summary = "make an Ed25519 key pair",
	    .help = "Writes the secret key to FILE (0600) and the public one "
		    "to FILE.pub, both in\n"
		    "OpenSSH's formats, and prints the fingerprint. Nothing is "
		    "ever overwritten.\n"
		    "\n"
		    "  -f, --file FILE        default: ~/.config/amiral/key\n"
		    "  -C, --comment COMMENT  default: user@host. The comment "
		    "of an operator's key\n"
		    "                         is the principal that amiral "
		    "signs as.\n",
	    .run = command_new,
	},
	{
	    .name = "show",
	    .arguments = "[FILE]",
	    .summary = "print a key's public line and fingerprint",
	    .help = "FILE is a secret or a public key file; default: "
		    "~/.config/amiral/key\n",
	    .run = command_show,
	},
	{
	    .name = "fleet",
	    .arguments = "NAME",
	    .summary = "make a fleet's name, once for the fleet",
	    .help = "Prints NAME and 32 random bits, for the setting fleet= of "
		    "every host and\n"
		    "controller. NAME has 1 to 64 lower-case letters, digits "
		    "and dashes.\n",
	    .run = command_fleet,
	},
	{
	    .name = "token",
	    .arguments = "[--ttl 1h] [--uses N] [--host GLOB]",
	    .summary = "make an enrollment token, for an operator",
	    .help = "Prints one line to hand to a new host, over a way that "
		    "is not Redis. It pins\n"
		    "your key as the signer of the operators' list, and holds "
		    "a secret: keep it as\n"
		    "one. Its record stays in ~/.config/amiral/tokens.\n"
		    "\n"
		    "      --ttl TIME           how long it is good (1h, at "
		    "most 30d)\n"
		    "      --uses N             for how many hosts (1)\n"
		    "      --host GLOB          for which names (any)\n"
		    "      --host-redis URL     where hosts find Redis (as we "
		    "do, without our user)\n" OPERATOR_HELP,
	    .run = command_token,
	},
	{
	    .name = "enroll",
	    .arguments = "[OPTIONS] < TOKEN",
	    .summary = "make this host known, by a token",
	    .help = "Fetches the operators' list, believes it if the token "
		    "pins its signer, makes the\n"
		    "host key, writes the configuration, and announces the "
		    "host. Nothing is written\n"
		    "before everything is verified, and nothing is "
		    "overwritten.\n"
		    "\n"
		    "  -d, --directory DIR      default: /etc/amiral\n"
		    "      --hostname NAME      default: this machine's full "
		    "name\n"
		    "      --ssh-host-key[=FILE]  use sshd's Ed25519 key "
		    "instead of one of its own\n"
		    "      --redis URL          for amirald.conf, default: the "
		    "token's\n"
		    "      --password-file FILE its password, for "
		    "amirald.conf\n"
		    "      --set NAME=VALUE     a setting more of [agent], as "
		    "groups=web\n",
	    .run = command_enroll,
	},
	{
	    .name = "pending",
	    .arguments = "[HOST|SHA256:...]",
	    .summary = "show what announces itself",
	    .help = "Name, fingerprint, age and address, as announced: the "
		    "announcer's word.\n" OPERATOR_HELP,
	    .run = command_pending,
	},
	{
	    .name = "accept",
	    .arguments = "HOST [SHA256:...] | --token | --watch | --all",
	    .summary = "believe a host from now on",
	    .help = "Without a terminal a fingerprint must be given. With "
		    "HOST and fingerprint a known\n"
		    "host's key may be replaced; nothing else does that.\n"
		    "\n"
		    "  -t, --token              those with a good token, now\n"
		    "  -w, --watch              the same, until ^C\n"
		    "  -a, --all                those with a new name, after "
		    "asking\n" OPERATOR_HELP,
	    .run = command_accept,
	},
	{
	    .name = "reject",
	    .arguments = "HOST | SHA256:... | --all",
	    .summary = "drop what announces itself",
	    .help = "Takes announcements out of Redis. Whoever made them may "
		    "make others.\n" OPERATOR_HELP,
	    .run = command_reject,
	},
	{
	    .name = "revoke",
	    .arguments = "HOST | SHA256:... | KEY",
	    .summary = "never believe a host's key again",
	    .help = "Puts @revoked in front of its lines in known_hosts. A "
		    "key without a line, as that of\n"
		    "a host with a certificate or of the authority, gets one. "
		    "KEY is a public key or a\n"
		    "certificate: its file, which ends in .pub, or its line "
		    "in quotes.\n" OPERATOR_HELP,
	    .run = command_revoke,
	},
	{
	    .name = "rotate",
	    .arguments = "[-f FILE] [--finish]",
	    .summary = "replace this host's key by a new one",
	    .help = "Makes FILE.new beside the host key. After a reload of "
		    "amirald both sign each hello,\n"
		    "and controllers that know the one know the other. With "
		    "--finish the new key takes\n"
		    "the place of the old one, which is gone then: reload "
		    "again. A controller that has\n"
		    "not seen the host in between must accept it by eye.\n"
		    "\n"
		    "  -f, --file FILE          default: /etc/amiral/host_key\n"
		    "      --finish             when every controller has seen "
		    "it\n",
	    .run = command_rotate,
	},
	{
	    .name = "trust",
	    .arguments = "list | add PRINCIPAL KEY | remove WHO | revoke WHO "
			 "| push | pull",
	    .summary = "change who may ask, and tell the fleet",
	    .help = "The list of operators as it will be pushed next stands "
		    "in\n"
		    "~/.config/amiral/trust-FLEET. KEY is a public key file "
		    "or its line in quotes, WHO\n"
		    "a principal or SHA256:... A revoked key is revoked for "
		    "good. push signs the list\n"
		    "and says which hosts have it; only hosts whose own file "
		    "lets your key sign lists\n"
		    "(namespaces=\"amiral-trust-v1\") take it. pull takes "
		    "over the list in Redis, if\n"
		    "your key has signed it, or one that "
		    "~/.config/amiral/allowed_signers lets sign\n"
		    "lists, or --signer; what is revoked here stays "
		    "revoked.\n"
		    "\n"
		    "      --valid-after TIME   of add: YYYYMMDD[HHMM[SS]]Z\n"
		    "      --valid-before TIME\n"
		    "      --ttl TIME           of push: until the list "
		    "expires (365d)\n"
		    "      --wait TIME          of push: for the hosts (10s)\n"
		    "      --serial N           of push: to go over a thief's\n"
		    "      --signer SHA256:...  of pull: a colleague's "
		    "key\n" OPERATOR_HELP,
	    .run = command_trust,
	},
	{
	    .name = "check",
	    .arguments = "[-d DIR]",
	    .summary = "look after every file of amiral's here",
	    .help = "Permissions, owners, content and expiry, with what to "
		    "do about each problem.\n"
		    "Exit status 1 where there is one.\n"
		    "\n"
		    "  -d, --directory DIR      the agent's, default: "
		    "/etc/amiral\n",
	    .run = command_check,
	},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

int
keygen_help(const struct command *command)
{
	printf("usage: amiral-keygen %s %s\n\n%s", command->name,
	    command->arguments, command->help);
	return 0;
}

int
keygen_usage(const struct command *command)
{
	fprintf(stderr, "usage: amiral-keygen %s %s\n", command->name,
	    command->arguments);
	return 1;
}

bool
keygen_arguments(const struct command *command, int argc, char **argv, int min,
    int max, int *status)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	option = getopt_long(argc, argv, "h", options, NULL);
	if (option == 'h') {
		*status = keygen_help(command);
		return false;
	}
	if (option != -1 || argc - optind < min || argc - optind > max) {
		*status = keygen_usage(command);
		return false;
	}
	if (argc > optind)
		argv[1] = argv[optind];
	return true;
}

static int
help(void)
{
	size_t i;

	printf("usage: amiral-keygen COMMAND [ARGUMENTS]\n\n");
	for (i = 0; i < COMMANDS; i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].summary);
	printf("\namiral-keygen COMMAND --help says more. "
	       "Exit status: 0, or 1 with a message.\n");
	return 0;
}

static int
version(void)
{
	printf("amiral-keygen %s\n", AMIRAL_VERSION);
	return 0;
}

static const struct {
	const char *word;
	int (*run)(void);
} words[] = {
	{ "--help", help },
	{ "-h", help },
	{ "--version", version },
};

static int
run(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc > 1 && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, argv[1]) == 0)
			return words[i].run();
	}
	for (i = 0; argc > 1 && i < COMMANDS; i++) {
		if (strcmp(commands[i].name, argv[1]) == 0)
			return commands[i].run(
			    &commands[i], argc - 1, argv + 1);
	}
	if (argc > 1)
		log_error("no command %s: see amiral-keygen --help", argv[1]);
	else
		log_error("no command given: see amiral-keygen --help");
	return 1;
}

/* No core file, and no debugger of the same user, sees a secret key. */
static void
keep_secrets(void)
{
	const struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };

	if (setrlimit(RLIMIT_CORE, &none) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		fatal_errno("cannot switch core files off");
}

static int
flushed(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	log_error("cannot write to standard output");
	return 1;
}

int
main(int argc, char **argv)
{
	log_open("amiral-keygen", LOG_LEVEL_WARNING);
	fatal_exits_with(1);
	opterr = 0; /* the usage line says more than getopt */
	keep_secrets();
	if (sodium_init() == -1)
		fatal("libsodium does not start");
	json_prepare();
	return flushed(run(argc, argv));
}
