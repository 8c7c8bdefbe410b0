/* See trust.h. Part of the gate and amiral-keygen. */
#include "wire/trust.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "wire/json.h"
#include "wire/verify/base64.h"

#define BASE64          sodium_base64_VARIANT_ORIGINAL
#define FINGERPRINT_LEN (FINGERPRINT_SIZE - 1)
#define PREFIX          "SHA256:"
#define PREFIX_LEN      7
#define KEY_TEXT_MAX    256
#define LENGTH_SIZE     4 /* of an RFC 4251 string */

static const struct json_member list_members[] = {
	{ "version", JSON_INTEGER, true, 1, 1 },
	{ "fleet", JSON_STRING, true, 1, FLEET_MAX },
	{ "serial", JSON_INTEGER, true, 1, INT64_MAX },
	{ "issued", JSON_INTEGER, true, 0, JSON_TIME_MAX },
	{ "expires", JSON_INTEGER, true, 0, JSON_TIME_MAX },
	{ "signers", JSON_ARRAY, true, 0, 0 },
	{ "revoked", JSON_ARRAY, true, 0, 0 },
	{ 0 },
};

static const struct json_member signer_members[] = {
	{ "principal", JSON_STRING, true, 1, PRINCIPAL_MAX },
	{ "key", JSON_STRING, true, 1, KEY_TEXT_MAX - 1 },
	{ "valid_after", JSON_INTEGER, true, 0, JSON_TIME_MAX },
	{ "valid_before", JSON_INTEGER, true, 0, JSON_TIME_MAX },
	{ 0 },
};

bool
trust_is_fingerprint(const char *text)
{
	char padded[FINGERPRINT_LEN - PREFIX_LEN + 2];
	uint8_t digest[crypto_hash_sha256_BYTES];
	size_t len;

	if (strlen(text) != FINGERPRINT_LEN ||
	    strncmp(text, PREFIX, PREFIX_LEN) != 0)
		return false;
	memcpy(padded, text + PREFIX_LEN, sizeof(padded) - 2);
	padded[sizeof(padded) - 2] = '=';
	padded[sizeof(padded) - 1] = '\0';
	return base64_decode(
		   digest, sizeof(digest), padded, sizeof(padded) - 1, &len) &&
	       len == sizeof(digest);
}

/* The type's name stands first in a key's wire form, behind its length. */
static void
key_text(const struct public_key *key, char out[static KEY_TEXT_MAX])
{
	uint8_t blob[PUBLIC_BLOB_MAX];
	size_t len = sign_public_blob(key, blob), name_len = blob[3];

	memcpy(out, blob + LENGTH_SIZE, name_len);
	out[name_len] = ' ';
	sodium_bin2base64(
	    out + name_len + 1, KEY_TEXT_MAX - name_len - 1, blob, len, BASE64);
}

/* One text only for each key: writing it anew proves it. */
static bool
key_read_as(struct public_key *key, enum key_type type, const uint8_t *blob,
    size_t len, const char *text)
{
	size_t at = LENGTH_SIZE + blob[3] + LENGTH_SIZE;
	char again[KEY_TEXT_MAX];

	if (len < at + ED25519_KEY_SIZE)
		return false;
	key->type = type;
	memcpy(key->bytes, blob + at, ED25519_KEY_SIZE);
	key_text(key, again);
	return strcmp(again, text) == 0;
}

static bool
key_read(struct public_key *key, const char *text)
{
	const char *space = strchr(text, ' ');
	uint8_t blob[PUBLIC_BLOB_MAX] = { 0 };
	size_t len;

	if (space == NULL || !base64_decode(blob, sizeof(blob), space + 1,
				 strlen(space + 1), &len))
		return false;
	return (key_read_as(key, KEY_ED25519, blob, len, text) ||
		   key_read_as(key, KEY_SK_ED25519, blob, len, text)) &&
	       public_key_valid(key);
}

static enum status
signer_read(struct trust_signer *signer, const json_t *node)
{
	enum status status = json_check(node, signer_members);

	if (status != STATUS_OK)
		return status;
	signer->principal = json_get_text(node, "principal", NULL);
	signer->valid_after = json_get_integer(node, "valid_after", 0);
	signer->valid_before = json_get_integer(node, "valid_before", 0);
	if (!name_is_principal(signer->principal) ||
	    (signer->valid_before != 0 &&
		signer->valid_before <= signer->valid_after))
		return STATUS_RANGE;
	return key_read(&signer->key, json_get_text(node, "key", NULL))
		   ? STATUS_OK
		   : STATUS_KEY;
}

/* By the point alone: one secret, one place in the list. */
static bool
is_listed(const struct trust_list *list, const struct public_key *key)
{
	for (size_t i = 0; i < list->signer_count; i++) {
		if (memcmp(list->signers[i].key.bytes, key->bytes,
			ED25519_KEY_SIZE) == 0)
			return true;
	}
	return false;
}

static enum status
signers_read(struct trust_list *list, const json_t *array)
{
	size_t n = json_array_size(array);
	enum status status;

	if (n > TRUST_SIGNERS_MAX)
		return STATUS_RANGE;
	list->signers = calloc(n + 1, sizeof(*list->signers));
	if (list->signers == NULL)
		return STATUS_MEMORY;
	for (size_t i = 0; i < n; i++) {
		struct trust_signer signer;

		status = signer_read(&signer, json_array_get(array, i));
		if (status == STATUS_OK && is_listed(list, &signer.key))
			status = STATUS_SAME_KEY;
		if (status != STATUS_OK)
			return status;
		list->signers[list->signer_count++] = signer;
	}
	return STATUS_OK;
}

static enum status
revoked_read(struct trust_list *list, const json_t *array)
{
	size_t n = json_array_size(array);

	if (n > TRUST_REVOKED_MAX)
		return STATUS_RANGE;
	list->revoked = calloc(n + 1, sizeof(*list->revoked));
	if (list->revoked == NULL)
		return STATUS_MEMORY;
	for (size_t i = 0; i < n; i++) {
		const json_t *node = json_array_get(array, i);

		if (!json_is_string(node))
			return STATUS_SCHEMA;
		if (!trust_is_fingerprint(json_string_value(node)))
			return STATUS_RANGE;
		memcpy(list->revoked[list->revoked_count++],
		    json_string_value(node), FINGERPRINT_SIZE);
	}
	return STATUS_OK;
}

static enum status
list_read(struct trust_list *list)
{
	enum status status = json_check(list->root, list_members);

	if (status != STATUS_OK)
		return status;
	list->serial = json_get_integer(list->root, "serial", 0);
	list->issued = json_get_integer(list->root, "issued", 0);
	list->expires = json_get_integer(list->root, "expires", 0);
	if (list->expires <= list->issued ||
	    !json_get_name(list->root, "fleet", name_is_fleet, list->fleet,
		sizeof(list->fleet)))
		return STATUS_RANGE;
	status = signers_read(list, json_object_get(list->root, "signers"));
	if (status == STATUS_OK)
		status =
		    revoked_read(list, json_object_get(list->root, "revoked"));
	return status;
}

enum status
trust_parse(const uint8_t *payload, size_t len, struct trust_list *out)
{
	struct trust_list list = { 0 };
	enum status status;

	if (len > ENVELOPE_PAYLOAD_MAX)
		return STATUS_TOO_LONG;
	status = json_strict(payload, len, NULL, &list.root);
	if (status != STATUS_OK)
		return status;
	status = list_read(&list);
	if (status != STATUS_OK)
		trust_clear(&list);
	else
		*out = list;
	return status;
}

void
trust_clear(struct trust_list *list)
{
	json_decref(list->root);
	free(list->signers);
	free(list->revoked);
	*list = (struct trust_list){ 0 };
}

bool
trust_revokes(const struct trust_list *list, const char *fingerprint)
{
	for (size_t i = 0; i < list->revoked_count; i++) {
		if (strcmp(list->revoked[i], fingerprint) == 0)
			return true;
	}
	return false;
}

static json_t *
signers_array(const struct trust_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; array != NULL && i < list->signer_count; i++) {
		const struct trust_signer *signer = &list->signers[i];
		char key[KEY_TEXT_MAX];

		key_text(&signer->key, key);
		if (json_array_append_new(array,
			json_pack("{ss ss sI sI}", "principal",
			    signer->principal, "key", key, "valid_after",
			    (json_int_t)signer->valid_after, "valid_before",
			    (json_int_t)signer->valid_before)) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *
revoked_array(const struct trust_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; array != NULL && i < list->revoked_count; i++) {
		if (json_array_append_new(
			array, json_string(list->revoked[i])) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

/* What no host would take is not written. */
static bool
is_acceptable(const char *text, size_t len)
{
	struct trust_list list;

	if (trust_parse((const uint8_t *)text, len, &list) != STATUS_OK)
		return false;
	trust_clear(&list);
	return true;
}

char *
trust_build(const struct trust_list *list, size_t *len)
{
	json_t *root;
	char *text;

	/* "o" takes its reference over, also where packing fails. */
	root = json_pack("{si ss sI sI sI so so}", "version", 1, "fleet",
	    list->fleet, "serial", (json_int_t)list->serial, "issued",
	    (json_int_t)list->issued, "expires", (json_int_t)list->expires,
	    "signers", signers_array(list), "revoked", revoked_array(list));
	text = root == NULL ? NULL : json_compact(root, len);
	json_decref(root);
	if (text == NULL || is_acceptable(text, *len))
		return text;
	free(text);
	return NULL;
}
