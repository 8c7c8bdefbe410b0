/*
 * Part of amiral-keygen: everything of amiral's on this machine that could
 * be refused later, with what to do about it.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "config.h"
#include "ctl/hellos.h"
#include "keys/allowed_signers.h"
#include "keys/keygen/check.h"
#include "keys/keygen/keygen.h"
#include "keys/keygen/operator.h"
#include "keys/keygen/trust.h"
#include "keys/known_hosts.h"
#include "keys/secret_file.h"
#include "keys/token_record.h"

#define TRUST_PREFIX "trust-"
#define AGENT_KEY    "agent:"
#define SYSTEM_CONF  AMIRAL_SYSCONFDIR "/amiral.conf"

/* As secret_file_read(); what a key for ssh-agent means is the caller's. */
static int
read_secret(struct survey *s, const char *path, struct public_key *out)
{
	char error[KEY_ERROR_MAX];
	struct secret_key key;
	int result = secret_file_read(&key, path, error);

	if (result == 0) {
		*out = key.public_key;
		secret_free(&key);
		survey_good(path, "");
	} else if (result != KEY_FOR_AGENT)
		survey_problem(s, "%s", error);
	return result;
}

bool
check_host_key(struct survey *s, const char *path, struct public_key *out)
{
	int result = read_secret(s, path, out);

	if (result == KEY_FOR_AGENT)
		survey_problem(s, "%s: %s", path, KEY_HOST_PLAIN);
	return result == 0;
}

void
check_secret(struct survey *s, const char *path)
{
	if (survey_is_secret(s, path, FILE_TRUST_MAX))
		survey_good(path, "");
}

static void
check_key(struct survey *s, const char *path)
{
	struct public_key key;

	if (survey_has(s, path) && read_secret(s, path, &key) == KEY_FOR_AGENT)
		survey_good(path, "encrypted, to be used through ssh-agent");
}

static void
check_plain(struct survey *s, const char *path)
{
	size_t len;
	char *text;

	if (!survey_has(s, path))
		return;
	text = survey_text(s, path, FILE_CONF_MAX, &len);
	if (text != NULL)
		survey_good(path, "");
	free(text);
}

static void
check_known_hosts(struct survey *s, const char *path)
{
	char error[KNOWN_HOSTS_ERROR_MAX], what[64], *text;
	struct known_hosts *known;
	size_t len;

	if (!survey_has(s, path) ||
	    (text = survey_text(s, path, KNOWN_HOSTS_FILE_MAX, &len)) == NULL)
		return;
	known = known_hosts_parse(path, text, len, error);
	free(text);
	if (known == NULL) {
		survey_problem(s, "%s", error);
		return;
	}
	snprintf(what, sizeof(what), "%zu hosts", known_hosts_count(known));
	survey_good(path, what);
	known_hosts_free(known);
}

static void
check_token(struct survey *s, const char *path, const char *name)
{
	char error[TOKEN_ERROR_MAX], date[SURVEY_DATE_MAX];
	struct token_record record;

	(void)name;
	if (!survey_has(s, path))
		return;
	if (!token_record_read(&record, path, error)) {
		survey_problem(s, "%s", error);
	} else if (record.expires < clock_wall_ms()) {
		survey_date(date, record.expires);
		survey_problem(s,
		    "%s: the token has expired, on %s; run: rm %s", path, date,
		    path);
	} else if (token_record_left(&record) <= 0) {
		survey_problem(
		    s, "%s: the token is used up; run: rm %s", path, path);
	} else {
		survey_good(path, "a token in force");
	}
	token_record_clear(&record);
}

/* Verified hellos: who could write there could make hosts look well. */
static void
check_remembered(struct survey *s, const char *path, const char *name)
{
	(void)name;
	if (survey_has(s, path))
		survey_is_secret(s, path, HELLOS_FILE_MAX);
}

/* Allowed signers */

/* Whether it may sign anything of amiral's, at whatever time; revoked: no. */
static enum status
status_of(const struct allowed_signers *signers, size_t i)
{
	static const enum envelope_kind kinds[] = { ENVELOPE_REQUEST,
		ENVELOPE_TRUST };
	enum status best = STATUS_UNKNOWN_KEY;
	const char *principal;

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		enum status status = allowed_signers_check(signers,
		    allowed_signers_key(signers, i), kinds[k], clock_wall_ms(),
		    &principal);

		if (status != STATUS_UNKNOWN_KEY)
			best = status;
	}
	return best;
}

/* One who comes later is no problem, but one who wonders should see it. */
static void
check_times(struct survey *s, const char *path, const char *who, int64_t after,
    int64_t before)
{
	char date[SURVEY_DATE_MAX], what[SURVEY_DATE_MAX + PRINCIPAL_MAX + 32];

	if (!survey_lasts(s, path, who, before,
		"put a later valid-before= or another key there, or remove "
		"the line"))
		return;
	if (after <= clock_wall_ms())
		return;
	survey_date(date, after);
	snprintf(what, sizeof(what), "%s is not valid before %s", who, date);
	survey_good(path, what);
}

static void
check_signer(struct survey *s, const char *path,
    const struct allowed_signers *signers, size_t i)
{
	char fingerprint[FINGERPRINT_SIZE];
	int64_t after, before;
	enum status status = status_of(signers, i);
	const char *who = allowed_signers_validity(signers, i, &after, &before);

	sign_fingerprint(allowed_signers_key(signers, i), fingerprint);
	if (status == STATUS_UNKNOWN_KEY)
		survey_problem(s,
		    "%s: %s (%s) may sign nothing of amiral's; add "
		    "amiral-request-v1 to its namespaces=, or remove the line",
		    path, who, fingerprint);
	else if (status == STATUS_OK || status == STATUS_VALIDITY)
		check_times(s, path, who, after, before);
}

void
check_signers(struct survey *s, const char *path)
{
	char error[ALLOWED_SIGNERS_ERROR_MAX], *text;
	struct allowed_signers *signers;
	unsigned before = s->problems;
	size_t len;

	if (!survey_has(s, path) ||
	    (text = survey_text(s, path, FILE_TRUST_MAX, &len)) == NULL)
		return;
	signers = allowed_signers_parse(path, text, len, error);
	free(text);
	if (signers == NULL) {
		survey_problem(s, "%s", error);
		return;
	}
	for (size_t i = 0; i < allowed_signers_count(signers); i++)
		check_signer(s, path, signers, i);
	if (allowed_signers_count(signers) == 0)
		survey_problem(s,
		    "%s: names nobody; enroll this host, or add a line", path);
	else if (s->problems == before)
		survey_good(path, "");
	allowed_signers_free(signers);
}

/* The next list to push, as trust keeps it. */
static void
check_next_list(struct survey *s, const char *path, const char *name)
{
	if (strncmp(name, TRUST_PREFIX, strlen(TRUST_PREFIX)) == 0 &&
	    survey_has(s, path))
		check_secret(s, path);
}

/* What amiral.conf or the environment names, and is not where it belongs. */
static void
check_elsewhere(struct survey *s, const char *path, const char *usual,
    void (*check)(struct survey *, const char *))
{
	if (strcmp(path, usual) != 0 &&
	    survey_needs(s, path,
		"correct amiral.conf, or AMIRAL_KEY and AMIRAL_KNOWN_HOSTS"))
		check(s, path);
}

static void
check_settings(struct survey *s)
{
	const struct options none = { .json = false };
	char error[CTL_ERROR_MAX], usual[PATH_MAX];
	struct settings settings;

	if (!settings_read(&settings, &none, error)) {
		survey_problem(s, "%s", error);
		settings_clear(&settings);
		return;
	}
	if (strncmp(settings.key, AGENT_KEY, strlen(AGENT_KEY)) != 0 &&
	    keygen_config_path(usual, "key"))
		check_elsewhere(s, settings.key, usual, check_key);
	if (keygen_config_path(usual, "known_hosts"))
		check_elsewhere(
		    s, settings.known_hosts, usual, check_known_hosts);
	if (settings.password_file != NULL)
		check_elsewhere(s, settings.password_file, "", check_secret);
	if (settings.cache != NULL)
		survey_each(s, settings.cache, check_remembered);
	settings_clear(&settings);
}

/* Where nobody has said what the fleet is, there is nothing to look for. */
static bool
has_settings(void)
{
	char path[PATH_MAX];

	return getenv("AMIRAL_FLEET") != NULL ||
	       access(SYSTEM_CONF, R_OK) == 0 ||
	       (keygen_config_path(path, "amiral.conf") &&
		   access(path, R_OK) == 0);
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
	check_plain(s, SYSTEM_CONF);
	if (keygen_config_path(path, ""))
		survey_each(s, path, check_next_list);
	if (operator_tokens(path, false))
		survey_each(s, path, check_token);
	if (has_settings())
		check_settings(s);
}

int
command_check(const struct command *self, int argc, char **argv)
{
	static const struct option options[] = {
		{ "directory", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *directory = AMIRAL_SYSCONFDIR;
	struct survey s = { 0 };
	int option;

	while ((option = getopt_long(argc, argv, "d:h", options, NULL)) != -1) {
		if (option != 'd')
			return option == 'h' ? keygen_help(self)
					     : keygen_usage(self);
		directory = optarg;
	}
	if (optind != argc)
		return keygen_usage(self);
	check_operator(&s);
	check_agent(&s, directory);
	if (s.found == 0)
		printf("nothing of amiral's is here\n");
	return s.problems > 0;
}
