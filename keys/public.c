/* Public keys as OpenSSH writes them. Part of gate, controller and keygen. */
#include "keys/public.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/cursor.h"
#include "wire/sign.h"
#include "wire/verify/base64.h"
#include "wire/verify/envelope.h"

#define SK_APPLICATION "ssh:"
#define OTHER_BLOB_MAX 4096 /* a 16,384-bit RSA key has 2,071 */
#define TYPE_MAX       64

static const char *const type_names[] = {
	[KEY_ED25519] = "ssh-ed25519",
	[KEY_SK_ED25519] = "sk-ssh-ed25519@openssh.com",
};

#define TYPES (sizeof(type_names) / sizeof(type_names[0]))

const char *
public_type_name(enum key_type type)
{
	return type_names[type];
}

static bool
type_from_name(enum key_type *type, const char *name)
{
	size_t i;

	for (i = 0; i < TYPES; i++) {
		if (strcmp(type_names[i], name) == 0) {
			*type = (enum key_type)i;
			return true;
		}
	}
	return false;
}

static bool
application_read(struct cursor *c)
{
	char application[sizeof(SK_APPLICATION)];

	return cursor_text(c, application, sizeof(application)) &&
	       strcmp(application, SK_APPLICATION) == 0;
}

static bool
blob_decode(struct public_key *out, const uint8_t *blob, size_t len)
{
	struct public_key key;
	char name[TYPE_MAX];
	const uint8_t *bytes;
	struct cursor c;
	size_t n;

	cursor_init(&c, blob, len);
	if (!cursor_text(&c, name, sizeof(name)) ||
	    !type_from_name(&key.type, name))
		return false;
	bytes = cursor_string(&c, &n);
	if (bytes == NULL || n != ED25519_KEY_SIZE)
		return false;
	memcpy(key.bytes, bytes, ED25519_KEY_SIZE);
	if (key.type == KEY_SK_ED25519 && !application_read(&c))
		return false;
	if (!cursor_done(&c))
		return false;
	*out = key;
	return true;
}

bool
public_from_blob(struct public_key *out, const uint8_t *blob, size_t len)
{
	struct public_key key;

	if (!blob_decode(&key, blob, len) || !public_key_valid(&key))
		return false;
	*out = key;
	return true;
}

bool
public_decode_text(struct public_key *out, const char *type, const char *base64)
{
	uint8_t blob[PUBLIC_BLOB_MAX];
	struct public_key key;
	size_t len;

	if (!base64_decode(blob, sizeof(blob), base64, strlen(base64), &len) ||
	    !blob_decode(&key, blob, len) ||
	    strcmp(type, type_names[key.type]) != 0)
		return false;
	*out = key;
	return true;
}

bool
public_from_text(struct public_key *out, const char *type, const char *base64)
{
	struct public_key key;

	if (!public_decode_text(&key, type, base64) || !public_key_valid(&key))
		return false;
	*out = key;
	return true;
}

bool
public_is_other(const char *type, const char *base64)
{
	uint8_t blob[OTHER_BLOB_MAX];
	char name[TYPE_MAX];
	enum key_type ours;
	struct cursor c;
	size_t len;

	if (type_from_name(&ours, type) ||
	    !base64_decode(blob, sizeof(blob), base64, strlen(base64), &len))
		return false;
	cursor_init(&c, blob, len);
	return cursor_text(&c, name, sizeof(name)) && strcmp(name, type) == 0;
}

void
public_format(const struct public_key *key, const char *comment,
    char out[static PUBLIC_LINE_MAX])
{
	uint8_t blob[PUBLIC_BLOB_MAX];
	char base64[sodium_base64_ENCODED_LEN(
	    PUBLIC_BLOB_MAX, sodium_base64_VARIANT_ORIGINAL)];

	sodium_bin2base64(base64, sizeof(base64), blob,
	    sign_public_blob(key, blob), sodium_base64_VARIANT_ORIGINAL);
	snprintf(out, PUBLIC_LINE_MAX, "%s %s%s%s", type_names[key->type],
	    base64, comment[0] != '\0' ? " " : "", comment);
}
