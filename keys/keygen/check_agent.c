/* Part of amiral-keygen: the agent's files, by its configuration. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/agent_conf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "keys/certificate.h"
#include "keys/keygen/check.h"
#include "wire/trust.h"
#include "wire/verify/envelope.h"

#define REVOKED_FILE "revoked" /* in state_dir, as amirald keeps it */

static bool
add_conf(struct survey *s, struct conf *conf, const char *path)
{
	char error[CONF_ERROR_MAX], *text;
	size_t len;
	bool taken;

	text = survey_text(s, path, FILE_CONF_MAX, &len);
	if (text == NULL)
		return false;
	taken = conf_add(conf, path, text, len, error) == 0;
	if (!taken)
		survey_problem(s, "%s", error);
	free(text);
	return taken;
}

/* All of conf.d, in the order of its names. */
struct more {
	struct survey survey; /* the first member: what survey_each() passes */
	struct conf *conf;
	bool taken;
};

static void
add_one(struct survey *s, const char *path, const char *name)
{
	struct more *more = (struct more *)(void *)s;
	const char *dot = strrchr(name, '.');

	if (more->taken && dot != NULL && strcmp(dot, ".conf") == 0)
		more->taken = add_conf(s, more->conf, path);
}

static bool
add_more(struct survey *s, struct conf *conf, const char *directory)
{
	struct more more = { .survey = *s, .conf = conf, .taken = true };
	char path[PATH_MAX];

	if (survey_path(path, directory, "conf.d"))
		survey_each(&more.survey, path, add_one);
	*s = more.survey;
	return more.taken;
}

/* Certificates */

static enum certificate_fault
judge(const struct certificate *certificate, const struct public_key *key,
    const char *hostname)
{
	enum certificate_fault fault = CERTIFICATE_GOOD;

	if (!public_key_equal(&certificate->key, key))
		return CERTIFICATE_KEY;
	if (hostname[0] != '\0')
		fault =
		    certificate_judge(certificate, hostname, clock_wall_ms());
	return fault == CERTIFICATE_EXPIRED ? CERTIFICATE_GOOD : fault;
}

static int64_t
expiry_ms(const struct certificate *certificate)
{
	return certificate->before > INT64_MAX / 1000
		   ? INT64_MAX
		   : (int64_t)certificate->before * 1000;
}

static void
judge_text(struct survey *s, const char *path, char *text,
    const struct public_key *key, const char *hostname)
{
	enum certificate_fault fault = CERTIFICATE_MALFORMED;
	struct certificate certificate;
	uint8_t blob[CERTIFICATE_MAX];
	size_t len;

	if (certificate_line(text, blob, &len) != NULL)
		fault = certificate_read(&certificate, blob, len);
	if (fault == CERTIFICATE_GOOD)
		fault = judge(&certificate, key, hostname);
	if (fault != CERTIFICATE_GOOD)
		survey_problem(s,
		    "%s: controllers refuse it: %s; make another: ssh-keygen "
		    "-s CA -h -n %s -V +52w",
		    path, certificate_fault_text(fault),
		    hostname[0] != '\0' ? hostname : "HOST");
	else if (survey_lasts(s, path, "the certificate",
		     expiry_ms(&certificate),
		     "make another with ssh-keygen -s CA -h -V +52w, and "
		     "reload amirald"))
		survey_good(path, "");
}

static void
check_certificate(struct survey *s, const char *key_path,
    const struct public_key *key, const char *hostname)
{
	char path[PATH_MAX], *text;
	size_t len;
	int n = snprintf(path, sizeof(path), "%s-cert.pub", key_path);

	if (n < 0 || n >= (int)sizeof(path) || !survey_has(s, path))
		return;
	text = survey_text(s, path, FILE_KEY_MAX, &len);
	if (text != NULL)
		judge_text(s, path, text, key, hostname);
	free(text);
}

/* The key's successor may be there too, while it rotates. */
static void
check_host_keys(struct survey *s, const struct agent_conf *conf)
{
	char next[PATH_MAX];
	struct public_key key;
	int n = snprintf(next, sizeof(next), "%s.new", conf->host_key);

	if (survey_needs(s, conf->host_key,
		"the host has no key: run amiral-keygen enroll, or restore "
		"it") &&
	    check_host_key(s, conf->host_key, &key))
		check_certificate(s, conf->host_key, &key, conf->hostname);
	if (n < (int)sizeof(next) && survey_has(s, next) &&
	    check_host_key(s, next, &key))
		check_certificate(s, next, &key, conf->hostname);
}

/* The list in force */

static void
check_list(struct survey *s, const char *path, const uint8_t *bytes, size_t len)
{
	struct envelope envelope;
	struct trust_list list;

	if (envelope_open(bytes, len, ENVELOPE_TRUST, &envelope) != STATUS_OK ||
	    trust_parse(envelope.payload, envelope.payload_len, &list) !=
		STATUS_OK) {
		survey_problem(s,
		    "%s: no operators' list: remove it, and push the list "
		    "again: amiral-keygen trust push",
		    path);
		return;
	}
	if (survey_lasts(s, path, "the operators' list", list.expires,
		"push it again, on an operator's machine: amiral-keygen trust "
		"push"))
		survey_good(path, "");
	trust_clear(&list);
}

static void
check_state(struct survey *s, const char *directory)
{
	char path[PATH_MAX], *text;
	size_t len;

	if (survey_path(path, directory, REVOKED_FILE) && survey_has(s, path))
		check_secret(s, path);
	if (!survey_path(path, directory, AGENT_TRUST_FILE) ||
	    !survey_has(s, path) || !survey_is_secret(s, path, FILE_TRUST_MAX))
		return;
	text = survey_text(s, path, FILE_TRUST_MAX, &len);
	if (text != NULL)
		check_list(s, path, (const uint8_t *)text, len);
	free(text);
}

static void
check_directory(struct survey *s, const char *path)
{
	char error[FILE_ERROR_MAX];
	int fd;

	if (!survey_has(s, path))
		return;
	fd = file_open_directory(path, error);
	if (fd == -1)
		survey_problem(s, "%s", error);
	else
		close(fd);
}

static void
check_named(struct survey *s, const struct agent_conf *conf)
{
	check_host_keys(s, conf);
	if (survey_needs(s, conf->operators,
		"it names who may ask: run amiral-keygen enroll, or write "
		"it"))
		check_signers(s, conf->operators);
	if (conf->password_file[0] != '\0' &&
	    survey_needs(s, conf->password_file,
		"write Redis's password into it, mode 0600"))
		check_secret(s, conf->password_file);
	check_directory(s, conf->state_dir);
	check_directory(s, conf->facts_dir);
	check_state(s, conf->state_dir);
}

void
check_agent(struct survey *s, const char *directory)
{
	struct agent_conf *out = calloc(1, sizeof(*out));
	char path[PATH_MAX], error[CONF_ERROR_MAX];
	struct conf conf;

	if (out == NULL)
		fatal("out of memory");
	conf_init(&conf);
	if (survey_path(path, directory, "amirald.conf") &&
	    survey_has(s, path) && add_conf(s, &conf, path) &&
	    add_more(s, &conf, directory)) {
		if (agent_conf_read(out, &conf, error) == 0) {
			survey_good(path, "");
			check_named(s, out);
		} else {
			survey_problem(s, "%s", error);
		}
		agent_conf_free(out);
	}
	free(out);
	conf_free(&conf);
}
