/* One message of the stream: a reply of ours, or what is odd about it. */
#include "check.h"

#include "cast.h"
#include "keys/public.h"
#include "wire/json.h"

static void
look(const struct cast *cast, unsigned signer, const struct reply *reply,
    struct verified *v)
{
	size_t len;
	uint8_t *bytes = cast_sign(cast, signer, reply, &len);

	verify_reply(&cast->verify, bytes, len, v);
	free(bytes);
}

static struct reply
complete(const struct cast *cast, unsigned host, json_t *output)
{
	struct reply reply = cast_reply(cast, host, REPLY_COMPLETE, 0);

	reply.ended = ENDED_EXIT;
	reply.output = output;
	return reply;
}

static void
test_ours(void **state)
{
	json_t *output = json_pack("{si}", "exit", 0);
	struct verified v;
	struct reply reply;
	struct cast cast;

	(void)state;
	cast_init(&cast);
	reply = complete(&cast, 1, output);
	look(&cast, 1, &reply, &v);
	assert_int_equal(v.oddity, ODDITY_NONE);
	assert_int_equal(v.host, 1);
	assert_int_equal(v.request, 0);
	assert_int_equal(v.reply.status, REPLY_COMPLETE);
	reply_clear(&v.reply);
	json_decref(output);
	cast_clear(&cast);
}

static void
test_odd(void **state)
{
	json_t *output = json_pack("{si}", "exit", 0);
	static const struct {
		unsigned host, signer;
		enum oddity oddity;
	} rows[] = {
		{ 0, 1, ODDITY_WRONG_KEY }, /* one host in another's name */
		{ 3, 3, ODDITY_UNKNOWN_HOST },
		{ 3, 1, ODDITY_WRONG_KEY }, /* a known key, another name */
		{ 0, CAST_HOSTS, ODDITY_WRONG_KEY }, /* a stranger's key */
	};
	struct cast cast;

	(void)state;
	cast_init(&cast);
	for (int i = 0; i < COUNT(rows); i++) {
		struct reply reply = complete(&cast, rows[i].host, output);
		struct verified v;

		look(&cast, rows[i].signer, &reply, &v);
		assert_int_equal(v.oddity, rows[i].oddity);
		assert_string_equal(v.claimed, cast_name(rows[i].host));
		assert_true(v.has_key);
	}
	json_decref(output);
	cast_clear(&cast);
}

static void
test_revoked(void **state)
{
	json_t *output = json_pack("{si}", "exit", 0);
	char line[2048], text[8192], error[KNOWN_HOSTS_ERROR_MAX];
	struct verified v;
	struct reply reply;
	struct cast cast;

	(void)state;
	cast_init(&cast);
	known_hosts_free(cast.known);
	public_format(signer_key(cast.signers[0]), "", line);
	snprintf(text, sizeof text, "@revoked * %s\n%s %s\n", line,
	    cast_name(0), line);
	cast.known = known_hosts_parse("k", text, strlen(text), error);
	assert_non_null(cast.known);
	cast.verify.known = cast.known;
	reply = complete(&cast, 0, output);
	look(&cast, 0, &reply, &v);
	assert_int_equal(v.oddity, ODDITY_REVOKED_KEY);
	json_decref(output);
	cast_clear(&cast);
}

static void
test_other_requests(void **state)
{
	json_t *output = json_pack("{si}", "exit", 0);
	struct cast cast, other;
	struct reply reply;
	struct verified v;

	(void)state;
	cast_init(&cast);
	/* The same stream, another request's digest. */
	reply = cast_reply(&cast, 0, REPLY_START, 0);
	reply.request[0] ^= 1;
	look(&cast, 0, &reply, &v);
	assert_int_equal(v.oddity, ODDITY_OTHER_REQUEST);
	/* Another stream. */
	reply = cast_reply(&cast, 0, REPLY_START, 0);
	reply.in_reply_to[0] = '6';
	look(&cast, 0, &reply, &v);
	assert_int_equal(v.oddity, ODDITY_OTHER_REQUEST);
	/* Sealed for yesterday's request: it cannot even be opened. */
	other = cast;
	seal_pair_new(&other.pair);
	reply = complete(&cast, 0, output);
	reply.in_reply_to[0] = '6';
	look(&other, 0, &reply, &v);
	reply_clear(&v.reply);
	{
		size_t len;
		uint8_t *bytes = cast_sign(&other, 0, &reply, &len);

		verify_reply(&cast.verify, bytes, len, &v);
		assert_int_equal(v.oddity, ODDITY_OTHER_REQUEST);
		assert_string_equal(v.claimed, cast_name(0));
		free(bytes);
	}
	json_decref(output);
	cast_clear(&cast);
}

/* The second request of a run is its cancel. */
static void
test_second_request(void **state)
{
	struct reply reply;
	struct verified v;
	struct cast cast;

	(void)state;
	cast_init(&cast);
	reply = cast_reply(&cast, 0, REPLY_START, 0);
	memset(reply.request, 0x99, sizeof reply.request);
	look(&cast, 0, &reply, &v);
	assert_int_equal(v.oddity, ODDITY_OTHER_REQUEST);
	memset(cast.verify.requests[1], 0x99, ENVELOPE_DIGEST_SIZE);
	cast.verify.count = 2;
	look(&cast, 0, &reply, &v);
	assert_int_equal(v.oddity, ODDITY_NONE);
	assert_int_equal(v.request, 1);
	reply_clear(&v.reply);
	cast_clear(&cast);
}

/* A host signs alone: a second line may be anybody's, whoever came first. */
static void
test_one_signature(void **state)
{
	size_t first_len, second_len, line_len;
	uint8_t *first, *second, *both;
	struct reply reply;
	struct verified v;
	struct cast cast;

	(void)state;
	cast_init(&cast);
	reply = cast_reply(&cast, 0, REPLY_START, 0);
	first = cast_sign(&cast, 0, &reply, &first_len);
	second = cast_sign(&cast, 1, &reply, &second_len);
	line_len = strcspn((char *)first, "\n") + 1;
	both = malloc(line_len + second_len);
	assert_non_null(both);
	memcpy(both, first, line_len);
	memcpy(both + line_len, second, second_len);
	verify_reply(&cast.verify, both, line_len + second_len, &v);
	assert_int_equal(v.oddity, ODDITY_BAD_CONTENT);
	assert_string_equal(v.claimed, cast_name(0));
	free(first);
	free(second);
	free(both);
	cast_clear(&cast);
}

/* A sealed run takes no plain answer for its result. */
static void
test_no_plain_result(void **state)
{
	json_t *output = json_pack("{si}", "exit", 0);
	char error[KEY_ERROR_MAX];
	struct reply reply;
	struct verified v;
	struct cast cast;
	uint8_t *bytes;
	char *payload;
	size_t len;

	(void)state;
	cast_init(&cast);
	reply = complete(&cast, 0, output);
	payload = reply_build(&reply, &len);
	bytes = signer_envelope(cast.signers[0], ENVELOPE_REPLY,
	    (uint8_t *)payload, len, &len, error);
	assert_non_null(bytes);
	verify_reply(&cast.verify, bytes, len, &v);
	assert_int_equal(v.oddity, ODDITY_BAD_CONTENT);
	assert_string_equal(v.claimed, cast_name(0));
	free(bytes);
	/* Signed for another purpose. */
	bytes = signer_envelope(cast.signers[0], ENVELOPE_HELLO,
	    (uint8_t *)payload, strlen(payload), &len, error);
	verify_reply(&cast.verify, bytes, len, &v);
	assert_int_equal(v.oddity, ODDITY_BAD_SIGNATURE);
	assert_string_equal(v.claimed, "");
	assert_false(v.has_key);
	free(bytes);
	free(payload);
	json_decref(output);
	cast_clear(&cast);
}

/* No bit and no byte may be missing. */
static void
test_mutations(void **state)
{
	struct reply reply;
	struct verified v;
	struct cast cast;
	uint8_t *bytes;
	size_t len;

	(void)state;
	cast_init(&cast);
	reply = cast_reply(&cast, 0, REPLY_START, 0);
	bytes = cast_sign(&cast, 0, &reply, &len);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		verify_reply(&cast.verify, bytes, len, &v);
		assert_int_equal(v.oddity, ODDITY_BAD_SIGNATURE);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t cut = 0; cut < len; cut++) {
		verify_reply(&cast.verify, bytes, cut, &v);
		assert_int_equal(v.oddity, ODDITY_BAD_SIGNATURE);
	}
	verify_reply(&cast.verify, bytes, len, &v);
	assert_int_equal(v.oddity, ODDITY_NONE);
	reply_clear(&v.reply);
	free(bytes);
	cast_clear(&cast);
}

/* In threads or not: each result stands where its bytes stood. */
static void
test_batch(void **state)
{
	static const size_t sizes[] = { 0, 1, 31, 32, VERIFY_BATCH_MAX };
	struct verify_item *items = calloc(VERIFY_BATCH_MAX, sizeof *items);
	json_t *output = json_pack("{si}", "exit", 0);
	struct reply reply;
	struct cast cast;
	uint8_t *bytes[3];
	size_t len[3];

	(void)state;
	cast_init(&cast);
	assert_non_null(items);
	for (unsigned host = 0; host < 3; host++) {
		reply = complete(&cast, host, output);
		bytes[host] = cast_sign(&cast, host, &reply, &len[host]);
	}
	bytes[2][len[2] - 2] ^= 1;
	for (int round = 0; round < COUNT(sizes); round++) {
		for (size_t i = 0; i < sizes[round]; i++) {
			items[i].bytes = bytes[i % 3];
			items[i].len = len[i % 3];
		}
		verify_batch(&cast.verify, items, sizes[round]);
		for (size_t i = 0; i < sizes[round]; i++) {
			struct verified *v = &items[i].verified;

			assert_int_equal(v->oddity,
			    i % 3 == 2 ? ODDITY_BAD_SIGNATURE : ODDITY_NONE);
			if (i % 3 == 2)
				continue;
			assert_int_equal(v->host, i % 3);
			reply_clear(&v->reply);
		}
	}
	for (unsigned host = 0; host < 3; host++)
		free(bytes[host]);
	free(items);
	json_decref(output);
	cast_clear(&cast);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ours),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_revoked),
		cmocka_unit_test(test_other_requests),
		cmocka_unit_test(test_second_request),
		cmocka_unit_test(test_one_signature),
		cmocka_unit_test(test_no_plain_result),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
