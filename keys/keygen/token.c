/* Part of amiral-keygen: tokens, and the list that they pin. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "keys/keygen/keygen.h"
#include "keys/keygen/operator.h"
#include "keys/keygen/trust_copy.h"
#include "keys/signer.h"
#include "keys/token_record.h"

#define TOKEN_TTL_MS     3600000
#define TOKEN_TTL_MAX_MS (30LL * 86400 * 1000)
#define FIRST_SERIAL     1

struct order {
	struct operator_side side;
	int64_t ttl_ms, uses, serial;
	const char *host;
	const char *redis; /* for the hosts, or NULL */
	struct signer *signer;
	char fingerprint[FINGERPRINT_SIZE];
};

static bool
complain(const char *text)
{
	log_error("%s", text);
	return false;
}

static bool
read_ttl(struct order *order, const char *text)
{
	if (options_duration(text, &order->ttl_ms) && order->ttl_ms > 0 &&
	    order->ttl_ms <= TOKEN_TTL_MAX_MS)
		return true;
	return complain("--ttl takes a time up to 30d: 10m, 1h, 2d");
}

static bool
read_uses(struct order *order, const char *text)
{
	char *end;

	order->uses = strtol(text, &end, 10);
	if (end != text && *end == '\0' && order->uses >= 1 &&
	    order->uses <= TOKEN_USES_MAX)
		return true;
	return complain("--uses takes a number from 1 to 10000");
}

static bool
read_host(struct order *order, const char *text)
{
	order->host = text;
	if (glob_valid(text))
		return true;
	return complain("--host takes a pattern of names: 'www*.example.com'");
}

/* The list that is in force as far as Redis says, held against our own key. */
static bool
judge_list(struct order *order, const struct broker_value *value)
{
	struct envelope envelope;
	struct trust_list list;
	char signer[FINGERPRINT_SIZE];
	bool good;

	if (envelope_open(value->bytes, value->len, ENVELOPE_TRUST,
		&envelope) != STATUS_OK ||
	    trust_parse(envelope.payload, envelope.payload_len, &list) !=
		STATUS_OK)
		return complain("the operators' list in Redis is none: push "
				"it anew with amiral-keygen trust push");
	sign_fingerprint(&envelope.signature[0].key, signer);
	good = strcmp(list.fleet, order->side.settings.fleet) == 0 &&
	       envelope.signatures == 1 &&
	       strcmp(signer, order->fingerprint) == 0;
	order->serial = list.serial;
	if (!good)
		log_error("the operators' list in Redis is signed by %s, not "
			  "by your key %s: name the signer's key with -k",
		    signer, order->fingerprint);
	else if (list.expires <= clock_wall_ms())
		good = complain("the operators' list in Redis has expired: "
				"amiral-keygen trust push renews it");
	trust_clear(&list);
	return good;
}

static const char *
principal_of(const struct order *order)
{
	const char *name = order->side.settings.operator_ != NULL
			       ? order->side.settings.operator_
			       : signer_comment(order->signer);

	if (name_is_principal(name))
		return name;
	log_error("the key's comment is no operator's name: make one with "
		  "amiral-keygen new -C alice@example.com, or set "
		  "AMIRAL_OPERATOR");
	return NULL;
}

/* The number is used up before anybody can have seen it. */
static bool
send_first(struct order *order, struct trust_copy *copy)
{
	char error[CTL_ERROR_MAX] = "out of memory", *payload;
	uint8_t *envelope = NULL;
	size_t len = 0;
	bool good;

	payload = trust_build(&copy->list, &len);
	if (payload != NULL)
		envelope = signer_envelope(order->signer, ENVELOPE_TRUST,
		    (uint8_t *)payload, len, &len, error);
	free(payload);
	if (envelope == NULL)
		return complain(error);
	order->serial = copy->list.serial++;
	good = trust_copy_write(copy);
	if (good && !broker_set(order->side.broker, CTL_KEY_TRUST, "", 0,
			envelope, len, error))
		good = complain(error);
	free(envelope);
	return good;
}

/* A fleet's first list names the one operator that there is. */
static bool
push_first(struct order *order, struct trust_copy *copy)
{
	const struct trust_signer self = {
		.principal = principal_of(order),
		.key = *signer_key(order->signer),
	};

	if (copy->list.serial > 1)
		return complain("Redis has lost the operators' list, or hides "
				"it: amiral-keygen trust push");
	if (self.principal == NULL || !trust_copy_add(copy, &self) ||
	    !send_first(order, copy))
		return false;
	fprintf(stderr,
	    "The fleet had no list of operators yet: it names %s now.\n",
	    self.principal);
	return true;
}

/* What was pushed from here is never pinned lower. */
static bool
is_recent(const struct order *order, const struct trust_copy *copy)
{
	if (order->serial >= copy->list.serial - 1)
		return true;
	log_error("the operators' list in Redis has serial %lld, and %lld was "
		  "pushed from here: it went back in time",
	    (long long)order->serial, (long long)copy->list.serial - 1);
	return false;
}

static bool
pin_list(struct order *order)
{
	struct broker_value value = { 0 };
	struct trust_copy copy;
	char error[CTL_ERROR_MAX];
	bool good;

	if (!trust_copy_read(&copy, order->side.settings.fleet))
		return false;
	if (!broker_get(order->side.broker, CTL_KEY_TRUST, "", &value, error))
		good = complain(error);
	else if (value.bytes != NULL)
		good = judge_list(order, &value) && is_recent(order, &copy);
	else
		good = push_first(order, &copy);
	free(value.bytes);
	trust_copy_clear(&copy);
	return good;
}

/* Our own address without our own user, who is none of a new host's. */
static bool
set_url(const struct order *order, struct token *token)
{
	const char *url =
	    order->redis != NULL ? order->redis : order->side.settings.redis;
	const char *start = strstr(url, "://"), *user, *host;
	int n;

	host = start != NULL ? start + 3 : url;
	user = host;
	if (order->redis == NULL && host[strcspn(host, "@/")] == '@')
		host += strcspn(host, "@/") + 1;
	n = snprintf(token->url, sizeof(token->url), "%.*s%s",
	    (int)(user - url), url, host);
	return (n > 0 && n <= TOKEN_URL_MAX) ||
	       complain("the address of Redis is over 1023 bytes");
}

static bool
fill(const struct order *order, struct token *token,
    struct token_record *record, char text[static TOKEN_TEXT_MAX])
{
	const struct settings *settings = &order->side.settings;

	randombytes_buf(token->id, sizeof(token->id));
	randombytes_buf(token->secret, sizeof(token->secret));
	token->expires = record->expires = clock_wall_ms() + order->ttl_ms;
	token->serial = order->serial;
	record->uses = order->uses;
	snprintf(token->fleet, sizeof(token->fleet), "%s", settings->fleet);
	snprintf(record->fleet, sizeof(record->fleet), "%s", settings->fleet);
	snprintf(
	    token->signer, sizeof(token->signer), "%s", order->fingerprint);
	snprintf(record->host, sizeof(record->host), "%s", order->host);
	memcpy(record->secret, token->secret, sizeof(record->secret));
	if (!set_url(order, token))
		return false;
	return token_format(token, text) ||
	       complain("the token does not fit its own bounds");
}

static void
explain(const struct order *order)
{
	fprintf(stderr,
	    "On the new host, as root:  amiral-keygen enroll < TOKEN\n"
	    "Here, to let it in:        amiral-keygen accept --watch\n");
	if (order->uses > 1)
		fprintf(stderr,
		    "Whoever holds this token can take any free name that "
		    "matches %s, %lld times.\n",
		    order->host, (long long)order->uses);
}

/* The record is there before anybody can hold the token. */
static int
make(const struct order *order)
{
	char directory[PATH_MAX], text[TOKEN_TEXT_MAX], error[TOKEN_ERROR_MAX];
	struct token_record record = { 0 };
	struct token token = { 0 };
	bool good;

	good = fill(order, &token, &record, text) &&
	       operator_tokens(directory, true) &&
	       token_record_path(record.path, directory, token.id);
	if (good && !token_record_create(&record, error))
		good = complain(error);
	if (good) {
		puts(text);
		explain(order);
	}
	sodium_memzero(text, sizeof(text));
	token_record_clear(&record);
	token_wipe(&token);
	return good ? 0 : 1;
}

static int
perform(struct order *order)
{
	char error[KEY_ERROR_MAX];
	int status = 1;

	if (!operator_read(&order->side))
		return 1;
	order->signer = signer_open(order->side.settings.key, error);
	if (order->signer == NULL) {
		log_error("%s", error);
		return 1;
	}
	sign_fingerprint(signer_key(order->signer), order->fingerprint);
	if (operator_connect(&order->side) && pin_list(order))
		status = make(order);
	signer_free(order->signer);
	return status;
}

static bool
read_option(struct order *order, int option, const char *value)
{
	if (option == 't')
		return read_ttl(order, value);
	if (option == 'u')
		return read_uses(order, value);
	if (option == 'r') {
		order->redis = value;
		return true;
	}
	return read_host(order, value);
}

int
command_token(const struct command *self, int argc, char **argv)
{
	static const struct option options[] = {
		{ "ttl", required_argument, NULL, 't' },
		{ "uses", required_argument, NULL, 'u' },
		{ "host", required_argument, NULL, 'g' },
		{ "host-redis", required_argument, NULL, 'r' },
		OPERATOR_OPTIONS,
	};
	struct order order = { .ttl_ms = TOKEN_TTL_MS, .uses = 1, .host = "*" };
	int option, status;

	while ((option = getopt_long(
		    argc, argv, OPERATOR_LETTERS, options, NULL)) != -1) {
		if (operator_option(&order.side, option, optarg))
			continue;
		if (option == 'h')
			return keygen_help(self);
		if (option == '?')
			return keygen_usage(self);
		if (!read_option(&order, option, optarg))
			return 1;
	}
	if (optind != argc)
		return keygen_usage(self);
	status = perform(&order);
	operator_close(&order.side);
	return status;
}
