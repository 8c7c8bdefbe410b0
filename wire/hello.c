/* See hello.h. Part of gate and controller. */
#include "wire/hello.h"

#include <string.h>

#include "wire/json.h"
#include "wire/verify/base64.h"

#define CERTIFICATE_MAX 4096 /* bytes before base64 */
#define BOOT_TEXT       24

static const struct json_member hello_members[] = {
	{ "version", JSON_INTEGER, true, 1, 1 },
	{ "fleet", JSON_STRING, true, 1, FLEET_MAX },
	{ "hostname", JSON_STRING, true, 1, HOSTNAME_MAX },
	{ "boot", JSON_STRING, true, BOOT_TEXT, BOOT_TEXT },
	{ "at", JSON_INTEGER, true, 0, JSON_TIME_MAX },
	{ "trust", JSON_INTEGER, true, 0, INT64_MAX },
	{ "agent", JSON_STRING, true, 1,
	    sizeof((struct hello){ 0 }.agent) - 1 },
	{ "signatures", JSON_INTEGER, true, 1, HELLO_KEYS_MAX },
	{ "facts", JSON_OBJECT, true, 0, 0 },
	{ "serial", JSON_INTEGER, false, 1, INT64_MAX },
	{ "certificate", JSON_STRING, false, 4, HELLO_MAX },
	{ 0 },
};

static enum status
read_names(struct hello *hello, const json_t *root)
{
	if (!json_get_name(root, "fleet", name_is_fleet, hello->fleet,
		sizeof(hello->fleet)) ||
	    !json_get_name(root, "hostname", name_is_host, hello->hostname,
		sizeof(hello->hostname)) ||
	    !json_get_name(root, "agent", json_text_printable, hello->agent,
		sizeof(hello->agent)))
		return STATUS_RANGE;
	return STATUS_OK;
}

static enum status
read_certificate(struct hello *hello, const json_t *root)
{
	uint8_t bytes[CERTIFICATE_MAX];
	size_t len;

	hello->certificate = json_get_text(root, "certificate", NULL);
	if (hello->certificate != NULL &&
	    !base64_decode(bytes, sizeof(bytes), hello->certificate,
		strlen(hello->certificate), &len))
		return STATUS_BASE64;
	return STATUS_OK;
}

static enum status
hello_read(struct hello *hello, const json_t *root)
{
	enum status status = json_check(root, hello_members);

	if (status == STATUS_OK)
		status = read_names(hello, root);
	if (status == STATUS_OK)
		status = read_certificate(hello, root);
	if (status != STATUS_OK)
		return status;
	if (!json_get_base64(root, "boot", hello->boot, sizeof(hello->boot)))
		return STATUS_BASE64;
	hello->at = json_get_integer(root, "at", 0);
	hello->trust = json_get_integer(root, "trust", 0);
	hello->signatures = (unsigned)json_get_integer(root, "signatures", 0);
	hello->serial = json_get_integer(root, "serial", 0);
	hello->facts = json_object_get(root, "facts");
	/* A second key stands for a rotation, which has its serial. */
	return (hello->signatures == 2) == (hello->serial != 0) ? STATUS_OK
								: STATUS_RANGE;
}

enum status
hello_parse(const uint8_t *payload, size_t len, struct hello *out)
{
	struct hello hello = { 0 };
	enum status status;

	if (len > HELLO_MAX)
		return STATUS_TOO_LONG;
	status = json_strict(payload, len, "facts", &hello.root);
	if (status != STATUS_OK)
		return status;
	status = hello_read(&hello, hello.root);
	if (status != STATUS_OK)
		hello_clear(&hello);
	else
		*out = hello;
	return status;
}

void
hello_clear(struct hello *hello)
{
	json_decref(hello->root);
	*hello = (struct hello){ 0 };
}

static json_t *
hello_object(const struct hello *hello)
{
	json_t *serial = NULL;
	json_t *boot = json_from_bytes(hello->boot, sizeof(hello->boot));

	if (boot == NULL)
		return NULL;
	if (hello->serial != 0) {
		serial = json_integer(hello->serial);
		if (serial == NULL) {
			json_decref(boot);
			return NULL;
		}
	}
	return json_pack("{si ss ss so sI sI ss sI sO so* ss*}", "version", 1,
	    "fleet", hello->fleet, "hostname", hello->hostname, "boot", boot,
	    "at", (json_int_t)hello->at, "trust", (json_int_t)hello->trust,
	    "agent", hello->agent, "signatures", (json_int_t)hello->signatures,
	    "facts", hello->facts, "serial", serial, "certificate",
	    hello->certificate);
}

char *
hello_build(const struct hello *hello, size_t *len)
{
	json_t *root = hello_object(hello);
	char *text = root == NULL ? NULL : json_compact(root, len);

	json_decref(root);
	return text;
}
