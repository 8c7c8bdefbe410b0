/* Host certificates. Part of the gate and the controller. */
#include "keys/certificate.h"

#include <sodium.h>
#include <string.h>

#include "base/cursor.h"
#include "keys/public.h"
#include "wire/verify/base64.h"
#include "wire/verify/envelope.h"

#define TYPE      "ssh-ed25519-cert-v01@openssh.com"
#define TYPE_HOST 2
#define TYPE_USER 1

#define NO_CERTIFICATE                                                         \
	"it is no Ed25519 certificate with names, by an Ed25519 authority"

static const char *const fault_texts[CERTIFICATE_FAULTS] = {
	[CERTIFICATE_GOOD] = "it is good",
	[CERTIFICATE_MALFORMED] = NO_CERTIFICATE,
	[CERTIFICATE_USER] = "it is a user's, not a host's",
	[CERTIFICATE_OPTIONS] = "it has critical options",
	[CERTIFICATE_SIGNATURE] = "its authority has not signed it",
	[CERTIFICATE_KEY] = "it is for another key",
	[CERTIFICATE_AUTHORITY] = "no @cert-authority line has its authority",
	[CERTIFICATE_REVOKED] = "its key or its authority is revoked",
	[CERTIFICATE_PRINCIPAL] = "it is for other names",
	[CERTIFICATE_NOT_YET] = "its time has not come yet",
	[CERTIFICATE_EXPIRED] = "it has expired",
};

const char *
certificate_fault_text(enum certificate_fault fault)
{
	return fault_texts[fault];
}

/* Everything in front of the signature, in order. */
struct fields {
	uint32_t type;
	size_t options_len, reserved_len;
	const uint8_t *authority, *signature;
	size_t authority_len, signature_len;
	size_t signed_len; /* of the blob: what the signature is over */
};

static bool
key_read(struct public_key *key, struct cursor *c)
{
	const uint8_t *bytes;
	size_t len;

	bytes = cursor_string(c, &len);
	if (bytes == NULL || len != ED25519_KEY_SIZE)
		return false;
	key->type = KEY_ED25519;
	memcpy(key->bytes, bytes, ED25519_KEY_SIZE);
	return public_key_valid(key);
}

static bool
fields_read(struct certificate *out, struct fields *fields, const uint8_t *blob,
    size_t len)
{
	char type[sizeof(TYPE)];
	struct cursor c;
	size_t ignored;

	cursor_init(&c, blob, len);
	if (!cursor_text(&c, type, sizeof(type)) || strcmp(type, TYPE) != 0)
		return false;
	cursor_string(&c, &ignored); /* nonce */
	if (!key_read(&out->key, &c))
		return false;
	cursor_u64(&c); /* serial */
	fields->type = cursor_u32(&c);
	cursor_string(&c, &ignored); /* key id */
	out->principals = cursor_string(&c, &out->principals_len);
	out->after = cursor_u64(&c);
	out->before = cursor_u64(&c);
	cursor_string(&c, &fields->options_len);
	cursor_string(&c, &ignored); /* extensions: none matters to a host */
	cursor_string(&c, &fields->reserved_len);
	fields->authority = cursor_string(&c, &fields->authority_len);
	fields->signed_len = len - c.left;
	fields->signature = cursor_string(&c, &fields->signature_len);
	return cursor_done(&c) && fields->reserved_len == 0;
}

static bool
principals_are_whole(const struct certificate *certificate)
{
	struct cursor c;
	size_t len, n = 0;

	cursor_init(&c, certificate->principals, certificate->principals_len);
	while (!c.bad && c.left > 0) {
		cursor_string(&c, &len);
		n++;
	}
	return !c.bad && n > 0;
}

/* "ssh-ed25519" and 64 bytes, nothing else. */
static bool
signature_is_good(const struct certificate *certificate,
    const struct fields *fields, const uint8_t *blob)
{
	const uint8_t *bytes;
	struct cursor c;
	char type[16];
	size_t len;

	cursor_init(&c, fields->signature, fields->signature_len);
	cursor_text(&c, type, sizeof(type));
	bytes = cursor_string(&c, &len);
	return cursor_done(&c) && len == ED25519_SIG_SIZE &&
	       strcmp(type, public_type_name(KEY_ED25519)) == 0 &&
	       crypto_sign_verify_detached(bytes, blob, fields->signed_len,
		   certificate->authority.bytes) == 0;
}

enum certificate_fault
certificate_read(struct certificate *out, const uint8_t *blob, size_t len)
{
	struct certificate certificate;
	struct fields fields;

	if (len > CERTIFICATE_MAX ||
	    !fields_read(&certificate, &fields, blob, len) ||
	    !principals_are_whole(&certificate) ||
	    !public_from_blob(&certificate.authority, fields.authority,
		fields.authority_len) ||
	    certificate.authority.type != KEY_ED25519)
		return CERTIFICATE_MALFORMED;
	if (fields.type == TYPE_USER)
		return CERTIFICATE_USER;
	if (fields.type != TYPE_HOST)
		return CERTIFICATE_MALFORMED;
	if (fields.options_len != 0)
		return CERTIFICATE_OPTIONS;
	if (!signature_is_good(&certificate, &fields, blob))
		return CERTIFICATE_SIGNATURE;
	*out = certificate;
	return CERTIFICATE_GOOD;
}

static bool
has_principal(const struct certificate *certificate, const char *host)
{
	const uint8_t *name;
	struct cursor c;
	size_t len;

	cursor_init(&c, certificate->principals, certificate->principals_len);
	while ((name = cursor_string(&c, &len)) != NULL) {
		if (len == strlen(host) && memcmp(name, host, len) == 0)
			return true;
	}
	return false;
}

enum certificate_fault
certificate_judge(
    const struct certificate *certificate, const char *host, int64_t now_ms)
{
	uint64_t now = now_ms < 0 ? 0 : (uint64_t)now_ms / 1000;

	if (!has_principal(certificate, host))
		return CERTIFICATE_PRINCIPAL;
	if (now < certificate->after)
		return CERTIFICATE_NOT_YET;
	return now >= certificate->before ? CERTIFICATE_EXPIRED
					  : CERTIFICATE_GOOD;
}

const char *
certificate_line(char *text, uint8_t blob[static CERTIFICATE_MAX], size_t *len)
{
	const char *type, *base64;
	size_t line = strcspn(text, "\n");

	if (text[line] == '\n' && text[line + 1] != '\0')
		return NULL;
	text[line] = '\0';
	type = strsep(&text, " ");
	base64 = strsep(&text, " ");
	if (base64 == NULL || strcmp(type, TYPE) != 0 ||
	    !base64_decode(blob, CERTIFICATE_MAX, base64, strlen(base64), len))
		return NULL;
	return base64;
}
