/*
 * Signing envelopes, whoever holds the key. Part of the gate, the controller
 * and amiral-keygen; opens nothing.
 */
#include "keys/signer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys/signer_core.h"
#include "wire/sign.h"

struct signer {
	const struct signer_backend *backend;
	void *state;
	struct public_key key;
	char comment[KEY_COMMENT_MAX + 1];
};

struct signer *
signer_make(const struct signer_backend *backend, void *state,
    const struct public_key *key, const char *comment)
{
	struct signer *signer = calloc(1, sizeof(*signer));

	if (signer == NULL)
		return NULL;
	signer->backend = backend;
	signer->state = state;
	signer->key = *key;
	snprintf(signer->comment, sizeof(signer->comment), "%s", comment);
	return signer;
}

static int
sign_with_secret(void *state, struct signature *sig, const uint8_t *data,
    size_t len, char error[static KEY_ERROR_MAX])
{
	(void)error; /* a secret key does not refuse */
	secret_sign(state, data, len, sig->bytes);
	return 0;
}

static void
close_secret(void *state)
{
	secret_free(state);
	free(state);
}

static const struct signer_backend secret_backend = {
	.sign = sign_with_secret,
	.close = close_secret,
	.ours = true,
};

struct signer *
signer_from_secret(struct secret_key *secret)
{
	struct secret_key *owned = malloc(sizeof(*owned));
	struct signer *signer;

	if (owned == NULL)
		return NULL;
	*owned = *secret;
	signer = signer_make(
	    &secret_backend, owned, &owned->public_key, owned->comment);
	if (signer == NULL) {
		free(owned);
		return NULL;
	}
	secret->seed = NULL; /* transferred */
	return signer;
}

void
signer_free(struct signer *signer)
{
	if (signer == NULL)
		return;
	signer->backend->close(signer->state);
	free(signer);
}

const struct public_key *
signer_key(const struct signer *signer)
{
	return &signer->key;
}

const char *
signer_comment(const struct signer *signer)
{
	return signer->comment;
}

/* As the receiver will judge it, from the bytes. */
static bool
opens(const struct signer *signer, enum envelope_kind kind,
    const uint8_t *bytes, size_t len)
{
	struct envelope e;

	if (signer->backend->ours)
		return envelope_read(bytes, len, kind, &e) == STATUS_OK;
	return envelope_open(bytes, len, kind, &e) == STATUS_OK &&
	       public_key_equal(&e.signature[0].key, &signer->key);
}

static bool
sign_line_by(struct signer *signer, enum envelope_kind kind,
    const uint8_t *payload, size_t len, char line[static SSHSIG_LINE_MAX + 1],
    char error[static KEY_ERROR_MAX])
{
	struct signature sig = { .key = signer->key };
	uint8_t data[SSHSIG_SIGNED_MAX];
	size_t data_len = sshsig_signed_data(kind, payload, len, data);

	if (signer->backend->sign(signer->state, &sig, data, data_len, error) !=
	    0)
		return false;
	sign_line(kind, &sig, line);
	return true;
}

uint8_t *
signer_envelope(struct signer *signer, enum envelope_kind kind,
    const uint8_t *payload, size_t payload_len, size_t *len,
    char error[static KEY_ERROR_MAX])
{
	char line[SSHSIG_LINE_MAX + 1];
	uint8_t *bytes;
	size_t n;

	if (!sign_line_by(signer, kind, payload, payload_len, line, error))
		return NULL;
	bytes = sign_envelope(
	    (const char *[]){ line }, 1, payload, payload_len, &n);
	if (bytes == NULL) {
		snprintf(error, KEY_ERROR_MAX, "out of memory");
		return NULL;
	}
	if (!opens(signer, kind, bytes, n)) {
		free(bytes);
		snprintf(error, KEY_ERROR_MAX,
		    "the signature does not verify: was the key touched, and "
		    "is the payload 1 to %d bytes?",
		    ENVELOPE_PAYLOAD_MAX);
		return NULL;
	}
	*len = n;
	return bytes;
}

uint8_t *
signer_envelope_pair(struct signer *first, struct signer *second,
    enum envelope_kind kind, const uint8_t *payload, size_t payload_len,
    size_t *len, char error[static KEY_ERROR_MAX])
{
	char lines[2][SSHSIG_LINE_MAX + 1];
	struct envelope envelope;
	uint8_t *bytes;
	size_t n;

	if (!sign_line_by(first, kind, payload, payload_len, lines[0], error) ||
	    !sign_line_by(second, kind, payload, payload_len, lines[1], error))
		return NULL;
	bytes = sign_envelope((const char *[]){ lines[0], lines[1] }, 2,
	    payload, payload_len, &n);
	if (bytes != NULL &&
	    envelope_read(bytes, n, kind, &envelope) == STATUS_OK) {
		*len = n;
		return bytes;
	}
	free(bytes);
	snprintf(error, KEY_ERROR_MAX,
	    "no envelope: one key twice, or out of memory");
	return NULL;
}
