/*
 * Fuzz target: memory that runs out. The first byte says what the others
 * are; it is read once with memory, and then again and again, each time with
 * another allocation that fails: that ends in a refusal or as it did with
 * memory, never in an acceptance of what was refused, and nothing is lost.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/cast.h"
#include "fuzz/fuzz.h"
#include "fuzz/memory.h"
#include "fuzz/mutate.h"
#include "keys/allowed_signers.h"
#include "keys/known_hosts.h"
#include "keys/operators.h"
#include "keys/secret.h"
#include "keys/signer.h"
#include "keys/token.h"
#include "wire/enroll.h"
#include "wire/hello.h"
#include "wire/json.h"
#include "wire/match.h"
#include "wire/reply.h"
#include "wire/request.h"
#include "wire/trust.h"

#define ALLOCATIONS_MAX 600
#define NOW_MS          1763800000500
#define FLEET           "paris-3f9c21aa"

/* What reads it: true where it was accepted, and written out again. */
typedef bool reader(const uint8_t *data, size_t size);

static bool
had(void *allocated)
{
	free(allocated);
	return allocated != NULL;
}

static bool
read_request(const uint8_t *data, size_t size)
{
	struct request request;
	bool good;
	size_t len;

	if (request_parse(data, size, &request) != STATUS_OK)
		return false;
	good = had(request_build(&request, &len));
	request_clear(&request);
	return good;
}

static bool
write_reply(const struct reply *reply)
{
	size_t len, sealed_len;
	char *text = reply_build(reply, &len);
	bool good =
	    text != NULL && had(reply_seal(reply, cast_seal()->public_key, text,
				len, &sealed_len));

	free(text);
	return good;
}

static bool
read_reply(const uint8_t *data, size_t size)
{
	struct reply reply;
	bool good;

	if (reply_open(data, size, NULL, &reply) != STATUS_OK)
		return false;
	good = write_reply(&reply);
	reply_clear(&reply);
	return good;
}

static bool
read_sealed(const uint8_t *data, size_t size)
{
	struct reply reply;

	if (reply_open(data, size, cast_seal(), &reply) != STATUS_OK)
		return false;
	reply_clear(&reply);
	return true;
}

static bool
read_hello(const uint8_t *data, size_t size)
{
	struct hello hello;
	bool good;
	size_t len;

	if (hello_parse(data, size, &hello) != STATUS_OK)
		return false;
	good = had(hello_build(&hello, &len));
	hello_clear(&hello);
	return good;
}

static bool
read_enroll(const uint8_t *data, size_t size)
{
	struct enroll enroll;
	size_t len;

	return enroll_parse(data, size, &enroll) == STATUS_OK &&
	       had(enroll_build(&enroll, &len));
}

static bool
read_trust(const uint8_t *data, size_t size)
{
	struct trust_list list;
	bool good;
	size_t len;

	if (trust_parse(data, size, &list) != STATUS_OK)
		return false;
	good = had(trust_build(&list, &len));
	trust_clear(&list);
	return good;
}

static bool
read_known_hosts(const uint8_t *data, size_t size)
{
	char error[KNOWN_HOSTS_ERROR_MAX];
	struct known_hosts *known =
	    known_hosts_parse("file", (const char *)data, size, error);

	known_hosts_free(known);
	return known != NULL;
}

static bool
read_allowed_signers(const uint8_t *data, size_t size)
{
	char error[ALLOWED_SIGNERS_ERROR_MAX];
	struct allowed_signers *signers =
	    allowed_signers_parse("file", (const char *)data, size, error);

	allowed_signers_free(signers);
	return signers != NULL;
}

/* A list in its envelope, to who believes the key "trust" of docs/vectors. */
static struct operators *
make_operators(void)
{
	char error[ALLOWED_SIGNERS_ERROR_MAX],
	    text[PUBLIC_LINE_MAX + 64] =
		"trust namespaces=\"amiral-trust-v1\" ";
	struct allowed_signers *own;
	struct operators *operators;

	strcat(text, cast_line(TRUST));
	own = allowed_signers_parse("file", text, strlen(text), error);
	if (own == NULL)
		return NULL;
	operators = operators_new(own);
	if (operators == NULL)
		allowed_signers_free(own);
	return operators;
}

static bool
read_operators(const uint8_t *data, size_t size)
{
	struct operators *operators = make_operators();
	enum status why = STATUS_OK;
	bool taken;

	if (operators == NULL)
		return false;
	taken = operators_take(operators, FLEET, data, size, NOW_MS, &why) ==
		OPERATORS_TAKEN;
	MUST(taken == (operators_list(operators) != NULL));
	operators_free(operators);
	return taken;
}

static bool
read_match(const uint8_t *data, size_t size)
{
	char *groups[] = { (char[]){ "web" }, NULL };
	struct match_host host = { "www01.example.com", FLEET, groups, NULL };
	json_t *match;
	bool good;

	if (json_strict(data, size, "", &match) != STATUS_OK)
		return false;
	host.facts = match;
	good = match_check(match) == STATUS_OK && match_test(match, &host);
	json_decref(match);
	return good;
}

static bool
read_token(const uint8_t *data, size_t size)
{
	char error[TOKEN_ERROR_MAX], text[TOKEN_TEXT_MAX];
	struct token token;
	bool good;

	if (size >= sizeof(text))
		return false;
	memcpy(text, data, size);
	text[size] = '\0';
	good = token_parse(&token, text, error) && token_format(&token, text);
	token_wipe(&token);
	return good;
}

/* The payload signed by a key that is made for it. */
static bool
sign_payload(const uint8_t *data, size_t size)
{
	char error[KEY_ERROR_MAX];
	struct secret_key secret;
	struct signer *signer;
	bool good;
	size_t len;

	MUST(secret_generate(&secret, "ours") == 0);
	signer = signer_from_secret(&secret);
	if (signer == NULL) {
		secret_free(&secret);
		return false;
	}
	good = had(
	    signer_envelope(signer, ENVELOPE_REPLY, data, size, &len, error));
	signer_free(signer);
	return good;
}

static reader *const readers[] = {
	read_request,
	read_reply,
	read_sealed,
	read_hello,
	read_enroll,
	read_trust,
	read_known_hosts,
	read_allowed_signers,
	read_operators,
	read_match,
	read_token,
	sign_payload,
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	reader *read =
	    readers[input_u8(&in) % (sizeof(readers) / sizeof(readers[0]))];
	bool accepted, again, failed;

	fuzz_prepare();
	accepted = read(in.at, in.left);
	for (unsigned n = 0; n < ALLOCATIONS_MAX; n++) {
		memory_fails(n);
		again = read(in.at, in.left);
		failed = memory_failed();
		MUST(accepted || !again);
		MUST(failed || again == accepted);
		if (!failed)
			break;
	}
	return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	if (size == 0 || seed % 16 == 0)
		return LLVMFuzzerMutate(data, size, max);
	return 1 + mutate_json(data + 1, size - 1, max - 1, seed);
}
