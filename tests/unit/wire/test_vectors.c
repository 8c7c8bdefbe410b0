/*
 * The published vectors, as a receiver of bytes judges them. Its argument
 * is the directory of manifest.json.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "wire/hello.h"
#include "wire/json.h"
#include "wire/reply.h"
#include "wire/request.h"

struct vectors {
	const char *directory;
	json_t *manifest;
	struct seal_pair pair;
};

static enum status
judge_request(const struct envelope *envelope, const struct seal_pair *pair)
{
	struct request request;
	enum status status =
	    request_parse(envelope->payload, envelope->payload_len, &request);

	(void)pair;
	if (status == STATUS_OK)
		request_clear(&request);
	return status;
}

static enum status
judge_reply(const struct envelope *envelope, const struct seal_pair *pair)
{
	struct reply reply;
	enum status status =
	    reply_open(envelope->payload, envelope->payload_len, pair, &reply);

	if (status == STATUS_OK)
		reply_clear(&reply);
	return status;
}

static enum status
judge_hello(const struct envelope *envelope, const struct seal_pair *pair)
{
	struct hello hello;
	enum status status =
	    hello_parse(envelope->payload, envelope->payload_len, &hello);

	(void)pair;
	if (status == STATUS_OK)
		hello_clear(&hello);
	return status;
}

/* Trust lists and enrollments are parsed by those who read them. */
static enum status
judge_envelope(const struct envelope *envelope, const struct seal_pair *pair)
{
	(void)envelope;
	(void)pair;
	return STATUS_OK;
}

static const struct judge {
	const char *kind;
	enum status (*payload)(
	    const struct envelope *, const struct seal_pair *);
} judges[ENVELOPE_KINDS] = {
	[ENVELOPE_REQUEST] = { "request", judge_request },
	[ENVELOPE_REPLY] = { "reply", judge_reply },
	[ENVELOPE_HELLO] = { "hello", judge_hello },
	[ENVELOPE_ENROLL] = { "enroll", judge_envelope },
	[ENVELOPE_TRUST] = { "trust", judge_envelope },
};

static enum envelope_kind
kind_of(const json_t *vector)
{
	const char *name = json_get_text(vector, "kind", "");
	unsigned i = 0;

	while (i < ENVELOPE_KINDS && strcmp(judges[i].kind, name) != 0)
		i++;
	assert_true(i < ENVELOPE_KINDS);
	return (enum envelope_kind)i;
}

static uint8_t *
vector_read(const struct vectors *vectors, const json_t *vector, size_t *len)
{
	char path[4096];
	uint8_t *bytes = malloc(ENVELOPE_MAX + 1);
	FILE *file;

	assert_non_null(bytes);
	snprintf(path, sizeof(path), "%s/%s", vectors->directory,
	    json_get_text(vector, "file", ""));
	file = fopen(path, "rb");
	if (file == NULL)
		fail_msg("%s is missing", path);
	*len = fread(bytes, 1, ENVELOPE_MAX + 1, file);
	assert_true(*len <= ENVELOPE_MAX);
	fclose(file);
	return bytes;
}

static void
check_digest(const struct envelope *envelope, const json_t *vector)
{
	uint8_t digest[ENVELOPE_DIGEST_SIZE], expected[ENVELOPE_DIGEST_SIZE];

	envelope_digest(envelope, digest);
	assert_true(
	    json_get_base64(vector, "digest", expected, sizeof(expected)));
	assert_memory_equal(digest, expected, sizeof(expected));
}

static bool
vector_passes(const struct vectors *vectors, const json_t *vector)
{
	bool wire = strcmp(json_get_text(vector, "stage", ""), "wire") == 0;
	const char *expect =
	    wire ? json_get_text(vector, "expect", "") : status_name(STATUS_OK);
	bool sealed = json_object_get(vector, "open_with") != NULL;
	enum envelope_kind kind = kind_of(vector);
	struct envelope envelope;
	size_t len;
	uint8_t *bytes = vector_read(vectors, vector, &len);
	enum status status = envelope_open(bytes, len, kind, &envelope);

	if (status == STATUS_OK)
		status = judges[kind].payload(
		    &envelope, sealed ? &vectors->pair : NULL);
	if (strcmp(status_name(status), expect) != 0)
		print_message("# %s: %s instead of %s\n",
		    json_get_text(vector, "file", ""), status_name(status),
		    expect);
	if (status == STATUS_OK && wire)
		check_digest(&envelope, vector);
	free(bytes);
	return strcmp(status_name(status), expect) == 0;
}

static void
test_vectors(void **state)
{
	const struct vectors *vectors = *state;
	const json_t *list = json_object_get(vectors->manifest, "vectors");
	size_t n = json_array_size(list), passed = 0;

	for (size_t i = 0; i < n; i++)
		passed += vector_passes(vectors, json_array_get(list, i));
	assert_int_equal(passed, n);
	assert_true(n >= 300);
}

/* Each valid envelope under every other kind is refused. */
static void
test_other_kinds(void **state)
{
	const struct vectors *vectors = *state;
	const json_t *list = json_object_get(vectors->manifest, "vectors");
	unsigned tried = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *vector = json_array_get(list, i);
		struct envelope envelope;
		size_t len;
		uint8_t *bytes;

		if (strcmp(json_get_text(vector, "expect", ""), "ok") != 0)
			continue;
		bytes = vector_read(vectors, vector, &len);
		for (unsigned kind = 0; kind < ENVELOPE_KINDS; kind++)
			if (kind != kind_of(vector))
				assert_int_equal(
				    envelope_open(bytes, len,
					(enum envelope_kind)kind, &envelope),
				    STATUS_NAMESPACE);
		free(bytes);
		tried++;
	}
	assert_true(tried >= 15);
}

int
main(int argc, char *argv[])
{
	struct vectors vectors = { 0 };
	char path[4096];
	const json_t *seal;

	if (argc != 2 || sodium_init() < 0)
		return 1;
	json_prepare();
	snprintf(path, sizeof(path), "%s/manifest.json", argv[1]);
	vectors.directory = argv[1];
	vectors.manifest = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	seal = json_object_get(vectors.manifest, "seal");
	if (!json_get_base64(seal, "public", vectors.pair.public_key, 32) ||
	    !json_get_base64(seal, "secret", vectors.pair.secret_key, 32))
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_vectors, &vectors),
		cmocka_unit_test_prestate(test_other_kinds, &vectors),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	json_decref(vectors.manifest);
	return failed;
}
