/* See enroll.h. Part of amiral-keygen. */
#include "wire/enroll.h"

#include <sodium.h>
#include <string.h>

#include "base/cursor.h"
#include "base/log.h"
#include "wire/json.h"
#include "wire/sign.h"

#define ID_TEXT  12 /* characters of base64 */
#define MAC_TEXT 44
/* Three strings more than the namespace, the blob, and the time. */
#define MACED_MAX (32 + 4 * 4 + FLEET_MAX + HOSTNAME_MAX + PUBLIC_BLOB_MAX + 8)

static const struct json_member enroll_members[] = {
	{ "version", JSON_INTEGER, true, 1, 1 },
	{ "fleet", JSON_STRING, true, 1, FLEET_MAX },
	{ "hostname", JSON_STRING, true, 1, HOSTNAME_MAX },
	{ "address", JSON_STRING, true, 1, ENROLL_ADDRESS_MAX },
	{ "issued", JSON_INTEGER, true, 0, JSON_TIME_MAX },
	{ "token_id", JSON_STRING, false, ID_TEXT, ID_TEXT },
	{ "mac", JSON_STRING, false, MAC_TEXT, MAC_TEXT },
	{ 0 },
};

static enum status
read_names(struct enroll *enroll, const json_t *root)
{
	if (!json_get_name(root, "fleet", name_is_fleet, enroll->fleet,
		sizeof(enroll->fleet)) ||
	    !json_get_name(root, "hostname", name_is_host, enroll->hostname,
		sizeof(enroll->hostname)) ||
	    !json_get_name(root, "address", json_text_printable,
		enroll->address, sizeof(enroll->address)))
		return STATUS_RANGE;
	return STATUS_OK;
}

static enum status
read_token(struct enroll *enroll, const json_t *root)
{
	bool id = json_object_get(root, "token_id") != NULL;
	bool mac = json_object_get(root, "mac") != NULL;

	if (id != mac)
		return STATUS_SCHEMA;
	enroll->has_token = id;
	if (id && (!json_get_base64(root, "token_id", enroll->token_id,
		       sizeof(enroll->token_id)) ||
		      !json_get_base64(
			  root, "mac", enroll->mac, sizeof(enroll->mac))))
		return STATUS_BASE64;
	return STATUS_OK;
}

enum status
enroll_parse(const uint8_t *payload, size_t len, struct enroll *out)
{
	struct enroll enroll = { 0 };
	enum status status;
	json_t *root;

	if (len > ENROLL_MAX)
		return STATUS_TOO_LONG;
	status = json_strict(payload, len, NULL, &root);
	if (status != STATUS_OK)
		return status;
	status = json_check(root, enroll_members);
	if (status == STATUS_OK)
		status = read_names(&enroll, root);
	if (status == STATUS_OK)
		status = read_token(&enroll, root);
	if (status == STATUS_OK) {
		enroll.issued = json_get_integer(root, "issued", 0);
		*out = enroll;
	}
	json_decref(root);
	return status;
}

static bool
add_token(json_t *root, const struct enroll *enroll)
{
	return json_object_set_new(root, "token_id",
		   json_from_bytes(
		       enroll->token_id, sizeof(enroll->token_id))) == 0 &&
	       json_object_set_new(root, "mac",
		   json_from_bytes(enroll->mac, sizeof(enroll->mac))) == 0;
}

char *
enroll_build(const struct enroll *enroll, size_t *len)
{
	char *text = NULL;
	json_t *root;

	root = json_pack("{si ss ss ss sI}", "version", 1, "fleet",
	    enroll->fleet, "hostname", enroll->hostname, "address",
	    enroll->address, "issued", (json_int_t)enroll->issued);
	if (root != NULL && (!enroll->has_token || add_token(root, enroll)))
		text = json_compact(root, len);
	json_decref(root);
	return text;
}

void
enroll_mac(const struct enroll *enroll, const struct public_key *key,
    const uint8_t secret[static ENROLL_SECRET_SIZE],
    uint8_t mac[static ENROLL_MAC_SIZE])
{
	const char *purpose = envelope_namespace(ENVELOPE_ENROLL);
	uint8_t maced[MACED_MAX], blob[PUBLIC_BLOB_MAX];
	struct writer w;

	writer_init(&w, maced, sizeof(maced));
	writer_bytes(&w, purpose, strlen(purpose));
	writer_text(&w, enroll->fleet);
	writer_string(&w, enroll->token_id, sizeof(enroll->token_id));
	writer_text(&w, enroll->hostname);
	writer_string(&w, blob, sign_public_blob(key, blob));
	writer_u64(&w, (uint64_t)enroll->issued);
	if (!writer_done(&w) || crypto_generichash(mac, ENROLL_MAC_SIZE, maced,
				    w.used, secret, ENROLL_SECRET_SIZE) != 0)
		fatal("an announcement does not fit its own bounds");
}
