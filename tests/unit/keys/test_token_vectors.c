/*
 * The published tokens, and the MACs that they let a host make. Its argument
 * is the directory of manifest.json.
 */
#include "keys/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/json.h"

struct vectors {
	const char *directory;
	json_t *manifest;
};

/* A piece of the message for each expectation but "ok". */
static const struct {
	const char *expect, *says;
} refusals[] = {
	{ "start", "this is no token" },
	{ "damaged", "the token is damaged" },
	{ "content", "the token's content" },
};

static uint8_t *
file_read(const struct vectors *vectors, const char *name, size_t *len)
{
	uint8_t *bytes = calloc(1, ENVELOPE_MAX + 1);
	char path[4096];
	FILE *file;

	assert_non_null(bytes);
	snprintf(path, sizeof(path), "%s/%s", vectors->directory, name);
	file = fopen(path, "rb");
	if (file == NULL)
		fail_msg("%s is missing", path);
	*len = fread(bytes, 1, ENVELOPE_MAX, file);
	fclose(file);
	return bytes;
}

/* Without its newline. */
static char *
line_read(const struct vectors *vectors, const char *name)
{
	size_t len;
	char *line = (char *)file_read(vectors, name, &len);

	assert_true(len > 0 && line[len - 1] == '\n');
	line[len - 1] = '\0';
	return line;
}

static void
assert_bytes(
    const json_t *vector, const char *name, const uint8_t *bytes, size_t size)
{
	uint8_t wanted[64];

	assert_true(json_get_base64(vector, name, wanted, size));
	assert_memory_equal(bytes, wanted, size);
}

static void
assert_members(
    const struct token *token, const json_t *vector, const char *line)
{
	char text[TOKEN_TEXT_MAX];

	assert_string_equal(token->fleet, json_get_text(vector, "fleet", ""));
	assert_string_equal(token->url, json_get_text(vector, "url", ""));
	assert_string_equal(token->signer, json_get_text(vector, "signer", ""));
	assert_int_equal(
	    token->expires, json_get_integer(vector, "expires", -1));
	assert_int_equal(token->serial, json_get_integer(vector, "serial", -1));
	assert_bytes(vector, "id", token->id, sizeof(token->id));
	assert_bytes(vector, "secret", token->secret, sizeof(token->secret));
	assert_true(token_format(token, text));
	assert_string_equal(text, line);
}

static void
assert_refused(const char *expect, const char *error)
{
	size_t i = 0, n = sizeof(refusals) / sizeof(refusals[0]);

	while (i < n && strcmp(refusals[i].expect, expect) != 0)
		i++;
	assert_true(i < n);
	assert_non_null(strstr(error, refusals[i].says));
}

static void
test_tokens(void **state)
{
	const struct vectors *vectors = *state;
	const json_t *list = json_object_get(vectors->manifest, "tokens");
	size_t good = 0, n = json_array_size(list);

	for (size_t i = 0; i < n; i++) {
		const json_t *vector = json_array_get(list, i);
		const char *name = json_get_text(vector, "file", "");
		const char *expect = json_get_text(vector, "expect", "");
		char *line = line_read(vectors, name), error[TOKEN_ERROR_MAX];
		struct token token;
		bool taken = token_parse(&token, line, error);

		if (taken != (strcmp(expect, "ok") == 0))
			fail_msg("%s: not %s", name, expect);
		if (taken)
			assert_members(&token, vector, line);
		else
			assert_refused(expect, error);
		good += taken;
		free(line);
	}
	assert_int_equal(good, 2);
	assert_true(n > 30);
}

/* Whether an announcement's MAC is one by the token that it names. */
static bool
is_vouched_for(const struct vectors *vectors, const json_t *vector)
{
	char *line = line_read(vectors, json_get_text(vector, "token", ""));
	char error[TOKEN_ERROR_MAX];
	uint8_t mac[ENROLL_MAC_SIZE], *bytes;
	struct envelope envelope;
	struct enroll enroll;
	struct token token;
	size_t len;

	bytes = file_read(vectors, json_get_text(vector, "file", ""), &len);
	assert_true(token_parse(&token, line, error));
	assert_int_equal(
	    envelope_open(bytes, len, ENVELOPE_ENROLL, &envelope), STATUS_OK);
	assert_int_equal(
	    enroll_parse(envelope.payload, envelope.payload_len, &enroll),
	    STATUS_OK);
	assert_true(enroll.has_token);
	enroll_mac(&enroll, &envelope.signature[0].key, token.secret, mac);
	free(line);
	free(bytes);
	return memcmp(mac, enroll.mac, sizeof(mac)) == 0;
}

static void
test_macs(void **state)
{
	const struct vectors *vectors = *state;
	const json_t *list = json_object_get(vectors->manifest, "vectors");
	size_t good = 0, bad = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *vector = json_array_get(list, i);
		bool ok =
		    strcmp(json_get_text(vector, "expect", ""), "ok") == 0;

		if (json_object_get(vector, "token") == NULL)
			continue;
		if (is_vouched_for(vectors, vector) != ok)
			fail_msg("%s", json_get_text(vector, "file", ""));
		good += ok;
		bad += !ok;
	}
	assert_int_equal(good, 1);
	assert_int_equal(bad, 7);
}

int
main(int argc, char *argv[])
{
	struct vectors vectors = { 0 };
	char path[4096];
	int failed;

	if (argc != 2 || sodium_init() < 0)
		return 1;
	json_prepare();
	snprintf(path, sizeof(path), "%s/manifest.json", argv[1]);
	vectors.directory = argv[1];
	vectors.manifest = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	if (vectors.manifest == NULL)
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_tokens, &vectors),
		cmocka_unit_test_prestate(test_macs, &vectors),
	};
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	json_decref(vectors.manifest);
	return failed;
}
