/* Request files: written and read, at their bounds, and spoilt in any way. */
#include "check.h"

#include <sodium.h>
#include <unistd.h>

#include "cast.h"
#include "ctl/cosign.h"
#include "tests/lib/place.h"
#include "wire/json.h"

#define FIRST  "alice@example.com"
#define SECOND "bob@example.com"
#define HEAD   62 /* bytes in front of the envelope */

static char error[CTL_ERROR_MAX];

struct scene {
	struct cast cast;
	json_t *match, *args;
	struct request request;
	uint8_t *bytes; /* of a file */
	size_t len;
};

static void
write_file(struct scene *s)
{
	char path[PLACE_MAX];
	struct ask ask;
	FILE *f;

	place_name(path, "cosign");
	assert_non_null(mkdtemp(path));
	assert_int_equal(chdir(path), 0);
	assert_true(ask_sign(&ask, &s->request, s->cast.signers[0], error));
	assert_true(cosign_is_free("file", error));
	assert_true(cosign_create("file", &ask, &s->cast.pair, error));
	assert_false(cosign_is_free("file", error));
	assert_false(cosign_create("file", &ask, &s->cast.pair, error));
	f = fopen("file", "rb");
	assert_non_null(f);
	s->bytes = malloc(COSIGN_MAX + 1);
	assert_non_null(s->bytes);
	s->len = fread(s->bytes, 1, COSIGN_MAX + 1, f);
	assert_int_equal(s->len, HEAD + ask.len);
	fclose(f);
	assert_int_equal(unlink("file"), 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(path), 0);
	ask_clear(&ask);
}

static int
setup(void **state)
{
	struct scene *s = calloc(1, sizeof *s);
	struct request *r;

	assert_non_null(s);
	cast_init(&s->cast);
	s->match = json_pack("{sb}", "all", 1);
	s->args = json_pack("{ss}", "name", "nginx");
	r = &s->request;
	*r = (struct request){ .fleet = CAST_FLEET,
		.reply_to = CAST_ID,
		.operator_ = FIRST,
		.signatures = 3,
		.issued = 1000,
		.expires = 61000,
		.match = s->match,
		.provider = "service",
		.args = s->args,
		.sealed = true };
	memcpy(r->seal_to, s->cast.pair.public_key, sizeof r->seal_to);
	write_file(s);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	json_decref(s->match);
	json_decref(s->args);
	cast_clear(&s->cast);
	free(s->bytes);
	free(s);
	return 0;
}

static bool
reads(const struct scene *s, const uint8_t *bytes, size_t len)
{
	struct cosign c;
	bool good = cosign_parse(&c, "file", bytes, len, error);

	if (good) {
		assert_string_equal(c.request.operator_, FIRST);
		assert_int_equal(c.envelope.signatures, 1);
		assert_memory_equal(c.pair.public_key, s->cast.pair.public_key,
		    sizeof c.pair.public_key);
	}
	cosign_clear(&c);
	return good;
}

/*
 * Every bit off and every length: refused. But X25519 ignores five bits of a
 * secret; with them off it is the same key.
 */
static void
test_spoilt(void **state)
{
	struct scene *s = *state;
	unsigned same = 0;

	assert_true(reads(s, s->bytes, s->len));
	for (size_t i = 0; i < s->len * 8; i++) {
		s->bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		if (reads(s, s->bytes, s->len)) {
			assert_true(i / 8 > 16 && i / 8 < HEAD);
			same++;
		}
		s->bytes[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_true(same < 64);
	for (size_t i = 0; i < s->len; i++)
		assert_false(reads(s, s->bytes, i));
	s->bytes[s->len] = ' ';
	assert_false(reads(s, s->bytes, s->len + 1));
}

static void
test_bounds(void **state)
{
	struct scene *s = *state;
	char *word = calloc(1, ENVELOPE_PAYLOAD_MAX + 1);
	size_t len, spare;

	assert_non_null(word);
	free(request_build(&s->request, &len));
	spare = ENVELOPE_PAYLOAD_MAX - len;
	memset(word, 'x', spare + 5); /* in the place of "nginx" */
	json_object_set_new(s->args, "name", json_string(word));
	free(s->bytes);
	write_file(s);
	assert_true(s->len <= COSIGN_MAX);
	assert_true(reads(s, s->bytes, s->len));
	assert_false(reads(s, s->bytes, COSIGN_MAX + 1));
	assert_says(error, "too long");
	free(word);
}

static void
test_live(void **state)
{
	struct scene *s = *state;
	struct cosign c;

	assert_true(cosign_parse(&c, "file", s->bytes, s->len, error));
	assert_true(cosign_is_live(&c, "file", CAST_FLEET, 60999, error));
	assert_false(cosign_is_live(&c, "file", CAST_FLEET, 61000, error));
	assert_says(error, "expired 0 s ago");
	assert_false(cosign_is_live(&c, "file", "other-00000000", 0, error));
	assert_says(error, "fleet " CAST_FLEET);
	/* What hosts would refuse today can be meant for another day. */
	assert_true(cosign_is_live(
	    &c, "file", CAST_FLEET, 1000 - REQUEST_SKEW_MS, error));
	assert_false(cosign_is_live(
	    &c, "file", CAST_FLEET, 999 - REQUEST_SKEW_MS, error));
	assert_says(error, "begins in 30 s");
	cosign_clear(&c);
}

/* No text of the first one's makes a row of its own on a narrow terminal. */
static void
test_shown(void **state)
{
	struct scene *s = *state;
	char *text = NULL;
	struct cosign c;
	size_t len;
	FILE *f;

	json_object_set_new(
	    s->args, "na\te \"x\"  pro\xe3\x80\x80vider", json_null());
	json_object_set_new(s->args, "note",
	    json_string("a    provider   uptime \\u0020 \t \xc2\xa0"));
	json_object_set_new(
	    s->match, "groups", json_pack("[s]", "b  provider   uptime"));
	strcpy(s->request.on_behalf_of, "carol  provider   uptime");
	free(s->bytes);
	write_file(s);
	assert_true(cosign_parse(&c, "file", s->bytes, s->len, error));
	f = open_memstream(&text, &len);
	assert_non_null(f);
	cosign_show(&c, "file", 0, f);
	assert_int_equal(fclose(f), 0);
	assert_null(strstr(text, "  provider   uptime"));
	assert_non_null(strstr(text, "\n  provider   service\n"));
	assert_says(text,
	    "\n  argument   na\\\\te\\u0020\\\\\"x\\\\\"\\u0020\\u0020"
	    "pro\\\\u3000vider null\n");
	assert_says(text,
	    "\n  argument   note \"a \\u0020 \\u0020provider \\u0020 uptime "
	    "\\\\\\\\u0020 \\\\t \\\\u00A0\"\n");
	assert_says(text,
	    "\n  targets    groups [\"b \\u0020provider \\u0020 uptime\"]\n");
	assert_says(text, "\n  for        carol \\u0020provider \\u0020 up");
	free(text);
	cosign_clear(&c);
}

/* The second and the third sign; nobody does twice. */
static void
test_add(void **state)
{
	struct scene *s = *state;
	char path[PLACE_MAX];
	struct cosign c, again;
	struct envelope e;

	place_name(path, "cosign");
	assert_non_null(mkdtemp(path));
	assert_int_equal(chdir(path), 0);
	assert_true(cosign_parse(&c, "file", s->bytes, s->len, error));
	assert_false(cosign_add(&c, "file", s->cast.signers[1], FIRST, error));
	assert_says(error, "has signed it already");
	assert_false(cosign_add(&c, "file", s->cast.signers[0], SECOND, error));
	assert_says(error, "has signed it already");
	assert_false(cosign_complete(&c));
	assert_true(cosign_add(&c, "file", s->cast.signers[1], SECOND, error));
	assert_false(cosign_complete(&c));
	assert_true(cosign_read(&again, "file", error));
	assert_memory_equal(again.ask.digest, c.ask.digest, 32);
	assert_false(
	    cosign_add(&again, "file", s->cast.signers[1], SECOND, error));
	assert_true(
	    cosign_add(&again, "file", s->cast.signers[2], "carol", error));
	assert_true(cosign_complete(&again));
	assert_int_equal(envelope_open(again.ask.envelope, again.ask.len,
			     ENVELOPE_REQUEST, &e),
	    STATUS_OK);
	assert_int_equal(e.signatures, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_true(public_key_equal(
		    &e.signature[i].key, signer_key(s->cast.signers[i])));
	cosign_clear(&again);
	cosign_clear(&c);
	assert_int_equal(unlink("file"), 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(path), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_spoilt),
		TEST(test_bounds),
		TEST(test_live),
		TEST(test_shown),
		TEST(test_add),
	};

	json_prepare();
	return sodium_init() == -1 ||
	       cmocka_run_group_tests_name("cosign", tests, NULL, NULL);
}
