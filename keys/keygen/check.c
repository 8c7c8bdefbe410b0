/*
 * Part of amiral-keygen: everything of amiral's on this machine that could
 * be refused later, with what to do about it.
 */
#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/agent_conf.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/file.h"
#include "base/log.h"
#include "base/slurp.h"
#include "config.h"
#include "keys/allowed_signers.h"
#include "keys/keygen/keygen.h"
#include "keys/keygen/operator.h"
#include "keys/keygen/trust.h"
#include "keys/known_hosts.h"
#include "keys/secret_file.h"
#include "keys/token_record.h"

#define SOON_MS (30LL * 86400 * 1000)

struct survey {
	const char *directory; /* of the agent */
	unsigned found, problems;
};

__attribute__((format(printf, 2, 3))) static void
problem(struct survey *s, const char *fmt, ...)
{
	char text[2 * LOG_LINE_MAX], shown[ESCAPE_MAX(sizeof(text))];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	escape_text(shown, sizeof(shown), text, strlen(text));
	printf("problem  %s\n", shown);
	s->problems++;
}

static void
good(struct survey *s, const char *path, const char *what)
{
	(void)s;
	printf("ok       %s%s%s\n", path, what[0] != '\0' ? ": " : "", what);
}

/* Files that are not there are nobody's problem. */
static bool
is_there(struct survey *s, const char *path)
{
	if (access(path, F_OK) != 0)
		return false;
	s->found++;
	return true;
}

static bool
path_of(char out[static PATH_MAX], const char *directory, const char *name)
{
	int n = snprintf(out, PATH_MAX, "%s/%s", directory, name);

	return n > 0 && n < PATH_MAX;
}

/* The text of a believed file; NULL and a problem. */
static char *
text_of(struct survey *s, const char *path, size_t *len)
{
	char error[FILE_ERROR_MAX], *text;
	int fd = file_open(path, FILE_TRUSTED, FILE_TRUST_MAX, error);

	if (fd == -1) {
		problem(s, "%s", error);
		return NULL;
	}
	text = slurp(fd, FILE_TRUST_MAX, len);
	close(fd);
	if (text == NULL)
		problem(s, "%s: cannot be read: check the disk", path);
	return text;
}

/* The message for an encrypted key says how to use it: no problem. */
static void
check_key(struct survey *s, const char *path)
{
	char error[KEY_ERROR_MAX];
	struct secret_key key;

	if (!is_there(s, path))
		return;
	if (secret_file_read(&key, path, error) == 0) {
		secret_free(&key);
		good(s, path, "");
	} else if (strstr(error, "ssh-agent") != NULL) {
		good(s, path, "encrypted, to be used through ssh-agent");
	} else {
		problem(s, "%s", error);
	}
}

static void
check_plain(struct survey *s, const char *path)
{
	size_t len;
	char *text;

	if (!is_there(s, path))
		return;
	text = text_of(s, path, &len);
	if (text != NULL)
		good(s, path, "");
	free(text);
}

static void
check_known_hosts(struct survey *s, const char *path)
{
	char error[KNOWN_HOSTS_ERROR_MAX], what[64], *text;
	struct known_hosts *known;
	size_t len;

	if (!is_there(s, path) || (text = text_of(s, path, &len)) == NULL)
		return;
	known = known_hosts_parse(path, text, len, error);
	free(text);
	if (known == NULL) {
		problem(s, "%s", error);
		return;
	}
	snprintf(what, sizeof(what), "%zu hosts", known_hosts_count(known));
	good(s, path, what);
	known_hosts_free(known);
}

static void
check_token(struct survey *s, const char *path)
{
	char error[TOKEN_ERROR_MAX];
	struct token_record record;

	if (!token_record_read(&record, path, error))
		problem(s, "%s", error);
	else if (record.expires < clock_wall_ms())
		problem(s, "%s: the token has expired; run: rm %s", path, path);
	else if (token_record_left(&record) <= 0)
		problem(s, "%s: the token is used up; run: rm %s", path, path);
	else
		good(s, path, "a token in force");
	token_record_clear(&record);
}

static void
check_tokens(struct survey *s)
{
	char directory[PATH_MAX], path[PATH_MAX];
	struct dirent *entry;
	DIR *d;

	if (!operator_tokens(directory, false) ||
	    (d = opendir(directory)) == NULL)
		return;
	while ((entry = readdir(d)) != NULL) {
		if (entry->d_name[0] == '.' ||
		    !path_of(path, directory, entry->d_name))
			continue;
		s->found++;
		check_token(s, path);
	}
	closedir(d);
}

/* Allowed signers */

/* What a key may do at a time: STATUS_OK, or the better reason. */
static enum status
status_at(const struct allowed_signers *signers, size_t i, int64_t at_ms)
{
	static const enum envelope_kind kinds[] = { ENVELOPE_REQUEST,
		ENVELOPE_TRUST };
	enum status best = STATUS_UNKNOWN_KEY;
	const char *principal;

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		enum status status = allowed_signers_check(signers,
		    allowed_signers_key(signers, i), kinds[k], at_ms,
		    &principal);

		if (status != STATUS_UNKNOWN_KEY)
			best = status;
	}
	return best;
}

static void
check_signer(struct survey *s, const char *path,
    const struct allowed_signers *signers, size_t i)
{
	char fingerprint[FINGERPRINT_SIZE];
	int64_t now = clock_wall_ms();
	enum status status = status_at(signers, i, now);

	sign_fingerprint(allowed_signers_key(signers, i), fingerprint);
	if (status == STATUS_VALIDITY)
		problem(s,
		    "%s: %s has expired or is not valid yet; correct "
		    "valid-before= or remove the line",
		    path, fingerprint);
	else if (status == STATUS_UNKNOWN_KEY)
		problem(s,
		    "%s: %s may sign nothing of amiral's; add "
		    "amiral-request-v1 to its namespaces=, or remove the line",
		    path, fingerprint);
	else if (status == STATUS_OK &&
		 status_at(signers, i, now + SOON_MS) == STATUS_VALIDITY)
		problem(s,
		    "%s: %s expires within 30 days; put a new valid-before= "
		    "or another key there",
		    path, fingerprint);
}

static void
check_signers(struct survey *s, const char *path)
{
	char error[ALLOWED_SIGNERS_ERROR_MAX], *text;
	struct allowed_signers *signers;
	unsigned before = s->problems;
	size_t len;

	if (!is_there(s, path) || (text = text_of(s, path, &len)) == NULL)
		return;
	signers = allowed_signers_parse(path, text, len, error);
	free(text);
	if (signers == NULL) {
		problem(s, "%s", error);
		return;
	}
	for (size_t i = 0; i < allowed_signers_count(signers); i++)
		check_signer(s, path, signers, i);
	if (allowed_signers_count(signers) == 0)
		problem(s, "%s: names nobody; enroll this host, or add a line",
		    path);
	else if (s->problems == before)
		good(s, path, "");
	allowed_signers_free(signers);
}

/* The agent's files, by its configuration. */

static bool
add_conf(struct survey *s, struct conf *conf, const char *path)
{
	char error[CONF_ERROR_MAX], *text;
	size_t len;
	bool taken;

	text = text_of(s, path, &len);
	if (text == NULL)
		return false;
	taken = conf_add(conf, path, text, len, error) == 0;
	if (!taken)
		problem(s, "%s", error);
	free(text);
	return taken;
}

static int
is_conf(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot != NULL &&
	       strcmp(dot, ".conf") == 0;
}

static bool
add_more(struct survey *s, struct conf *conf)
{
	char directory[PATH_MAX], path[PATH_MAX];
	struct dirent **entries;
	bool taken = true;
	int n;

	if (!path_of(directory, s->directory, "conf.d"))
		return true;
	n = scandir(directory, &entries, is_conf, alphasort);
	for (int i = 0; i < n; i++) {
		if (taken && path_of(path, directory, entries[i]->d_name))
			taken = add_conf(s, conf, path);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return taken;
}

static void
check_agent(struct survey *s)
{
	struct agent_conf *out = calloc(1, sizeof(*out));
	char path[PATH_MAX], error[CONF_ERROR_MAX];
	struct conf conf;

	if (out == NULL)
		fatal("out of memory");
	conf_init(&conf);
	if (path_of(path, s->directory, "amirald.conf") && is_there(s, path) &&
	    add_conf(s, &conf, path) && add_more(s, &conf)) {
		if (agent_conf_read(out, &conf, error) == 0) {
			good(s, path, "");
			check_key(s, out->host_key);
			check_signers(s, out->operators);
		} else {
			problem(s, "%s", error);
		}
		agent_conf_free(out);
	}
	free(out);
	conf_free(&conf);
}

static void
check_operator(struct survey *s)
{
	static const struct {
		const char *name;
		void (*check)(struct survey *, const char *path);
	} rows[] = {
		{ "amiral.conf", check_plain },
		{ "key", check_key },
		{ "known_hosts", check_known_hosts },
		{ TRUST_COLLEAGUES, check_signers },
	};
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (keygen_config_path(path, rows[i].name))
			rows[i].check(s, path);
	check_tokens(s);
}

int
command_check(const struct command *self, int argc, char **argv)
{
	static const struct option options[] = {
		{ "directory", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct survey s = { .directory = AMIRAL_SYSCONFDIR };
	int option;

	while ((option = getopt_long(argc, argv, "d:h", options, NULL)) != -1) {
		if (option != 'd')
			return option == 'h' ? keygen_help(self)
					     : keygen_usage(self);
		s.directory = optarg;
	}
	if (optind != argc)
		return keygen_usage(self);
	check_operator(&s);
	check_agent(&s);
	if (s.found == 0)
		printf("nothing of amiral's is here\n");
	return s.problems > 0;
}
