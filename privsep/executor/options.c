/* Part of amirald. */
#include "privsep/executor/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

static const char usage[] =
    "usage: amirald [-f CONFIG] [-t [--may OPERATOR PROVIDER [KEY=VALUE ...]]]"
    " [-d]\n"
    "  -f, --config CONFIG  read CONFIG and conf.d/*.conf beside it\n"
    "                       (default " AMIRAL_SYSCONFDIR "/amirald.conf)\n"
    "  -t, --check          check the configuration, say what it means, exit\n"
    "      --may            with -t: may OPERATOR use PROVIDER here, and why\n"
    "  -d, --debug          log more; amirald never goes to the background\n"
    "      --help, --version\n";

enum { OPTION_HELP = 256, OPTION_VERSION, OPTION_MAY };

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'f' },
	{ "check", no_argument, NULL, 't' },
	{ "debug", no_argument, NULL, 'd' },
	{ "may", required_argument, NULL, OPTION_MAY },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ NULL, 0, NULL, 0 },
};

static _Noreturn void
refuse(const char *what)
{
	fprintf(stderr, "amirald: %s\n%s", what, usage);
	exit(1);
}

static _Noreturn void
print(const char *text)
{
	fputs(text, stdout);
	exit(fflush(stdout) == 0 ? 0 : 1);
}

/* amirald leaves the directory that it was started in. */
static void
set_conf(struct options *out, const char *path)
{
	char here[PATH_MAX] = "";
	int len;

	if (path[0] != '/' && getcwd(here, sizeof here) == NULL)
		refuse("the working directory has no name; give -f an absolute "
		       "path");
	len = snprintf(out->conf, sizeof out->conf, "%s%s%s", here,
	    path[0] == '/' ? "" : "/", path);
	if (len < 0 || (size_t)len >= sizeof out->conf)
		refuse("the path of the configuration is too long");
}

static void
take(struct options *out, int option)
{
	switch (option) {
	case 'f':
		set_conf(out, optarg);
		return;
	case 't':
		out->check = true;
		return;
	case 'd':
		out->debug = true;
		return;
	case OPTION_MAY:
		out->may_operator = optarg;
		return;
	case OPTION_HELP:
		print(usage);
	case OPTION_VERSION:
		print("amirald " AMIRAL_VERSION "\n");
	default:
		refuse("what was given is not understood");
	}
}

/* --may OPERATOR PROVIDER [KEY=VALUE ...] */
static void
take_question(struct options *out, char **words)
{
	if (*words == NULL || !out->check)
		refuse("--may belongs to -t, and takes an operator and a "
		       "provider");
	out->may_provider = *words++;
	out->may_args = words;
	for (; *words != NULL; words++, out->may_count++)
		if (strchr(*words, '=') == NULL)
			refuse("an argument of --may is KEY=VALUE");
}

void
options_read(struct options *out, int argc, char **argv)
{
	int option;

	*out = (struct options){ .conf = AMIRAL_SYSCONFDIR "/amirald.conf" };
	while ((option = getopt_long(argc, argv, "f:td", long_options, NULL)) !=
	       -1)
		take(out, option);
	if (out->may_operator != NULL)
		take_question(out, argv + optind);
	else if (optind < argc)
		refuse("one argument too many");
}
