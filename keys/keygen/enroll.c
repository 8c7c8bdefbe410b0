/*
 * Part of amiral-keygen: a new host makes itself known. What is written is
 * written after everything was verified, and again only if it is the same.
 */
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "config.h"
#include "keys/keygen/enroll_files.h"
#include "keys/keygen/keygen.h"
#include "keys/keygen/operator.h"
#include "keys/signer.h"

enum {
	OPTION_SSH_KEY = 's',
	OPTION_HOSTNAME = 'n',
	OPTION_PASSWORD = 'p',
	OPTION_REDIS = 'r',
	OPTION_SET = 'o',
	OPTION_DIRECTORY = 'd'
};

#define SSH_HOST_KEY "/etc/ssh/ssh_host_ed25519_key"

struct order {
	struct enroll_place place;
	const char *hostname;
	struct token token;
	struct trust_list list;
	struct broker_value envelope; /* of the list */
	struct enroll_files files;
	struct broker *broker;
};

static bool
complain(const char *text)
{
	log_error("%s", text);
	return false;
}

/* What the token promises */

static bool
read_token(struct token *token)
{
	char text[TOKEN_TEXT_MAX], error[TOKEN_ERROR_MAX];
	bool good;

	if (isatty(STDIN_FILENO) == 1)
		fprintf(stderr, "Paste the token: ");
	if (fgets(text, sizeof(text), stdin) == NULL)
		return complain("no token on standard input: amiral-keygen "
				"enroll < FILE");
	text[strcspn(text, " \t\r\n")] = '\0';
	good = token_parse(token, text, error);
	sodium_memzero(text, sizeof(text));
	if (!good)
		return complain(error);
	return clock_wall_ms() <= token->expires ||
	       complain("the token has expired, or this machine's clock is "
			"wrong: make another with amiral-keygen token");
}

/*
 * He alone will be able to push lists here: one whose time is over could not
 * even revoke. What the list does not say of him has no end.
 */
static bool
is_in_time(const struct trust_list *list, const struct public_key *key)
{
	int64_t now = clock_wall_ms();

	for (size_t i = 0; i < list->signer_count; i++) {
		const struct trust_signer *signer = &list->signers[i];

		if (public_key_equal(&signer->key, key))
			return signer->valid_before == 0 ||
			       now <= signer->valid_before;
	}
	return true;
}

/* Verified by its signer, who is pinned, before anything in it counts. */
static bool
judge_list(struct order *order, const struct trust_list *list)
{
	const struct token *token = &order->token;

	if (strcmp(list->fleet, token->fleet) != 0)
		log_error("the operators' list is that of the fleet %s, not "
			  "of %s: nothing is written",
		    list->fleet, token->fleet);
	else if (list->serial < token->serial)
		log_error("the operators' list has serial %lld, the token "
			  "knows of %lld: Redis, or somebody between, hands "
			  "out an old list; nothing is written",
		    (long long)list->serial, (long long)token->serial);
	else if (list->expires <= clock_wall_ms())
		log_error("the operators' list has expired: let an operator "
			  "push it anew (amiral-keygen trust push); nothing "
			  "is written");
	else if (!is_in_time(list, &order->files.pinned))
		log_error("the operators' list names its own signer, whose "
			  "time is over: make another token by a key that is "
			  "in force; nothing is written");
	else if (trust_revokes(list, token->signer))
		log_error("the operators' list revokes its own signer %s: "
			  "make another token by a key that is in force; "
			  "nothing is written",
		    token->signer);
	else
		return true;
	return false;
}

static bool
read_list(struct order *order, const struct broker_value *value)
{
	struct envelope envelope;
	char signer[FINGERPRINT_SIZE];
	enum status status;

	status =
	    envelope_open(value->bytes, value->len, ENVELOPE_TRUST, &envelope);
	if (status == STATUS_OK && envelope.signatures != 1)
		status = STATUS_LINES;
	if (status != STATUS_OK) {
		log_error("the operators' list in Redis does not verify (%s); "
			  "nothing is written",
		    status_name(status));
		return false;
	}
	sign_fingerprint(&envelope.signature[0].key, signer);
	if (strcmp(signer, order->token.signer) != 0) {
		log_error("the operators' list in Redis is signed by %s, the "
			  "token pins %s: somebody answers in the operators' "
			  "place; nothing is written",
		    signer, order->token.signer);
		return false;
	}
	order->files.pinned = envelope.signature[0].key;
	status =
	    trust_parse(envelope.payload, envelope.payload_len, &order->list);
	if (status == STATUS_OK)
		return judge_list(order, &order->list);
	log_error("the operators' list is of no use (%s); nothing is written",
	    status_name(status));
	return false;
}

static bool
fetch_list(struct order *order)
{
	char error[CTL_ERROR_MAX];

	if (!broker_get(
		order->broker, CTL_KEY_TRUST, "", &order->envelope, error)) {
		log_error("%s; nothing is written", error);
		return false;
	}
	order->files.list.envelope = order->envelope.bytes;
	order->files.list.len = order->envelope.len;
	order->files.list.list = &order->list;
	return order->envelope.bytes != NULL
		   ? read_list(order, &order->envelope)
		   : complain("Redis has no list of operators: let an "
			      "operator push it (amiral-keygen trust push); "
			      "nothing is written");
}

/* Who we are */

static bool
find_hostname(struct order *order)
{
	const struct addrinfo hints = { .ai_flags = AI_CANONNAME,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	char name[HOSTNAME_MAX + 1] = "";
	const char *found = order->hostname;

	if (found == NULL && gethostname(name, sizeof(name)) == 0) {
		name[HOSTNAME_MAX] = '\0';
		found = name;
		if (strchr(name, '.') == NULL &&
		    getaddrinfo(name, NULL, &hints, &list) == 0 &&
		    list->ai_canonname != NULL)
			found = list->ai_canonname;
	}
	if (found != NULL && name_is_host(found))
		snprintf(order->files.hostname, sizeof(order->files.hostname),
		    "%s", found);
	else
		log_error("this machine's name is none that amiral can use: "
			  "say --hostname NAME, in lower case");
	if (list != NULL)
		freeaddrinfo(list);
	return order->files.hostname[0] != '\0';
}

static bool
is_outside(const struct ifaddrs *at)
{
	return at->ifa_addr != NULL && (at->ifa_flags & IFF_LOOPBACK) == 0 &&
	       (at->ifa_flags & IFF_UP) != 0 &&
	       (at->ifa_addr->sa_family == AF_INET ||
		   at->ifa_addr->sa_family == AF_INET6);
}

/* The first address that others may reach us by: a hint for a person. */
static void
find_address(char out[static ENROLL_ADDRESS_MAX + 1])
{
	struct ifaddrs *list = NULL, *at;

	snprintf(out, ENROLL_ADDRESS_MAX + 1, "localhost");
	if (getifaddrs(&list) != 0)
		return;
	for (at = list; at != NULL; at = at->ifa_next) {
		socklen_t size = sizeof(struct sockaddr_in);

		if (!is_outside(at))
			continue;
		if (at->ifa_addr->sa_family == AF_INET6)
			size = sizeof(struct sockaddr_in6);
		if (getnameinfo(at->ifa_addr, size, out, ENROLL_ADDRESS_MAX + 1,
			NULL, 0, NI_NUMERICHOST) == 0)
			break;
	}
	freeifaddrs(list);
}

/* The announcement */

static char *
build(const struct order *order, size_t *len)
{
	struct enroll enroll = { .issued = clock_wall_ms(), .has_token = true };

	snprintf(enroll.fleet, sizeof(enroll.fleet), "%s", order->token.fleet);
	snprintf(enroll.hostname, sizeof(enroll.hostname), "%s",
	    order->files.hostname);
	find_address(enroll.address);
	memcpy(enroll.token_id, order->token.id, sizeof(enroll.token_id));
	enroll_mac(&enroll, &order->files.secret.public_key,
	    order->token.secret, enroll.mac);
	return enroll_build(&enroll, len);
}

/* The signer owns the secret from here on. */
static uint8_t *
sign(struct order *order, const char *payload, size_t *len,
    char error[static KEY_ERROR_MAX])
{
	struct signer *signer = signer_from_secret(&order->files.secret);
	uint8_t *envelope = NULL;

	if (signer == NULL) {
		snprintf(error, KEY_ERROR_MAX, "out of memory");
		return NULL;
	}
	envelope = signer_envelope(signer, ENVELOPE_ENROLL,
	    (const uint8_t *)payload, *len, len, error);
	order->files.secret = (struct secret_key){ 0 };
	signer_free(signer);
	return envelope;
}

static bool
announce(struct order *order)
{
	char fingerprint[FINGERPRINT_SIZE], error[CTL_ERROR_MAX];
	size_t len = 0;
	char *payload = build(order, &len);
	uint8_t *envelope = NULL;
	bool good;

	sign_fingerprint(&order->files.secret.public_key, fingerprint);
	if (payload == NULL)
		return complain("out of memory");
	envelope = sign(order, payload, &len, error);
	good = envelope != NULL &&
	       broker_set(order->broker, CTL_KEY_ENROLL, fingerprint,
		   ENROLL_EXPIRY_MS, envelope, len, error);
	free(envelope);
	free(payload);
	if (!good) {
		log_error("%s; the files are written, and the same line again "
			  "announces this host",
		    error);
		return false;
	}
	printf(
	    "%s announces itself by %s\n", order->files.hostname, fingerprint);
	return true;
}

static void
explain(const struct order *order)
{
	fprintf(stderr,
	    "Compare this fingerprint where the host is accepted by eye. "
	    "Configuration: %s\nNow start amirald; it is believed when an "
	    "operator's amiral-keygen accept has run.\n",
	    order->files.conf);
}

/* The phases: everything is known, then verified, then written, then said. */
static int
enroll(struct order *order)
{
	char error[CTL_ERROR_MAX], password[PASSWORD_MAX];
	/* A password is for the address that amirald will use. */
	struct settings settings = { .password_file =
					 order->place.redis == NULL
					     ? order->place.password_file
					     : NULL };
	struct broker_place redis = { .url = order->token.url,
		.password = password,
		.fleet = order->token.fleet };

	if (!find_hostname(order))
		return 1;
	if (settings_password(&settings, password, error))
		order->broker = broker_open(&redis, error);
	sodium_memzero(password, sizeof(password));
	if (order->broker == NULL) {
		log_error("%s; nothing is written", error);
		return 1;
	}
	if (!fetch_list(order) ||
	    !enroll_files_prepare(
		&order->files, &order->place, &order->token) ||
	    !enroll_files_write(&order->files) || !announce(order))
		return 1;
	explain(order);
	return 0;
}

static bool
read_option(struct order *order, int option, char *value)
{
	if (option == OPTION_SSH_KEY)
		order->place.ssh_key = value != NULL ? value : SSH_HOST_KEY;
	else if (option == OPTION_HOSTNAME)
		order->hostname = value;
	else if (option == OPTION_REDIS)
		order->place.redis = value;
	else if (option == OPTION_PASSWORD)
		order->place.password_file = value;
	else if (option == OPTION_DIRECTORY)
		order->place.directory = value;
	else if (option == OPTION_SET &&
		 order->place.set_count < ENROLL_SETTINGS_MAX)
		order->place.set[order->place.set_count++] = value;
	else
		return false;
	return true;
}

int
command_enroll(const struct command *self, int argc, char **argv)
{
	static const struct option options[] = {
		{ "ssh-host-key", optional_argument, NULL, OPTION_SSH_KEY },
		{ "hostname", required_argument, NULL, OPTION_HOSTNAME },
		{ "redis", required_argument, NULL, OPTION_REDIS },
		{ "password-file", required_argument, NULL, OPTION_PASSWORD },
		{ "directory", required_argument, NULL, OPTION_DIRECTORY },
		{ "set", required_argument, NULL, OPTION_SET },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct order order = { .place.directory = AMIRAL_SYSCONFDIR };
	int option, status = 1;

	while ((option = getopt_long(argc, argv, "d:h", options, NULL)) != -1) {
		if (option == 'h')
			return keygen_help(self);
		if (!read_option(&order, option, optarg))
			return keygen_usage(self);
	}
	if (optind != argc)
		return keygen_usage(self);
	if (read_token(&order.token))
		status = enroll(&order);
	broker_close(order.broker);
	enroll_files_clear(&order.files);
	trust_clear(&order.list);
	free(order.envelope.bytes);
	token_wipe(&order.token);
	return status;
}
