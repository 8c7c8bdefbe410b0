#include "ctl/ask.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "wire/json.h"

#define CANCEL_TTL_MS 60000

void
ask_uuid(char out[static UUID_LEN + 1])
{
	static const unsigned char dash_before[16] = {
		[4] = 1, [6] = 1, [8] = 1, [10] = 1
	};
	static const char digits[] = "0123456789abcdef";
	uint8_t bytes[16];
	char *p = out;

	randombytes_buf(bytes, sizeof bytes);
	bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof bytes; i++) {
		if (dash_before[i])
			*p++ = '-';
		*p++ = digits[bytes[i] >> 4];
		*p++ = digits[bytes[i] & 0x0f];
	}
	*p = '\0';
}

/* A host would refuse it in silence, so the reason must come from here. */
static bool
check_payload(const char *payload, size_t len, char error[static CTL_ERROR_MAX])
{
	struct request parsed;
	enum status status;

	if (len > ENVELOPE_PAYLOAD_MAX) {
		snprintf(error, CTL_ERROR_MAX,
		    "the request has %zu bytes, at most %d fit: name fewer "
		    "hosts (-F 'hostname=GLOB') or shorten its arguments",
		    len, ENVELOPE_PAYLOAD_MAX);
		return false;
	}
	status = request_parse((const uint8_t *)payload, len, &parsed);
	if (status != STATUS_OK) {
		snprintf(error, CTL_ERROR_MAX,
		    "the hosts would refuse this request (%s): arguments are "
		    "UTF-8 without NUL, whole numbers, nested up to 13 deep",
		    status_name(status));
		return false;
	}
	request_clear(&parsed);
	return true;
}

bool
ask_sign(struct ask *out, const struct request *request, struct signer *signer,
    char error[static CTL_ERROR_MAX])
{
	struct ask ask = { .envelope = NULL };
	size_t len;
	char *payload = request_build(request, &len);

	if (payload == NULL) {
		snprintf(error, CTL_ERROR_MAX,
		    "the request cannot be written: arguments are no UTF-8, "
		    "or out of memory");
		return false;
	}
	if (check_payload(payload, len, error))
		ask.envelope = signer_envelope(signer, ENVELOPE_REQUEST,
		    (const uint8_t *)payload, len, &ask.len, error);
	crypto_hash_sha256(ask.digest, (const unsigned char *)payload, len);
	free(payload);
	if (ask.envelope == NULL)
		return false;
	*out = ask;
	return true;
}

bool
ask_cancel(struct ask *out, const struct request *request,
    const struct ask *asked, int64_t now_ms, const char *operator_,
    struct signer *signer, char error[static CTL_ERROR_MAX])
{
	char digest[sodium_base64_ENCODED_LEN(
	    ENVELOPE_DIGEST_SIZE, sodium_base64_VARIANT_ORIGINAL)];
	struct request cancel = *request;
	json_t *args;
	bool good;

	sodium_bin2base64(digest, sizeof digest, asked->digest,
	    sizeof asked->digest, sodium_base64_VARIANT_ORIGINAL);
	args = json_pack("{ss sI}", "digest", digest, "expires",
	    (json_int_t)request->expires);
	snprintf(cancel.operator_, sizeof cancel.operator_, "%s", operator_);
	cancel.signatures = 1;
	strcpy(cancel.provider, "cancel");
	cancel.args = args;
	cancel.issued = now_ms;
	cancel.expires = now_ms + CANCEL_TTL_MS;
	cancel.timeout_s = 0;
	cancel.stream = false;
	good = ask_sign(out, &cancel, signer, error);
	json_decref(args);
	return good;
}

void
ask_clear(struct ask *ask)
{
	free(ask->envelope);
	*ask = (struct ask){ .envelope = NULL };
}
