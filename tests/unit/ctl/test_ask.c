/* What amiral signs: what a host would accept, and nothing else. */
#include "check.h"

#include <sodium.h>

#include "base/name.h"
#include "cast.h"
#include "ctl/ask.h"
#include "wire/json.h"

static char error[CTL_ERROR_MAX];

static void
fill(const struct cast *cast, struct request *r)
{
	*r = (struct request){ .signatures = 1,
		.issued = 1000,
		.expires = 61000,
		.sealed = true,
		.stream = true,
		.timeout_s = 5 };
	strcpy(r->fleet, CAST_FLEET);
	strcpy(r->reply_to, CAST_ID);
	strcpy(r->operator_, "alice@example.com");
	strcpy(r->provider, "uptime");
	memcpy(r->seal_to, cast->pair.public_key, sizeof r->seal_to);
}

static void
open_ask(const struct ask *ask, struct request *out)
{
	uint8_t digest[ENVELOPE_DIGEST_SIZE];
	struct envelope envelope;

	assert_int_equal(
	    envelope_open(ask->envelope, ask->len, ENVELOPE_REQUEST, &envelope),
	    STATUS_OK);
	envelope_digest(&envelope, digest);
	assert_memory_equal(digest, ask->digest, sizeof digest);
	assert_int_equal(
	    request_parse(envelope.payload, envelope.payload_len, out),
	    STATUS_OK);
}

static void
test_sign_and_cancel(void **state)
{
	json_t *match = json_pack("{sb}", "all", 1);
	struct request request, parsed;
	struct ask ask, cancel;
	struct cast cast;
	uint8_t digest[ENVELOPE_DIGEST_SIZE];

	(void)state;
	cast_init(&cast);
	fill(&cast, &request);
	request.match = match;
	assert_true(ask_sign(&ask, &request, cast.signers[0], error));
	open_ask(&ask, &parsed);
	assert_string_equal(parsed.provider, "uptime");
	assert_true(parsed.sealed && parsed.stream);
	request_clear(&parsed);
	request.signatures = 2;
	assert_true(ask_cancel(&cancel, &request, &ask, 5000, "bob@example.com",
	    cast.signers[0], error));
	open_ask(&cancel, &parsed);
	assert_string_equal(parsed.operator_, "bob@example.com");
	assert_int_equal(parsed.signatures, 1);
	assert_string_equal(parsed.provider, "cancel");
	assert_string_equal(parsed.reply_to, CAST_ID);
	assert_true(
	    json_get_base64(parsed.args, "digest", digest, sizeof digest));
	assert_memory_equal(digest, ask.digest, sizeof digest);
	assert_int_equal(json_get_integer(parsed.args, "expires", 0), 61000);
	assert_int_equal(parsed.issued, 5000);
	request_clear(&parsed);
	ask_clear(&ask);
	ask_clear(&cancel);
	json_decref(match);
	cast_clear(&cast);
}

static void
test_refusals(void **state)
{
	json_t *match = json_pack("{sb}", "all", 1), *args, *text;
	struct request request;
	struct ask ask = { .envelope = NULL };
	struct cast cast;
	char *big = calloc(1, ENVELOPE_PAYLOAD_MAX + 1);

	(void)state;
	cast_init(&cast);
	fill(&cast, &request);
	request.match = match;
	args = json_pack("{sf}", "real", 1.5);
	request.args = args;
	assert_false(ask_sign(&ask, &request, cast.signers[0], error));
	assert_says(error, "json");
	json_decref(args);
	assert_non_null(big);
	memset(big, 'x', ENVELOPE_PAYLOAD_MAX);
	text = json_string(big);
	args = json_pack("{so}", "long", text);
	request.args = args;
	assert_false(ask_sign(&ask, &request, cast.signers[0], error));
	assert_says(error, "65536");
	json_decref(args);
	request.args = NULL;
	request.operator_[0] = ' ';
	assert_false(ask_sign(&ask, &request, cast.signers[0], error));
	assert_null(ask.envelope);
	free(big);
	json_decref(match);
	cast_clear(&cast);
}

static void
test_uuid(void **state)
{
	char a[UUID_LEN + 1], b[UUID_LEN + 1];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		ask_uuid(a);
		ask_uuid(b);
		assert_true(name_is_uuid(a));
		assert_string_not_equal(a, b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sign_and_cancel),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_uuid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
