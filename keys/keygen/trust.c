/* Part of amiral-keygen: the operators' list, on this machine. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/slurp.h"
#include "keys/allowed_signers.h"
#include "keys/keygen/keygen.h"
#include "keys/keygen/trust_remote.h"
#include "keys/public.h"

#define LIST_TTL_MS     (365LL * 86400 * 1000)
#define LIST_TTL_MAX_MS (3650LL * 86400 * 1000)
#define WAIT_MS         10000

enum {
	OPTION_AFTER = OPERATOR_FLEET + 1,
	OPTION_BEFORE,
	OPTION_TTL,
	OPTION_WAIT,
	OPTION_SERIAL,
	OPTION_SIGNER
};

/* "type base64 [comment]"; text is cut. */
static bool
key_from_line(struct public_key *key, char *text)
{
	char *type, *base64;

	text[strcspn(text, "\n")] = '\0';
	type = strsep(&text, " ");
	base64 = strsep(&text, " ");
	return base64 != NULL && public_from_text(key, type, base64);
}

static bool
key_from_file(struct public_key *key, const char *path)
{
	char error[FILE_ERROR_MAX], *text;
	int fd = file_open(path, FILE_TRUSTED, FILE_KEY_MAX, error);
	size_t len;
	bool good;

	if (fd == -1) {
		log_error("%s", error);
		return false;
	}
	text = slurp(fd, FILE_KEY_MAX, &len);
	close(fd);
	good = text != NULL && strlen(text) == len && key_from_line(key, text);
	free(text);
	if (!good)
		log_error("%s: no public Ed25519 key: name the file that ends "
			  "in .pub, or give its line",
		    path);
	return good;
}

/* A public key's line has a blank in it, a file's name hardly. */
static bool
key_read(struct public_key *key, char *word)
{
	if (strncmp(word, "ssh-", 4) != 0 && strncmp(word, "sk-ssh-", 7) != 0)
		return key_from_file(key, word);
	if (key_from_line(key, word))
		return true;
	log_error("that is no public Ed25519 key's line: copy it whole, in "
		  "quotes");
	return false;
}

static bool
verb_add(struct trust_order *order, char **words)
{
	struct trust_signer signer = {
		.principal = words[0],
		.valid_after = order->valid_after,
		.valid_before = order->valid_before,
	};

	if (!name_is_principal(words[0])) {
		log_error("%.260s: no principal: one plain name, such as "
			  "alice@example.com",
		    words[0]);
		return false;
	}
	if (signer.valid_before != 0 &&
	    signer.valid_before <= signer.valid_after) {
		log_error("--valid-before is not later than --valid-after");
		return false;
	}
	return key_read(&signer.key, words[1]) &&
	       trust_copy_add(&order->copy, &signer) &&
	       trust_copy_write(&order->copy);
}

static bool
verb_remove(struct trust_order *order, char **words)
{
	return trust_copy_remove(&order->copy, words[0]) &&
	       trust_copy_write(&order->copy);
}

static bool
verb_revoke(struct trust_order *order, char **words)
{
	return trust_copy_revoke(&order->copy, words[0]) &&
	       trust_copy_write(&order->copy);
}

static bool
verb_list(struct trust_order *order, char **words)
{
	(void)words;
	trust_copy_print(&order->copy);
	return true;
}

static const struct verb {
	const char *name;
	int words;
	trust_verb *run;
} verbs[] = {
	{ "list", 0, verb_list },
	{ "add", 2, verb_add },
	{ "remove", 1, verb_remove },
	{ "revoke", 1, verb_revoke },
	{ "push", 0, trust_push },
	{ "pull", 0, trust_pull },
};

static const struct verb *
find_verb(const char *name, int words)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, name) == 0 && verbs[i].words == words)
			return &verbs[i];
	}
	return NULL;
}

static bool
read_time(int64_t *ms, const char *option, const char *text)
{
	if (allowed_signers_time(text, ms))
		return true;
	log_error("--%s takes YYYYMMDD[HHMM[SS]]Z", option);
	return false;
}

static bool
read_duration(int64_t *ms, const char *option, const char *text, int64_t max)
{
	if (options_duration(text, ms) && *ms > 0 && *ms <= max)
		return true;
	log_error("--%s takes a time such as 30s, 12h or 90d", option);
	return false;
}

static bool
read_serial(struct trust_order *order, const char *text)
{
	char *end;

	errno = 0;
	order->serial = strtoll(text, &end, 10);
	if (errno == 0 && end != text && *end == '\0' && order->serial > 0 &&
	    order->serial <= TRUST_SERIAL_LAST)
		return true;
	log_error("--serial takes a number above that of the list that is to "
		  "be gone over, and below the last one there is");
	return false;
}

static bool
read_signer(struct trust_order *order, const char *text)
{
	order->signer = text;
	if (trust_is_fingerprint(text))
		return true;
	log_error("--signer takes a fingerprint: SHA256:...");
	return false;
}

/* *usage where it is no option of ours. */
static bool
take_option(
    struct trust_order *order, int option, const char *value, bool *usage)
{
	switch (option) {
	case OPTION_AFTER:
		return read_time(&order->valid_after, "valid-after", value);
	case OPTION_BEFORE:
		return read_time(&order->valid_before, "valid-before", value);
	case OPTION_TTL:
		return read_duration(
		    &order->ttl_ms, "ttl", value, LIST_TTL_MAX_MS);
	case OPTION_WAIT:
		return read_duration(
		    &order->wait_ms, "wait", value, LIST_TTL_MS);
	case OPTION_SERIAL:
		return read_serial(order, value);
	case OPTION_SIGNER:
		return read_signer(order, value);
	default:
		*usage = !operator_option(&order->side, option, value);
		return !*usage;
	}
}

static int
perform(const struct verb *verb, struct trust_order *order, char **words)
{
	bool good = operator_read(&order->side) &&
		    trust_copy_read(&order->copy, order->side.settings.fleet) &&
		    verb->run(order, words);

	trust_copy_clear(&order->copy);
	operator_close(&order->side);
	return good ? 0 : 1;
}

int
command_trust(const struct command *self, int argc, char **argv)
{
	static const struct option options[] = {
		{ "valid-after", required_argument, NULL, OPTION_AFTER },
		{ "valid-before", required_argument, NULL, OPTION_BEFORE },
		{ "ttl", required_argument, NULL, OPTION_TTL },
		{ "wait", required_argument, NULL, OPTION_WAIT },
		{ "serial", required_argument, NULL, OPTION_SERIAL },
		{ "signer", required_argument, NULL, OPTION_SIGNER },
		OPERATOR_OPTIONS,
	};
	struct trust_order order = { .ttl_ms = LIST_TTL_MS,
		.wait_ms = WAIT_MS };
	const struct verb *verb;
	bool usage = false;
	int option;

	while ((option = getopt_long(
		    argc, argv, OPERATOR_LETTERS, options, NULL)) != -1) {
		if (option == 'h')
			return keygen_help(self);
		if (!take_option(&order, option, optarg, &usage))
			return usage ? keygen_usage(self) : 1;
	}
	verb =
	    optind == argc ? NULL : find_verb(argv[optind], argc - optind - 1);
	if (verb == NULL)
		return keygen_usage(self);
	return perform(verb, &order, argv + optind + 1);
}
