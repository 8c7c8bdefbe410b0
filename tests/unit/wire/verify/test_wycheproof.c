/*
 * Project Wycheproof's Ed25519 vectors against the verification that every
 * envelope goes through (the file under test is included, to reach it below
 * the envelope, whose signed bytes are never free). Argument: the JSON file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>

#include "wire/verify/envelope.c"

#define BYTES_MAX 4096
#define VECTORS   151

static size_t
from_hex(const json_t *object, const char *name, uint8_t out[BYTES_MAX])
{
	const char *hex = json_string_value(json_object_get(object, name));
	size_t len;

	assert_non_null(hex);
	assert_int_equal(
	    sodium_hex2bin(out, BYTES_MAX, hex, strlen(hex), NULL, &len, NULL),
	    0);
	return len;
}

/* The layout has room for 64 bytes and no others. */
static bool
accepts(const struct public_key *key, const json_t *vector)
{
	uint8_t bytes[BYTES_MAX], message[BYTES_MAX];
	struct signature sig = { .key = *key };
	size_t len;

	if (from_hex(vector, "sig", bytes) != ED25519_SIG_SIZE)
		return false;
	memcpy(sig.bytes, bytes, ED25519_SIG_SIZE);
	len = from_hex(vector, "msg", message);
	return verify_line(&sig, message, len) == STATUS_OK;
}

static unsigned
check_group(const json_t *group)
{
	const json_t *tests = json_object_get(group, "tests"), *vector;
	struct public_key key = { .type = KEY_ED25519 };
	uint8_t bytes[BYTES_MAX];
	bool valid;
	size_t i;

	assert_int_equal(
	    from_hex(json_object_get(group, "publicKey"), "pk", bytes),
	    ED25519_KEY_SIZE);
	memcpy(key.bytes, bytes, ED25519_KEY_SIZE);
	json_array_foreach (tests, i, vector) {
		valid =
		    strcmp(json_string_value(json_object_get(vector, "result")),
			"valid") == 0;
		if (accepts(&key, vector) != valid)
			fail_msg("tcId %d differs",
			    (int)json_integer_value(
				json_object_get(vector, "tcId")));
	}
	return (unsigned)json_array_size(tests);
}

static void
agrees_with_every_vector(void **state)
{
	const json_t *root = *state, *group;
	unsigned count = 0;
	size_t i;

	json_array_foreach (json_object_get(root, "testGroups"), i, group)
		count += check_group(group);
	assert_int_equal(count, VECTORS);
}

int
main(int argc, char **argv)
{
	json_t *root = argc == 2 ? json_load_file(argv[1], 0, NULL) : NULL;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(agrees_with_every_vector, root),
	};
	int failed;

	if (sodium_init() == -1 || root == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	json_decref(root);
	return failed;
}
