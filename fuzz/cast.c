#include "fuzz/cast.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"

/* docs/vectors/keys and the pair "seal" of its manifest. */
static const char *const seeds[CAST] = {
	[ALICE] =
	    "3bba787398afd1e0964706b720e74b7726cb3e2845b325039c08a85a0c7762ca",
	[BOB] =
	    "41fee08651fb7300898f93d6523fe275a87f0736650ffb10ff4dac64bfc0016b",
	[WWW01] =
	    "b58347c7a54f30674f04a0040321a71236ac1944b16b2b8ae703c2be2c0b5963",
	[WWW02] =
	    "6e2d054d1d38f2bbc93c0514da7abcd58239a6244b1bd3153d4d064952db2114",
	[TRUST] =
	    "e673c6f0a218aa6edfcb4fa22814b70577e884ded0a2299ffc204e55b890a145",
};
static const char seal_public[] =
    "40c35c691f061ee4924063b0258390fa3e308ca8cda7084f29b782cc022e1334";
static const char seal_secret[] =
    "41882348f07155990017c04f234b22e1278a92f720d96420d4e5bc8da26e7af9";

struct player {
	struct public_key key;
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
	char line[PUBLIC_LINE_MAX];
};

static void
from_hex(uint8_t out[static 32], const char *text)
{
	size_t len;

	MUST(
	    sodium_hex2bin(out, 32, text, strlen(text), NULL, &len, NULL) == 0);
	MUST(len == 32);
}

static const struct player *
player(enum cast who)
{
	static struct player players[CAST];
	struct player *p = &players[who];
	uint8_t seed[crypto_sign_SEEDBYTES];

	if (p->line[0] != '\0')
		return p;
	from_hex(seed, seeds[who]);
	crypto_sign_seed_keypair(p->key.bytes, p->secret, seed);
	public_format(&p->key, "", p->line);
	return p;
}

const struct public_key *
cast_key(enum cast who)
{
	return &player(who)->key;
}

const char *
cast_line(enum cast who)
{
	return player(who)->line;
}

const struct seal_pair *
cast_seal(void)
{
	static struct seal_pair pair;

	from_hex(pair.public_key, seal_public);
	from_hex(pair.secret_key, seal_secret);
	return &pair;
}

enum cast
cast_find(const struct public_key *key)
{
	unsigned who = 0;

	while (who < CAST && !public_key_equal(key, cast_key((enum cast)who)))
		who++;
	return (enum cast)who;
}

void
cast_sign_raw(enum cast who, const uint8_t *data, size_t len,
    uint8_t sig[static ED25519_SIG_SIZE])
{
	crypto_sign_detached(sig, NULL, data, len, player(who)->secret);
}

uint8_t *
cast_sign(enum envelope_kind kind, const enum cast *who, unsigned n,
    const uint8_t *payload, size_t payload_len, size_t *len)
{
	char text[ENVELOPE_LINES_MAX][SSHSIG_LINE_MAX + 1];
	const char *lines[ENVELOPE_LINES_MAX];
	uint8_t data[SSHSIG_SIGNED_MAX], *bytes;
	size_t data_len = sshsig_signed_data(kind, payload, payload_len, data);

	for (unsigned i = 0; i < n; i++) {
		struct signature sig = { .key = *cast_key(who[i]) };

		cast_sign_raw(who[i], data, data_len, sig.bytes);
		sign_line(kind, &sig, text[i]);
		lines[i] = text[i];
	}
	bytes = sign_envelope(lines, n, payload, payload_len, len);
	MUST(bytes != NULL);
	return bytes;
}
