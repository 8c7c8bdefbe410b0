#include "ctl/confirm.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/text.h"

bool
confirm_has_targets(const struct description *d, const struct options *o,
    char error[static CTL_ERROR_MAX])
{
	if (!d->side_effects || options_have_targets(o))
		return true;
	if (d->root == NULL)
		snprintf(error, CTL_ERROR_MAX,
		    "'%s' is no command, and no provider that this machine "
		    "knows: amiral --help lists commands; name the hosts (-I, "
		    "-F, ... or -a) for a provider that only they know",
		    d->name);
	else
		snprintf(error, CTL_ERROR_MAX,
		    "%s has side effects: name the hosts (-I, -F, -S, -T), or "
		    "say -a for all",
		    d->name);
	return false;
}

static void
put_command(FILE *f, const struct confirm_what *what)
{
	char *args = json_dumps(what->args, JSON_COMPACT | JSON_ENSURE_ASCII);

	fputs(what->description->name, f);
	if (json_object_size(what->args) > 0 && args != NULL) {
		fputc(' ', f);
		text_puts(f, args);
	}
	free(args);
}

bool
confirm_terminal(void)
{
	return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

bool
confirm_yes(void)
{
	char answer[16];

	fputs(" (y/n) ", stderr);
	fflush(stderr);
	return fgets(answer, sizeof answer, stdin) != NULL &&
	       (answer[0] == 'y' || answer[0] == 'Y');
}

bool
confirm_all(const struct confirm_what *what, char error[static CTL_ERROR_MAX])
{
	if (!what->description->side_effects || !what->options->all ||
	    what->options->yes)
		return true;
	if (!confirm_terminal()) {
		snprintf(error, CTL_ERROR_MAX,
		    "%s has side effects on all %zu hosts, and there is no "
		    "terminal to ask on: say -y as well",
		    what->description->name, what->known);
		return false;
	}
	fputs("Run ", stderr);
	put_command(stderr, what);
	fprintf(stderr, " on all %zu hosts?", what->known);
	if (confirm_yes())
		return true;
	snprintf(error, CTL_ERROR_MAX, "nothing was sent");
	return false;
}

void
confirm_announce(const struct confirm_what *what)
{
	char *match;

	if (strncmp(what->settings->key, "agent:", 6) != 0 ||
	    what->options->quiet || isatty(STDERR_FILENO) != 1)
		return;
	match =
	    json_dumps(what->targets->match, JSON_COMPACT | JSON_ENSURE_ASCII);
	fputs("signing: ", stderr);
	put_command(stderr, what);
	fputs(" on ", stderr);
	text_puts(stderr, match != NULL ? match : "?");
	if (what->targets->by_name)
		fprintf(stderr, " (%zu hosts)", what->targets->count);
	fputc('\n', stderr);
	free(match);
}
