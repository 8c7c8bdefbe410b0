/* See request.h. Part of gate and controller. */
#include "wire/request.h"

#include <string.h>

#include "wire/json.h"
#include "wire/match.h"

static const char *const via_names[REPLY_VIAS] = {
	[REPLY_VIA_STREAM] = "stream",
	[REPLY_VIA_LIST] = "list",
	[REPLY_VIA_PUBSUB] = "pubsub",
};

const char *
reply_via_name(enum reply_via via)
{
	return via_names[via];
}

static const struct json_member request_members[] = {
	{ "version", JSON_INTEGER, true, 1, 1 },
	{ "fleet", JSON_STRING, true, 1, FLEET_MAX },
	{ "reply_to", JSON_STRING, true, UUID_LEN, UUID_LEN },
	{ "operator", JSON_STRING, true, 1, PRINCIPAL_MAX },
	{ "signatures", JSON_INTEGER, true, 1, ENVELOPE_LINES_MAX },
	{ "issued", JSON_INTEGER, true, 1, JSON_TIME_MAX },
	{ "expires", JSON_INTEGER, true, 1, JSON_TIME_MAX },
	{ "match", JSON_OBJECT, true, 0, 0 },
	{ "command", JSON_OBJECT, true, 0, 0 },
	{ "reply_via", JSON_STRING, false, 1, 16 },
	{ "seal_to", JSON_STRING, false, 44, 44 },
	{ "options", JSON_OBJECT, false, 0, 0 },
	{ 0 },
};

static const struct json_member command_members[] = {
	{ "provider", JSON_STRING, true, 1, PROVIDER_MAX },
	{ "args", JSON_OBJECT, false, 0, 0 },
	{ 0 },
};

static const struct json_member option_members[] = {
	{ "timeout", JSON_INTEGER, false, 0, REQUEST_TIMEOUT_MAX },
	{ "stream", JSON_TRUE, false, 0, 0 },
	{ "max_hosts", JSON_INTEGER, false, 0, REQUEST_HOSTS_MAX },
	{ "on_behalf_of", JSON_STRING, false, 0, PRINCIPAL_MAX },
	{ 0 },
};

static enum status
read_who(struct request *request, const json_t *root)
{
	if (!json_get_name(root, "fleet", name_is_fleet, request->fleet,
		sizeof(request->fleet)) ||
	    !json_get_name(root, "reply_to", name_is_uuid, request->reply_to,
		sizeof(request->reply_to)) ||
	    !json_get_name(root, "operator", name_is_principal,
		request->operator_, sizeof(request->operator_)))
		return STATUS_RANGE;
	request->signatures = (unsigned)json_get_integer(root, "signatures", 0);
	return STATUS_OK;
}

static enum status
read_when(struct request *request, const json_t *root)
{
	request->issued = json_get_integer(root, "issued", 0);
	request->expires = json_get_integer(root, "expires", 0);
	if (request->expires <= request->issued ||
	    request->expires - request->issued > REQUEST_TTL_MAX_MS)
		return STATUS_RANGE;
	return STATUS_OK;
}

static enum status
read_match(struct request *request, const json_t *root)
{
	request->match = json_object_get(root, "match");
	return match_check(request->match);
}

static enum status
read_command(struct request *request, const json_t *root)
{
	const json_t *command = json_object_get(root, "command");
	enum status status = json_check(command, command_members);

	if (status != STATUS_OK)
		return status;
	if (!json_get_name(command, "provider", name_is_provider,
		request->provider, sizeof(request->provider)))
		return STATUS_RANGE;
	request->args = json_object_get(command, "args");
	return STATUS_OK;
}

static enum status
read_reply_way(struct request *request, const json_t *root)
{
	const char *via = json_get_text(root, "reply_via", "stream");
	unsigned i = 0;

	while (i < REPLY_VIAS && strcmp(via, via_names[i]) != 0)
		i++;
	if (i == REPLY_VIAS)
		return STATUS_RANGE;
	request->reply_via = (enum reply_via)i;
	request->sealed = json_object_get(root, "seal_to") != NULL;
	if (request->sealed &&
	    !json_get_base64(root, "seal_to", request->seal_to, SEAL_KEY_SIZE))
		return STATUS_BASE64;
	return STATUS_OK;
}

static enum status
read_options(struct request *request, const json_t *root)
{
	const json_t *options = json_object_get(root, "options");
	enum status status;

	if (options == NULL)
		return STATUS_OK;
	status = json_check(options, option_members);
	if (status != STATUS_OK)
		return status;
	request->timeout_s = json_get_integer(options, "timeout", 0);
	request->stream = json_get_boolean(options, "stream", false);
	request->max_hosts = json_get_integer(options, "max_hosts", 0);
	if (json_object_get(options, "on_behalf_of") != NULL &&
	    !json_get_name(options, "on_behalf_of", json_text_printable,
		request->on_behalf_of, sizeof(request->on_behalf_of)))
		return STATUS_RANGE;
	return STATUS_OK;
}

/* Hosts do not see each other: only a list can keep a bound. */
static enum status
check_max_hosts(struct request *request, const json_t *root)
{
	size_t names = json_array_size(
	    json_object_get(json_object_get(root, "match"), "hosts"));

	if (request->max_hosts > 0 &&
	    (names == 0 || names > (size_t)request->max_hosts))
		return STATUS_RANGE;
	return STATUS_OK;
}

static enum status
request_read(struct request *request, const json_t *root)
{
	static enum status (*const steps[])(
	    struct request *, const json_t *) = {
		read_who,
		read_when,
		read_command,
		read_reply_way,
		read_options,
		read_match,
		check_max_hosts,
	};
	enum status status = json_check(root, request_members);

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (status != STATUS_OK)
			break;
		status = steps[i](request, root);
	}
	return status;
}

enum status
request_parse(const uint8_t *payload, size_t len, struct request *out)
{
	struct request request = { 0 };
	enum status status;

	if (len > ENVELOPE_PAYLOAD_MAX)
		return STATUS_TOO_LONG;
	status = json_strict(payload, len, NULL, &request.root);
	if (status != STATUS_OK)
		return status;
	status = request_read(&request, request.root);
	if (status != STATUS_OK)
		request_clear(&request);
	else
		*out = request;
	return status;
}

void
request_clear(struct request *request)
{
	json_decref(request->root);
	*request = (struct request){ 0 };
}

static json_t *
request_object(const struct request *request)
{
	json_t *seal_to = NULL;

	if (request->sealed) {
		seal_to = json_from_bytes(request->seal_to, SEAL_KEY_SIZE);
		if (seal_to == NULL)
			return NULL;
	}
	return json_pack("{si ss ss ss sI sI sI sO s{ss sO*} ss so*"
			 " s{sI sb sI ss}}",
	    "version", 1, "fleet", request->fleet, "reply_to",
	    request->reply_to, "operator", request->operator_, "signatures",
	    (json_int_t)request->signatures, "issued",
	    (json_int_t)request->issued, "expires",
	    (json_int_t)request->expires, "match", request->match, "command",
	    "provider", request->provider, "args", request->args, "reply_via",
	    reply_via_name(request->reply_via), "seal_to", seal_to, "options",
	    "timeout", (json_int_t)request->timeout_s, "stream",
	    (int)request->stream, "max_hosts", (json_int_t)request->max_hosts,
	    "on_behalf_of", request->on_behalf_of);
}

char *
request_build(const struct request *request, size_t *len)
{
	json_t *root = request_object(request);
	char *text = root == NULL ? NULL : json_compact(root, len);

	json_decref(root);
	return text;
}

/*
 * Every u of low order on Curve25519 (RFC 7748, section 6.1 and the modulus
 * of section 4.1): 0, 1, the two of order 8, p - 1, and p and p + 1, which
 * are 0 and 1 again. Compared rather than multiplied: admission is the hot
 * path, and libsodium multiplies once more when it seals.
 */
static const char *const low_order[] = {
	"\x00\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x00",
	"\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x00",
	"\xe0\xeb\x7a\x7c\x3b\x41\xb8\xae\x16\x56\xe3\xfa\xf1\x9f\xc4\x6a"
	"\xda\x09\x8d\xeb\x9c\x32\xb1\xfd\x86\x62\x05\x16\x5f\x49\xb8\x00",
	"\x5f\x9c\x95\xbc\xa3\x50\x8c\x24\xb1\xd0\xb1\x55\x9c\x83\xef\x5b"
	"\x04\x44\x5c\xc4\x58\x1c\x8e\x86\xd8\x22\x4e\xdd\xd0\x9f\x11\x57",
	"\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
	"\xed\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
	"\xee\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
};

bool
request_seal_ok(const struct request *request)
{
	uint8_t point[SEAL_KEY_SIZE];

	memcpy(point, request->seal_to, SEAL_KEY_SIZE);
	point[SEAL_KEY_SIZE - 1] &= 0x7f; /* X25519 ignores the top bit */
	for (size_t i = 0; i < sizeof(low_order) / sizeof(low_order[0]); i++)
		if (memcmp(point, low_order[i], SEAL_KEY_SIZE) == 0)
			return false;
	return true;
}
