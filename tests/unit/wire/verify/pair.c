/* Keys and signatures of tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <string.h>

#include "tests/unit/wire/verify/pair.h"

void
pair_make(struct pair *pair, enum key_type type, uint8_t number)
{
	uint8_t seed[32];

	memset(seed, number, sizeof(seed));
	pair->key.type = type;
	crypto_sign_seed_keypair(pair->key.bytes, pair->secret, seed);
}

void
pair_sign(const struct pair *pair, enum envelope_kind kind, const char *payload,
    uint8_t flags, struct signature *sig)
{
	uint8_t data[SSHSIG_SIGNED_MAX], sk[69];
	size_t len;

	len = sshsig_signed_data(
	    kind, (const uint8_t *)payload, strlen(payload), data);
	*sig = (struct signature){ .key = pair->key };
	if (pair->key.type == KEY_ED25519) {
		crypto_sign_detached(sig->bytes, NULL, data, len, pair->secret);
		return;
	}
	sig->flags = flags;
	sig->counter = 7;
	crypto_hash_sha256(sk, (const uint8_t *)"ssh:", 4);
	memcpy(sk + 32, (const uint8_t[]){ flags, 0, 0, 0, 7 }, 5);
	crypto_hash_sha256(sk + 37, data, len);
	crypto_sign_detached(sig->bytes, NULL, sk, sizeof(sk), pair->secret);
}

uint8_t *
pair_envelope(const struct pair *pairs, unsigned n, enum envelope_kind kind,
    const char *payload, size_t *len)
{
	char lines[8][SSHSIG_LINE_MAX + 1];
	const char *list[8];
	struct signature sig;
	uint8_t *bytes;
	unsigned i;

	for (i = 0; i < n; i++) {
		pair_sign(&pairs[i], kind, payload, 1, &sig);
		sign_line(kind, &sig, lines[i]);
		list[i] = lines[i];
	}
	bytes = sign_envelope(
	    list, n, (const uint8_t *)payload, strlen(payload), len);
	assert_non_null(bytes);
	return bytes;
}
