/*
 * Envelopes read and verified, nothing of their payload interpreted. Part
 * of net, gate and the controller.
 */
#include "wire/verify/envelope.h"

#include <sodium.h>
#include <string.h>

#include "base/cursor.h"
#include "wire/verify/base64.h"

#define SK_APPLICATION "ssh:"
/* What a security key signs: two digests, flags and counter between them. */
#define SK_SIGNED_SIZE (2 * crypto_hash_sha256_BYTES + 5)

bool
public_key_equal(const struct public_key *a, const struct public_key *b)
{
	return a->type == b->type &&
	       memcmp(a->bytes, b->bytes, ED25519_KEY_SIZE) == 0;
}

bool
public_key_valid(const struct public_key *key)
{
	return crypto_core_ed25519_is_valid_point(key->bytes) == 1;
}

static enum status
read_line(const char *line, size_t len, enum envelope_kind kind,
    struct signature *out)
{
	uint8_t blob[SSHSIG_BLOB_MAX];
	size_t blob_len;

	if (!base64_decode(blob, sizeof(blob), line, len, &blob_len))
		return STATUS_BASE64;
	return layout_blob(blob, blob_len, kind, out);
}

/*
 * By the point alone: whoever holds its secret could write a signature of
 * either type with it, and would count as two.
 */
static bool
has_same_key(const struct envelope *e)
{
	unsigned i, j;

	for (i = 1; i < e->signatures; i++) {
		for (j = 0; j < i; j++) {
			if (memcmp(e->signature[i].key.bytes,
				e->signature[j].key.bytes,
				ED25519_KEY_SIZE) == 0)
				return true;
		}
	}
	return false;
}

enum status
envelope_read(const uint8_t *bytes, size_t len, enum envelope_kind kind,
    struct envelope *out)
{
	struct envelope read = { .signatures = 0 };
	struct layout layout;
	enum status status;
	unsigned i;

	status = layout_split(bytes, len, &layout);
	if (status != STATUS_OK)
		return status;
	for (i = 0; i < layout.lines; i++) {
		status = read_line(layout.line[i], layout.line_len[i], kind,
		    &read.signature[i]);
		if (status != STATUS_OK)
			return status;
	}
	read.signatures = layout.lines;
	if (has_same_key(&read))
		return STATUS_SAME_KEY;
	read.payload = layout.payload;
	read.payload_len = layout.payload_len;
	*out = read;
	return STATUS_OK;
}

size_t
sshsig_signed_data(enum envelope_kind kind, const uint8_t *payload, size_t len,
    uint8_t out[static SSHSIG_SIGNED_MAX])
{
	uint8_t digest[crypto_hash_sha512_BYTES];
	struct writer w;

	crypto_hash_sha512(digest, payload, len);
	writer_init(&w, out, SSHSIG_SIGNED_MAX);
	writer_bytes(&w, "SSHSIG", 6);
	writer_text(&w, envelope_namespace(kind));
	writer_text(&w, "");
	writer_text(&w, "sha512");
	writer_string(&w, digest, sizeof(digest));
	return w.used;
}

/* A security key signs digests: of its application and of the data. */
static size_t
sk_signed_data(const struct signature *sig, const uint8_t *data, size_t len,
    uint8_t out[static SK_SIGNED_SIZE])
{
	uint8_t digest[crypto_hash_sha256_BYTES];
	struct writer w;

	writer_init(&w, out, SK_SIGNED_SIZE);
	crypto_hash_sha256(
	    digest, (const uint8_t *)SK_APPLICATION, strlen(SK_APPLICATION));
	writer_bytes(&w, digest, sizeof(digest));
	writer_u8(&w, sig->flags);
	writer_u32(&w, sig->counter);
	crypto_hash_sha256(digest, data, len);
	writer_bytes(&w, digest, sizeof(digest));
	return w.used;
}

static enum status
verify_line(const struct signature *sig, const uint8_t *data, size_t len)
{
	uint8_t sk[SK_SIGNED_SIZE];

	if (sig->key.type == KEY_SK_ED25519) {
		len = sk_signed_data(sig, data, len, sk);
		data = sk;
	}
	if (crypto_sign_verify_detached(
		sig->bytes, data, len, sig->key.bytes) != 0)
		return STATUS_SIGNATURE;
	return STATUS_OK;
}

enum status
envelope_verify(const struct envelope *e, enum envelope_kind kind)
{
	uint8_t data[SSHSIG_SIGNED_MAX];
	enum status status;
	size_t len;
	unsigned i;

	if (e->signatures == 0)
		return STATUS_LINES;
	len = sshsig_signed_data(kind, e->payload, e->payload_len, data);
	for (i = 0; i < e->signatures; i++) {
		status = verify_line(&e->signature[i], data, len);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

static enum status
keys_judge(const struct envelope *e)
{
	for (unsigned i = 0; i < e->signatures; i++)
		if (!public_key_valid(&e->signature[i].key))
			return STATUS_KEY;
	return STATUS_OK;
}

enum status
envelope_open(const uint8_t *bytes, size_t len, enum envelope_kind kind,
    struct envelope *out)
{
	struct envelope read;
	enum status status;

	status = envelope_read(bytes, len, kind, &read);
	if (status == STATUS_OK)
		status = keys_judge(&read);
	if (status == STATUS_OK)
		status = envelope_verify(&read, kind);
	if (status == STATUS_OK)
		*out = read;
	return status;
}

void
envelope_digest(
    const struct envelope *e, uint8_t digest[static ENVELOPE_DIGEST_SIZE])
{
	crypto_hash_sha256(digest, e->payload, e->payload_len);
}
