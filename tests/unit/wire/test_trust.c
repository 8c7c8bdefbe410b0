/* The operators' list: schema, bounds, and what is written is read again. */
#include "wire/trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "members.h"
#include "wire/json.h"

#define FINGERPRINT "SHA256:QgVFO4kfHhkr9lsVw4lFyVfqvl8BL4Qu8bWj0vVYsgM"

static const struct public_key ALICE = { KEY_ED25519, { 1 } };

struct scene {
	struct public_key keys[TRUST_SIGNERS_MAX + 1];
	struct trust_signer signers[TRUST_SIGNERS_MAX + 1];
	char revoked[TRUST_REVOKED_MAX + 1][FINGERPRINT_SIZE];
	struct trust_list list;
	char *text;
};

static struct public_key
key_from(unsigned n, enum key_type type)
{
	uint8_t seed[crypto_sign_SEEDBYTES] = { 0 };
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
	struct public_key key = { .type = type };

	seed[0] = (uint8_t)n;
	seed[1] = (uint8_t)(n >> 8);
	assert_int_equal(crypto_sign_seed_keypair(key.bytes, secret, seed), 0);
	return key;
}

static void
scene_fill(struct scene *scene, size_t signers, size_t revoked)
{
	for (size_t i = 0; i < signers; i++)
		scene->signers[i] = (struct trust_signer){
			.principal = "o",
			.key = key_from((unsigned)i, KEY_ED25519),
		};
	for (size_t i = 0; i < revoked; i++) {
		struct public_key key = ALICE;

		key.bytes[1] = (uint8_t)i;
		key.bytes[2] = (uint8_t)(i >> 8);
		sign_fingerprint(&key, scene->revoked[i]);
	}
	scene->list = (struct trust_list){
		.fleet = "paris-3f9c21aa",
		.serial = 7,
		.issued = 1763800000000,
		.expires = 1763900000000,
		.signer_count = signers,
		.signers = scene->signers,
		.revoked_count = revoked,
		.revoked = scene->revoked,
	};
}

/* Two signers, the second a hardware key with a validity; one revoked key. */
static int
scene_make(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	size_t len;

	if (scene == NULL)
		return -1;
	scene_fill(scene, 2, 1);
	scene->signers[0].principal = "alice@example.com";
	scene->signers[1].principal = "bob@example.com";
	scene->signers[1].key = key_from(1, KEY_SK_ED25519);
	scene->signers[1].valid_after = 1763800000000;
	scene->signers[1].valid_before = 1763900000000;
	scene->text = trust_build(&scene->list, &len);
	*state = scene;
	return scene->text != NULL && strlen(scene->text) == len ? 0 : -1;
}

static int
scene_end(void **state)
{
	struct scene *scene = *state;

	free(scene->text);
	free(scene);
	return 0;
}

static enum status
parse(const uint8_t *payload, size_t len)
{
	struct trust_list list;
	enum status status = trust_parse(payload, len, &list);

	if (status == STATUS_OK)
		trust_clear(&list);
	return status;
}

static void
test_members(void **state)
{
	static const struct member_row rows[] = {
		{ "", "version", JSON_INTEGER, true },
		{ "", "fleet", JSON_STRING, true },
		{ "", "serial", JSON_INTEGER, true },
		{ "", "issued", JSON_INTEGER, true },
		{ "", "expires", JSON_INTEGER, true },
		{ "", "signers", JSON_ARRAY, true },
		{ "", "revoked", JSON_ARRAY, true },
		{ 0 },
	};
	const struct scene *scene = *state;

	members_check(parse, scene->text, rows);
}

static void
test_values(void **state)
{
	static const struct value_row rows[] = {
		{ "", "version", "2", STATUS_RANGE },
		{ "", "fleet", "\"paris\"", STATUS_RANGE },
		{ "", "serial", "0", STATUS_RANGE },
		{ "", "serial", "9223372036854775807", STATUS_OK },
		{ "", "issued", "-1", STATUS_RANGE },
		{ "", "issued", "1763899999999", STATUS_OK },
		{ "", "issued", "1763900000000", STATUS_RANGE },
		{ "", "expires", "253402300799999", STATUS_OK },
		{ "", "expires", "253402300800000", STATUS_RANGE },
		{ "", "signers", "[]", STATUS_OK },
		{ "", "signers", "[1]", STATUS_SCHEMA },
		{ "", "revoked", "[]", STATUS_OK },
		{ "", "revoked", "[1]", STATUS_SCHEMA },
		{ "", "revoked", "[\"\"]", STATUS_RANGE },
		{ "", "revoked", "[\"" FINGERPRINT "\"]", STATUS_OK },
		{ "", "revoked", "[\"" FINGERPRINT "=\"]", STATUS_RANGE },
		{ "", "revoked",
		    "[\"SHA256:QgVFO4kfHhkr9lsVw4lFyVfqvl8BL4Qu8bWj0vVYsgN\"]",
		    STATUS_RANGE },
		{ "", "revoked",
		    "[\"MD5256:QgVFO4kfHhkr9lsVw4lFyVfqvl8BL4Qu8bWj0vVYsgM\"]",
		    STATUS_RANGE },
		{ 0 },
	};
	const struct scene *scene = *state;

	values_check(parse, scene->text, rows);
}

/* The list with one member of its first signer replaced; NULL removes it. */
static enum status
parse_signer(const struct scene *scene, const char *name, const char *value)
{
	json_t *root = json_loads(scene->text, 0, NULL), *signer;
	enum status status;
	size_t len;
	char *text;

	assert_non_null(root);
	signer = json_array_get(json_object_get(root, "signers"), 0);
	if (value == NULL)
		json_object_del(signer, name);
	else
		json_object_set_new(
		    signer, name, json_loads(value, JSON_DECODE_ANY, NULL));
	text = json_compact(root, &len);
	assert_non_null(text);
	status = parse((const uint8_t *)text, len);
	free(text);
	json_decref(root);
	return status;
}

static void
test_signer(void **state)
{
	static const struct {
		const char *name, *value;
		enum status expected;
	} rows[] = {
		{ "principal", NULL, STATUS_SCHEMA },
		{ "key", NULL, STATUS_SCHEMA },
		{ "valid_after", NULL, STATUS_SCHEMA },
		{ "valid_before", NULL, STATUS_SCHEMA },
		{ "namespaces", "\"amiral-trust-v1\"", STATUS_SCHEMA },
		{ "principal", "1", STATUS_SCHEMA },
		{ "principal", "\"\"", STATUS_RANGE },
		{ "principal", "\"*\"", STATUS_RANGE },
		{ "principal", "\"a b\"", STATUS_RANGE },
		{ "valid_after", "-1", STATUS_RANGE },
		{ "valid_before", "1", STATUS_OK },
		{ "key", "\"\"", STATUS_RANGE },
		{ "key", "\"ssh-ed25519\"", STATUS_KEY },
		{ "key", "\"ssh-ed25519 \"", STATUS_KEY },
		{ "key", "\"ssh-ed25519 AAAA\"", STATUS_KEY },
		{ "key",
		    "\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEAAAAAAAAAAAAAAAAA"
		    "AAAAAAAAAAAAAAAAAAAAAAAA\"",
		    STATUS_KEY }, /* no point of the group */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
		    parse_signer(*state, rows[i].name, rows[i].value),
		    rows[i].expected);
}

/* Every character of a key's text, exchanged for every other one. */
static void
test_key_text(void **state)
{
	const struct scene *scene = *state;
	json_t *root = json_loads(scene->text, 0, NULL);
	const char *good;
	char text[256];
	int len;

	assert_non_null(root);
	good = json_string_value(json_object_get(
	    json_array_get(json_object_get(root, "signers"), 0), "key"));
	len = snprintf(text, sizeof(text), "\"%s\"", good);
	assert_int_equal(parse_signer(scene, "key", text), STATUS_OK);
	/* The type and the head of the blob; behind that stands the point. */
	for (int i = 1; i < 12 + 25; i++) {
		text[i] ^= 1;
		if (text[i] != '"' && text[i] != '\\')
			assert_int_equal(
			    parse_signer(scene, "key", text), STATUS_KEY);
		text[i] ^= 1;
	}
	text[len - 1] = ' ';
	text[len] = '"';
	text[len + 1] = '\0';
	assert_int_equal(parse_signer(scene, "key", text), STATUS_KEY);
	json_decref(root);
}

static void
test_bytes(void **state)
{
	const struct scene *scene = *state;

	bytes_check(parse, scene->text);
}

static void
assert_same(const struct trust_list *a, const struct trust_list *b)
{
	assert_string_equal(a->fleet, b->fleet);
	assert_int_equal(a->serial, b->serial);
	assert_int_equal(a->issued, b->issued);
	assert_int_equal(a->expires, b->expires);
	assert_int_equal(a->signer_count, b->signer_count);
	for (size_t i = 0; i < a->signer_count; i++) {
		const struct trust_signer *x = &a->signers[i];
		const struct trust_signer *y = &b->signers[i];

		assert_string_equal(x->principal, y->principal);
		assert_true(public_key_equal(&x->key, &y->key));
		assert_int_equal(x->valid_after, y->valid_after);
		assert_int_equal(x->valid_before, y->valid_before);
	}
	assert_int_equal(a->revoked_count, b->revoked_count);
	for (size_t i = 0; i < a->revoked_count; i++)
		assert_string_equal(a->revoked[i], b->revoked[i]);
}

static void
test_round_trip(void **state)
{
	const struct scene *scene = *state;
	struct trust_list list;
	char *again;
	size_t len;

	assert_int_equal(trust_parse((const uint8_t *)scene->text,
			     strlen(scene->text), &list),
	    STATUS_OK);
	assert_same(&list, &scene->list);
	again = trust_build(&list, &len);
	assert_non_null(again);
	assert_string_equal(again, scene->text);
	free(again);
	trust_clear(&list);
	assert_null(list.root);
	assert_null(list.signers);
}

/* Full of either; one more of either is not written. */
static void
test_bounds(void **state)
{
	static const struct {
		size_t signers, revoked;
		bool good;
	} rows[] = {
		{ 0, 0, true }, { TRUST_SIGNERS_MAX, 0, true },
		{ TRUST_SIGNERS_MAX + 1, 0, false },
		{ 0, TRUST_REVOKED_MAX, true },
		{ 0, TRUST_REVOKED_MAX + 1, false },
		{ TRUST_SIGNERS_MAX, TRUST_REVOKED_MAX, false }, /* 64 KiB */
	};
	struct scene *scene = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len;
		char *text;

		scene_fill(scene, rows[i].signers, rows[i].revoked);
		text = trust_build(&scene->list, &len);
		assert_int_equal(text != NULL, rows[i].good);
		free(text);
	}
}

static void
test_one_key_twice(void **state)
{
	struct scene *scene = *state;
	size_t len;

	/* Also as another type: the secret is the same. */
	scene->signers[1].key = scene->signers[0].key;
	assert_null(trust_build(&scene->list, &len));
	scene->signers[1].key.type = KEY_SK_ED25519;
	assert_null(trust_build(&scene->list, &len));
}

static void
test_build_refused(void **state)
{
	struct scene *scene = *state;
	size_t len;

	scene->signers[0].principal = "\xff";
	assert_null(trust_build(&scene->list, &len));
	scene->signers[0].principal = "alice,bob";
	assert_null(trust_build(&scene->list, &len));
	scene_fill(scene, 1, 0);
	scene->list.serial = 0;
	assert_null(trust_build(&scene->list, &len));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define IN_SCENE(test)                                                         \
	cmocka_unit_test_setup_teardown(test, scene_make, scene_end)
		IN_SCENE(test_members),
		IN_SCENE(test_values),
		IN_SCENE(test_signer),
		IN_SCENE(test_key_text),
		IN_SCENE(test_bytes),
		IN_SCENE(test_round_trip),
		IN_SCENE(test_bounds),
		IN_SCENE(test_one_key_twice),
		IN_SCENE(test_build_refused),
	};

	if (sodium_init() < 0)
		return 1;
	json_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
