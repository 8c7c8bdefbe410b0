/* Envelopes written. Part of the gate, the controller and amiral-keygen. */
#include "wire/sign.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"

#define SK_APPLICATION "ssh:"
/* A signature in its wire form, sk's being the longer one. */
#define SIGNATURE_BLOB_MAX 128

static const char *const type_names[] = {
	[KEY_ED25519] = "ssh-ed25519",
	[KEY_SK_ED25519] = "sk-ssh-ed25519@openssh.com",
};

size_t
sign_public_blob(
    const struct public_key *key, uint8_t out[static PUBLIC_BLOB_MAX])
{
	struct writer w;

	writer_init(&w, out, PUBLIC_BLOB_MAX);
	writer_text(&w, type_names[key->type]);
	writer_string(&w, key->bytes, ED25519_KEY_SIZE);
	if (key->type == KEY_SK_ED25519)
		writer_text(&w, SK_APPLICATION);
	return w.used;
}

void
sign_fingerprint(
    const struct public_key *key, char out[static FINGERPRINT_SIZE])
{
	uint8_t blob[PUBLIC_BLOB_MAX], digest[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(digest, blob, sign_public_blob(key, blob));
	memcpy(out, "SHA256:", 7);
	sodium_bin2base64(out + 7, FINGERPRINT_SIZE - 7, digest, sizeof(digest),
	    sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

static size_t
signature_blob(
    const struct signature *sig, uint8_t out[static SIGNATURE_BLOB_MAX])
{
	struct writer w;

	writer_init(&w, out, SIGNATURE_BLOB_MAX);
	writer_text(&w, type_names[sig->key.type]);
	writer_string(&w, sig->bytes, ED25519_SIG_SIZE);
	if (sig->key.type == KEY_SK_ED25519) {
		writer_u8(&w, sig->flags);
		writer_u32(&w, sig->counter);
	}
	return w.used;
}

void
sign_line(enum envelope_kind kind, const struct signature *sig,
    char out[static SSHSIG_LINE_MAX + 1])
{
	uint8_t blob[SSHSIG_BLOB_MAX], part[PUBLIC_BLOB_MAX];
	uint8_t signature[SIGNATURE_BLOB_MAX];
	struct writer w;

	writer_init(&w, blob, sizeof(blob));
	writer_bytes(&w, "SSHSIG", 6);
	writer_u32(&w, 1);
	writer_string(&w, part, sign_public_blob(&sig->key, part));
	writer_text(&w, envelope_namespace(kind));
	writer_text(&w, "");
	writer_text(&w, "sha512");
	writer_string(&w, signature, signature_blob(sig, signature));
	sodium_bin2base64(out, SSHSIG_LINE_MAX + 1, blob, w.used,
	    sodium_base64_VARIANT_ORIGINAL);
}

uint8_t *
sign_envelope(const char *const lines[], unsigned n, const uint8_t *payload,
    size_t payload_len, size_t *len)
{
	struct writer w;
	uint8_t *bytes;
	size_t size;
	unsigned i;

	size = 1 + payload_len;
	for (i = 0; i < n; i++)
		size += strlen(lines[i]) + 1;
	bytes = malloc(size);
	if (bytes == NULL)
		return NULL;
	writer_init(&w, bytes, size);
	for (i = 0; i < n; i++) {
		writer_bytes(&w, lines[i], strlen(lines[i]));
		writer_u8(&w, '\n');
	}
	writer_u8(&w, '\n');
	writer_bytes(&w, payload, payload_len);
	*len = w.used;
	return bytes;
}
