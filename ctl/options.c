#include "ctl/options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "wire/request.h"

enum option_kind {
	OPTION_FLAG,
	OPTION_TEXT,
	OPTION_LIST,
	OPTION_TIME,
	OPTION_DISPLAY,
	OPTION_SIGNATURES,
	OPTION_KINDS
};

struct option_row {
	char letter; /* 0: none */
	const char *name;
	enum option_kind kind;
	size_t field;
	bool targets;
	const char *value, *help;
};

#define FIELD(member) offsetof(struct options, member)

static const struct option_row rows[] = {
	{ 'I', "host", OPTION_LIST, FIELD(hosts), true, "GLOB",
	    "hosts by name: globs, comma lists, ranges as web[01-20]" },
	{ 0, "nodes", OPTION_LIST, FIELD(nodes), true, "FILE",
	    "hosts named in a file, - for standard input" },
	{ 'F', "fact", OPTION_LIST, FIELD(facts), true, "FACT=GLOB",
	    "hosts by a fact; also != < <= > >=" },
	{ 'S', "select", OPTION_LIST, FIELD(selects), true, "EXPR",
	    "facts with and, or, not and parentheses" },
	{ 'T', "group", OPTION_LIST, FIELD(groups), true, "NAME",
	    "hosts of a group" },
	{ 'a', "all", OPTION_FLAG, FIELD(all), true, NULL, "every host" },
	{ 0, "ack-timeout", OPTION_TIME, FIELD(ack_timeout_ms), false, "TIME",
	    "how long to wait for acknowledgements (2s)" },
	{ 0, "timeout", OPTION_TIME, FIELD(timeout_ms), false, "TIME",
	    "how long the provider may run (its own: 60s)" },
	{ 0, "ttl", OPTION_TIME, FIELD(ttl_ms), false, "TIME",
	    "how long the request may be started (60s)" },
	{ 0, "cosign", OPTION_TEXT, FIELD(cosign), false, "FILE",
	    "run: a request that others sign as well (--ttl is then 30m)" },
	{ 0, "signatures", OPTION_SIGNATURES, FIELD(signatures), false, "N",
	    "with a new FILE: how many sign, you included (2)" },
	{ 0, "no-send", OPTION_FLAG, FIELD(no_send), false, NULL,
	    "with FILE: sign it, and leave sending to somebody else" },
	{ 'j', "json", OPTION_FLAG, FIELD(json), false, NULL,
	    "one JSON document" },
	{ 0, "jsonl", OPTION_FLAG, FIELD(jsonl), false, NULL,
	    "one line of JSON a reply, as it arrives" },
	{ 'L', "live", OPTION_FLAG, FIELD(live), false, NULL,
	    "output as it is written, each line with its host" },
	{ 0, "display", OPTION_DISPLAY, FIELD(display), false, "WHICH",
	    "results to show: all, ok, failed or none" },
	{ 'q', "quiet", OPTION_FLAG, FIELD(quiet), false, NULL,
	    "results only" },
	{ 'v', "verbose", OPTION_FLAG, FIELD(verbose), false, NULL,
	    "times of each host as well" },
	{ 'y', "yes", OPTION_FLAG, FIELD(yes), false, NULL,
	    "do not ask before side effects on every host" },
	{ 'R', "redis", OPTION_TEXT, FIELD(redis), false, "URL",
	    "redis://, rediss:// or unix://" },
	{ 'k', "key", OPTION_TEXT, FIELD(key), false, "KEY",
	    "a file, agent: or agent:SHA256:..." },
	{ 'K', "known-hosts", OPTION_TEXT, FIELD(known_hosts), false, "FILE",
	    "the hosts and their keys" },
	{ 'O', "operator", OPTION_TEXT, FIELD(operator_), false, "PRINCIPAL",
	    "who asks (the key's comment)" },
	{ 0, "fleet", OPTION_TEXT, FIELD(fleet), false, "FLEET",
	    "the fleet's name" },
	{ 'h', "help", OPTION_FLAG, FIELD(help), false, NULL,
	    "this text; after a command, about it" },
	{ 0, "version", OPTION_FLAG, FIELD(version), false, NULL,
	    "the version" },
};
#define ROWS (sizeof rows / sizeof rows[0])

static const struct {
	const char *unit;
	int64_t ms;
} units[] = {
	{ "", 1000 },
	{ "ms", 1 },
	{ "s", 1000 },
	{ "m", 60 * 1000 },
	{ "h", 3600 * 1000 },
	{ "d", 86400 * 1000 },
};

static const char *const displays[] = {
	[DISPLAY_ALL] = "all",
	[DISPLAY_OK] = "ok",
	[DISPLAY_FAILED] = "failed",
	[DISPLAY_NONE] = "none",
};

bool
options_duration(const char *text, int64_t *ms)
{
	int64_t n = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (p - text >= 9)
			return false;
		n = n * 10 + (*p - '0');
	}
	if (p == text)
		return false;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(p, units[i].unit) != 0)
			continue;
		*ms = n * units[i].ms;
		return true;
	}
	return false;
}

static bool
read_time(void *field, const char *value, char error[static CTL_ERROR_MAX])
{
	int64_t ms;

	if (!options_duration(value, &ms) || ms == 0 ||
	    ms > REQUEST_TTL_MAX_MS) {
		snprintf(error, CTL_ERROR_MAX,
		    "'%s' is no time between 1ms and 24h: write it as 500ms, "
		    "2s, 5m or 1h",
		    value);
		return false;
	}
	*(int64_t *)field = ms;
	return true;
}

static bool
read_flag(void *field, const char *value, char error[static CTL_ERROR_MAX])
{
	(void)value;
	(void)error;
	*(bool *)field = true;
	return true;
}

static bool
read_text(void *field, const char *value, char error[static CTL_ERROR_MAX])
{
	if (value[0] == '\0') {
		snprintf(error, CTL_ERROR_MAX, "its value is empty");
		return false;
	}
	*(const char **)field = value;
	return true;
}

static bool
read_list(void *field, const char *value, char error[static CTL_ERROR_MAX])
{
	struct option_list *list = field;

	if (list->n == OPTION_REPEAT_MAX) {
		snprintf(error, CTL_ERROR_MAX,
		    "given more than %d times: write a list",
		    OPTION_REPEAT_MAX);
		return false;
	}
	if (value[0] == '\0') {
		snprintf(error, CTL_ERROR_MAX, "its value is empty");
		return false;
	}
	list->at[list->n++] = value;
	return true;
}

static bool
read_display(void *field, const char *value, char error[static CTL_ERROR_MAX])
{
	for (unsigned i = 0; i < sizeof displays / sizeof displays[0]; i++) {
		if (strcmp(value, displays[i]) != 0)
			continue;
		*(enum display *)field = i;
		return true;
	}
	snprintf(error, CTL_ERROR_MAX,
	    "'%s' is unknown: write all, ok, failed or none", value);
	return false;
}

static bool
read_signatures(
    void *field, const char *value, char error[static CTL_ERROR_MAX])
{
	if (value[0] >= '0' + COSIGN_LEAST &&
	    value[0] <= '0' + ENVELOPE_LINES_MAX && value[1] == '\0') {
		*(unsigned *)field = (unsigned)(value[0] - '0');
		return true;
	}
	snprintf(error, CTL_ERROR_MAX, "'%s' is no number from %d to %d", value,
	    COSIGN_LEAST, ENVELOPE_LINES_MAX);
	return false;
}

static bool (*const readers[OPTION_KINDS])(
    void *, const char *, char[static CTL_ERROR_MAX]) = {
	[OPTION_FLAG] = read_flag,
	[OPTION_TEXT] = read_text,
	[OPTION_LIST] = read_list,
	[OPTION_TIME] = read_time,
	[OPTION_DISPLAY] = read_display,
	[OPTION_SIGNATURES] = read_signatures,
};

/* What is left of argv. */
struct args {
	char *const *at;
	int left;
};

static bool
row_apply(struct options *out, const struct option_row *row, const char *value,
    char error[static CTL_ERROR_MAX])
{
	char why[CTL_ERROR_MAX];

	if (readers[row->kind]((char *)out + row->field, value, why))
		return true;
	snprintf(error, CTL_ERROR_MAX, "--%s: %.900s", row->name, why);
	return false;
}

static bool
row_missing(const struct option_row *row, char error[static CTL_ERROR_MAX])
{
	snprintf(error, CTL_ERROR_MAX, "--%s needs a value: --%s %s", row->name,
	    row->name, row->value);
	return false;
}

static bool
option_unknown(const char *text, char error[static CTL_ERROR_MAX])
{
	snprintf(error, CTL_ERROR_MAX,
	    "unknown option '%s': amiral --help lists them; an argument that "
	    "starts with '-' goes behind --",
	    text);
	return false;
}

/* --name, --name=value, --name value; text stands behind the dashes. */
static bool
read_long(struct options *out, const char *word, struct args *args,
    char error[static CTL_ERROR_MAX])
{
	const char *text = word + 2;
	size_t len = strcspn(text, "=");
	const struct option_row *row = NULL;

	for (size_t i = 0; i < ROWS; i++)
		if (strlen(rows[i].name) == len &&
		    memcmp(rows[i].name, text, len) == 0)
			row = &rows[i];
	if (row == NULL)
		return option_unknown(word, error);
	if (row->kind == OPTION_FLAG) {
		if (text[len] == '\0')
			return row_apply(out, row, "", error);
		snprintf(
		    error, CTL_ERROR_MAX, "--%s takes no value", row->name);
		return false;
	}
	if (text[len] == '=')
		return row_apply(out, row, text + len + 1, error);
	if (args->left == 0)
		return row_missing(row, error);
	args->left--;
	return row_apply(out, row, *args->at++, error);
}

/* -x, -xyz, -xVALUE, -x VALUE */
static bool
read_short(struct options *out, const char *word, struct args *args,
    char error[static CTL_ERROR_MAX])
{
	for (const char *p = word + 1; *p != '\0'; p++) {
		const struct option_row *row = NULL;

		for (size_t i = 0; i < ROWS; i++)
			if (rows[i].letter == *p)
				row = &rows[i];
		if (row == NULL)
			return option_unknown(word, error);
		if (row->kind == OPTION_FLAG) {
			if (!row_apply(out, row, "", error))
				return false;
			continue;
		}
		if (p[1] != '\0')
			return row_apply(out, row, p + 1, error);
		if (args->left == 0)
			return row_missing(row, error);
		args->left--;
		return row_apply(out, row, *args->at++, error);
	}
	return true;
}

static bool
read_word(
    struct options *out, const char *word, char error[static CTL_ERROR_MAX])
{
	if (out->word_count == OPTION_WORDS_MAX) {
		snprintf(error, CTL_ERROR_MAX, "more than %d words",
		    OPTION_WORDS_MAX);
		return false;
	}
	out->words[out->word_count++] = word;
	return true;
}

/* What belongs together; defaults that depend on it. */
static bool
options_agree(struct options *o, char error[static CTL_ERROR_MAX])
{
	const char *wrong = NULL;

	if (o->json && o->jsonl)
		wrong = "--json and --jsonl exclude each other";
	else if (o->cosign == NULL && o->signatures > 0)
		wrong = "--signatures belongs to --cosign FILE";
	else if (o->cosign == NULL && o->no_send)
		wrong = "--no-send belongs to --cosign FILE";
	if (wrong != NULL) {
		snprintf(error, CTL_ERROR_MAX, "%s", wrong);
		return false;
	}
	if (o->ttl_ms == 0)
		o->ttl_ms = o->cosign != NULL ? COSIGN_TTL_MS : TTL_MS;
	return true;
}

bool
options_read(struct options *out, int argc, char *const argv[],
    char error[static CTL_ERROR_MAX])
{
	struct args args = { argv + 1, argc > 0 ? argc - 1 : 0 };
	bool words_only = false, good = true;

	memset(out, 0, sizeof *out);
	out->ack_timeout_ms = ACK_TIMEOUT_MS;
	while (good && args.left > 0) {
		const char *word = *args.at++;

		args.left--;
		if (words_only || word[0] != '-' || word[1] == '\0')
			good = read_word(out, word, error);
		else if (strcmp(word, "--") == 0)
			words_only = true;
		else if (word[1] == '-')
			good = read_long(out, word, &args, error);
		else
			good = read_short(out, word, &args, error);
	}
	return good && options_agree(out, error);
}

bool
options_have_targets(const struct options *o)
{
	return (o->all || o->hosts.n > 0 || o->nodes.n > 0 || o->facts.n > 0 ||
		o->selects.n > 0 || o->groups.n > 0);
}

static void
help_row(FILE *f, const struct option_row *row)
{
	char left[64];

	snprintf(left, sizeof left, "--%s%s%s", row->name,
	    row->value != NULL ? " " : "",
	    row->value != NULL ? row->value : "");
	fprintf(f, "  %c%c%c %-24s %s\n", row->letter != 0 ? '-' : ' ',
	    row->letter != 0 ? row->letter : ' ', row->letter != 0 ? ',' : ' ',
	    left, row->help);
}

void
options_help(FILE *f)
{
	fputs("\nTARGETS\n", f);
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].targets)
			help_row(f, &rows[i]);
	fputs("\nOptions\n", f);
	for (size_t i = 0; i < ROWS; i++)
		if (!rows[i].targets)
			help_row(f, &rows[i]);
}
