/*
 * amiral: the controller. Holds, or reaches through ssh-agent, the
 * operator's key and the known hosts; signs requests, verifies and shows
 * replies. Redis is spoken by its child, amiral-net.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "config.h"
#include "ctl/commands.h"
#include "ctl/description.h"
#include "wire/json.h"

static const struct command {
	const char *name;
	command_fn *perform;
	const char *usage, *summary;
} commands[] = {
	{ "ping", command_ping, "[TARGETS]", "who is there, and how fast" },
	{ "find", command_find, "[TARGETS]",
	    "names of the hosts that match; nothing is run" },
	{ "facts", command_facts, "[FACT] [TARGETS]",
	    "how often each value occurs, or every fact" },
	{ "inventory", command_inventory, "[HOST]",
	    "when each host was last seen, its version, key and facts" },
	{ "run", command_run, "PROVIDER [KEY=VALUE ...] [TARGETS]",
	    "ask the hosts' PROVIDER; KEY:=JSON for other than strings" },
	{ "hosts", command_hosts,
	    "list | show|remove|revoke HOST | import FILE",
	    "the known hosts and their keys" },
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static const struct command provider_command = { "PROVIDER", command_provider,
	"[KEY=VALUE ...] [TARGETS]", "the same, shorter" };

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return &provider_command;
}

static void
put_usage(FILE *f, const char *name, const struct command *command)
{
	char left[80];

	snprintf(left, sizeof left, "%s %s", name, command->usage);
	fprintf(f, "  amiral %-44s %s\n", left, command->summary);
}

static void
help(FILE *f)
{
	fputs("amiral commands a fleet of hosts\n\n", f);
	for (size_t i = 0; i < COMMANDS; i++) {
		put_usage(f, commands[i].name, &commands[i]);
		if (commands[i].perform == command_run)
			put_usage(f, "PROVIDER", &provider_command);
	}
	options_help(f);
	fputs("\nExit status: 0 every host ok, 1 usage or local trouble, "
	      "2 failed or refused,\n3 silent or unfinished, 4 an answer did "
	      "not verify, 5 nothing matched.\n",
	    f);
}

/* amiral COMMAND --help, amiral run PROVIDER --help, amiral PROVIDER --help */
static int
help_command(const char *const *words, unsigned count)
{
	const struct command *command = find_command(words[0]);
	const char *provider = NULL;
	struct description d;
	char error[CTL_ERROR_MAX];

	put_usage(stdout, words[0], command);
	if (command->perform == command_provider)
		provider = words[0];
	else if (command->perform == command_run && count > 1)
		provider = words[1];
	if (provider != NULL && name_is_provider(provider)) {
		if (!description_load(&d, provider, error)) {
			log_error("%s", error);
			return EXIT_LOCAL;
		}
		putchar('\n');
		description_help(&d, stdout);
		description_clear(&d);
	}
	options_help(stdout);
	return EXIT_OK;
}

static int
perform(const struct options *o, int64_t started_ms)
{
	struct call call = { .options = o, .started_ms = started_ms };

	if (o->version) {
		puts("amiral " AMIRAL_VERSION);
		return EXIT_OK;
	}
	if (o->help && o->word_count > 0)
		return help_command(o->words, o->word_count);
	if (o->help) {
		help(stdout);
		return EXIT_OK;
	}
	if (o->word_count == 0) {
		help(stderr);
		return EXIT_LOCAL;
	}
	call.name = o->words[0];
	call.words = o->words + 1;
	call.word_count = o->word_count - 1;
	return find_command(call.name)->perform(&call);
}

static void
to_stderr(enum log_level level, const char *line, size_t len, void *arg)
{
	(void)level;
	(void)arg;
	fprintf(stderr, "amiral: %.*s\n", (int)len, line);
}

/* 0, 1 and 2 are there, so that no descriptor of ours gets their numbers. */
static void
hold_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd == -1)
		_exit(EXIT_LOCAL);
	close(fd);
}

/* An answer that could not be written is not an answer. */
static int
finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (errno != EPIPE)
		log_error("standard output: %s", strerror(errno));
	return EXIT_LOCAL;
}

int
main(int argc, char *argv[])
{
	int64_t started_ms = clock_monotonic_ms();
	char error[CTL_ERROR_MAX];
	struct options options;

	hold_standard_descriptors();
	signal(SIGPIPE, SIG_IGN);
	log_open("amiral", LOG_LEVEL_INFO);
	log_to(to_stderr, NULL);
	fatal_exits_with(EXIT_LOCAL);
	if (sodium_init() == -1)
		fatal("libsodium cannot start");
	json_prepare();
	if (!options_read(&options, argc, argv, error)) {
		log_error("%s", error);
		return EXIT_LOCAL;
	}
	return finish(perform(&options, started_ms));
}
