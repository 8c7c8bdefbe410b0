#include "cast.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sodium.h>

#include "keys/public.h"
#include "wire/json.h"

static const char *const names[CAST_HOSTS] = {
	"a.example.com",
	"b.example.com",
	"c.example.com",
	"d.example.com",
};

const char *
cast_name(unsigned host)
{
	return names[host];
}

static void
make_keys(struct cast *cast)
{
	for (unsigned i = 0; i <= CAST_HOSTS; i++) {
		struct secret_key secret;

		assert_int_equal(secret_generate(&secret, "test"), 0);
		cast->signers[i] = signer_from_secret(&secret);
		assert_non_null(cast->signers[i]);
	}
}

void
cast_init(struct cast *cast)
{
	char text[8192] = "", line[PUBLIC_LINE_MAX];
	char error[KNOWN_HOSTS_ERROR_MAX];

	memset(cast, 0, sizeof *cast);
	assert_int_not_equal(sodium_init(), -1);
	json_prepare();
	make_keys(cast);
	for (unsigned i = 0; i + 1 < CAST_HOSTS; i++) {
		public_format(signer_key(cast->signers[i]), "", line);
		strcat(strcat(strcat(strcat(text, names[i]), " "), line), "\n");
	}
	cast->known =
	    known_hosts_parse("known_hosts", text, strlen(text), error);
	assert_non_null(cast->known);
	seal_pair_new(&cast->pair);
	cast->verify = (struct verify_context){ .known = cast->known,
		.reply_to = CAST_ID,
		.pair = &cast->pair,
		.count = 1 };
	memset(cast->verify.requests[0], 0x17, ENVELOPE_DIGEST_SIZE);
}

void
cast_clear(struct cast *cast)
{
	for (unsigned i = 0; i <= CAST_HOSTS; i++)
		signer_free(cast->signers[i]);
	known_hosts_free(cast->known);
}

struct reply
cast_reply(const struct cast *cast, unsigned host, enum reply_status status,
    int64_t seq)
{
	struct reply reply = { .status = status, .seq = seq, .at = 1000 };

	strcpy(reply.in_reply_to, CAST_ID);
	memcpy(reply.request, cast->verify.requests[0], sizeof reply.request);
	if (status != REPLY_NOOP)
		strcpy(reply.uuid, CAST_UUID);
	strcpy(reply.hostname, names[host]);
	memset(reply.boot, 'B', sizeof reply.boot);
	return reply;
}

static uint8_t *
envelope(const struct cast *cast, unsigned signer, enum envelope_kind kind,
    char *payload, size_t payload_len, size_t *len)
{
	char error[KEY_ERROR_MAX];
	uint8_t *bytes;

	assert_non_null(payload);
	bytes = signer_envelope(cast->signers[signer], kind, (uint8_t *)payload,
	    payload_len, len, error);
	assert_non_null(bytes);
	free(payload);
	return bytes;
}

uint8_t *
cast_sign(const struct cast *cast, unsigned signer, const struct reply *reply,
    size_t *len)
{
	size_t payload_len, sealed_len;
	char *payload = reply_build(reply, &payload_len), *sealed;

	assert_non_null(payload);
	if (reply->status == REPLY_START || reply->status == REPLY_NOOP)
		return envelope(
		    cast, signer, ENVELOPE_REPLY, payload, payload_len, len);
	sealed = reply_seal(
	    reply, cast->pair.public_key, payload, payload_len, &sealed_len);
	free(payload);
	return envelope(cast, signer, ENVELOPE_REPLY, sealed, sealed_len, len);
}

uint8_t *
cast_hello(const struct cast *cast, unsigned signer, unsigned host, int64_t at,
    const char *facts, size_t *len)
{
	struct hello hello = { .at = at, .signatures = 1 };
	char *payload;
	size_t payload_len;

	strcpy(hello.fleet, CAST_FLEET);
	strcpy(hello.hostname, names[host]);
	strcpy(hello.agent, "0.1.0");
	hello.facts = json_loads(facts, 0, NULL);
	assert_non_null(hello.facts);
	payload = hello_build(&hello, &payload_len);
	json_decref(hello.facts);
	return envelope(
	    cast, signer, ENVELOPE_HELLO, payload, payload_len, len);
}

void
cast_verified(const struct cast *cast, unsigned host, const struct reply *reply,
    struct verified *out)
{
	size_t len;
	uint8_t *bytes = cast_sign(cast, host, reply, &len);

	verify_reply(&cast->verify, bytes, len, out);
	assert_int_equal(out->oddity, ODDITY_NONE);
	free(bytes);
}
