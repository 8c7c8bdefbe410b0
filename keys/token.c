/* Tokens as text. Part of amiral-keygen. */
#include "keys/token.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/cursor.h"
#include "wire/verify/base64.h"

/*
 * base64url without padding of: text fleet, text url, id, secret, u64
 * expires, 32 bytes of the signer's fingerprint, u64 serial, and the first
 * bytes of BLAKE2b over all of this, for typing and cutting errors.
 */
#define CHECK_SIZE       4
#define FINGERPRINT_RAW  32
#define FINGERPRINT_TEXT 43
#define FINGERPRINT_HEAD 7 /* "SHA256:" */
#define BYTES_MAX                                                              \
	(8 + FLEET_MAX + TOKEN_URL_MAX + ENROLL_ID_SIZE + ENROLL_SECRET_SIZE + \
	    16 + FINGERPRINT_RAW + CHECK_SIZE)
#define BASE64URL sodium_base64_VARIANT_URLSAFE_NO_PADDING
/* libsodium's decoder takes the byte 0xdf for '_' as well. */
#define BASE64URL_CHARACTERS                                                   \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

_Static_assert(sizeof(TOKEN_PREFIX) + (BYTES_MAX + 2) / 3 * 4 <= TOKEN_TEXT_MAX,
    "the longest token fits");

static bool
checksum(const uint8_t *bytes, size_t len, uint8_t out[static CHECK_SIZE])
{
	uint8_t hash[crypto_generichash_BYTES];

	if (crypto_generichash(hash, sizeof(hash), bytes, len, NULL, 0) != 0)
		return false;
	memcpy(out, hash, CHECK_SIZE);
	return true;
}

static bool
fingerprint_raw(const char *text, uint8_t raw[static FINGERPRINT_RAW])
{
	char padded[FINGERPRINT_TEXT + 2];
	size_t n;

	if (strlen(text) != FINGERPRINT_HEAD + FINGERPRINT_TEXT ||
	    memcmp(text, "SHA256:", FINGERPRINT_HEAD) != 0)
		return false;
	snprintf(padded, sizeof(padded), "%s=", text + FINGERPRINT_HEAD);
	return base64_decode(
		   raw, FINGERPRINT_RAW, padded, FINGERPRINT_TEXT + 1, &n) &&
	       n == FINGERPRINT_RAW;
}

static void
fingerprint_text(char out[static FINGERPRINT_SIZE],
    const uint8_t raw[static FINGERPRINT_RAW])
{
	memcpy(out, "SHA256:", FINGERPRINT_HEAD);
	sodium_bin2base64(out + FINGERPRINT_HEAD,
	    FINGERPRINT_SIZE - FINGERPRINT_HEAD, raw, FINGERPRINT_RAW,
	    sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

bool
token_format(const struct token *token, char text[static TOKEN_TEXT_MAX])
{
	uint8_t bytes[BYTES_MAX], raw[FINGERPRINT_RAW], check[CHECK_SIZE];
	struct writer w;
	bool good;

	if (!fingerprint_raw(token->signer, raw))
		return false;
	writer_init(&w, bytes, sizeof(bytes));
	writer_text(&w, token->fleet);
	writer_text(&w, token->url);
	writer_bytes(&w, token->id, sizeof(token->id));
	writer_bytes(&w, token->secret, sizeof(token->secret));
	writer_u64(&w, (uint64_t)token->expires);
	writer_bytes(&w, raw, sizeof(raw));
	writer_u64(&w, (uint64_t)token->serial);
	good = writer_done(&w) && checksum(bytes, w.used, check);
	writer_bytes(&w, check, sizeof(check));
	good = good && writer_done(&w);
	if (good) {
		memcpy(text, TOKEN_PREFIX, sizeof(TOKEN_PREFIX));
		sodium_bin2base64(text + sizeof(TOKEN_PREFIX) - 1,
		    TOKEN_TEXT_MAX - sizeof(TOKEN_PREFIX) + 1, bytes, w.used,
		    BASE64URL);
	}
	sodium_memzero(bytes, sizeof(bytes));
	return good;
}

static bool
read_bytes(struct token *token, const uint8_t *bytes, size_t len)
{
	const uint8_t *id, *secret, *signer;
	struct cursor c;
	uint64_t expires, serial;

	cursor_init(&c, bytes, len);
	cursor_text(&c, token->fleet, sizeof(token->fleet));
	cursor_text(&c, token->url, sizeof(token->url));
	id = cursor_bytes(&c, sizeof(token->id));
	secret = cursor_bytes(&c, sizeof(token->secret));
	expires = cursor_u64(&c);
	signer = cursor_bytes(&c, FINGERPRINT_RAW);
	serial = cursor_u64(&c);
	if (!cursor_done(&c) || !name_is_fleet(token->fleet) ||
	    token->url[0] == '\0' || expires > INT64_MAX || serial > INT64_MAX)
		return false;
	memcpy(token->id, id, sizeof(token->id));
	memcpy(token->secret, secret, sizeof(token->secret));
	token->expires = (int64_t)expires;
	token->serial = (int64_t)serial;
	fingerprint_text(token->signer, signer);
	return true;
}

static bool
refuse(char error[static TOKEN_ERROR_MAX], const char *why)
{
	snprintf(error, TOKEN_ERROR_MAX, "%s", why);
	return false;
}

static bool
decode(
    struct token *token, const char *base64, char error[static TOKEN_ERROR_MAX])
{
	uint8_t bytes[BYTES_MAX], check[CHECK_SIZE];
	size_t len;
	bool good;

	good = base64[strspn(base64, BASE64URL_CHARACTERS)] == '\0' &&
	       sodium_base642bin(bytes, sizeof(bytes), base64, strlen(base64),
		   NULL, &len, NULL, BASE64URL) == 0 &&
	       len > CHECK_SIZE && checksum(bytes, len - CHECK_SIZE, check) &&
	       sodium_memcmp(check, bytes + len - CHECK_SIZE, CHECK_SIZE) == 0;
	if (!good)
		refuse(error, "the token is damaged: copy the whole line that "
			      "amiral-keygen token has printed");
	else if (!(good = read_bytes(token, bytes, len - CHECK_SIZE)))
		refuse(error, "the token's content is none of a token of "
			      "version 1: make another with amiral-keygen "
			      "token");
	sodium_memzero(bytes, sizeof(bytes));
	return good;
}

bool
token_parse(
    struct token *out, const char *text, char error[static TOKEN_ERROR_MAX])
{
	size_t head = sizeof(TOKEN_PREFIX) - 1;
	struct token token = { 0 };
	bool good;

	if (strncmp(text, TOKEN_PREFIX, head) != 0)
		return refuse(error, "this is no token: it starts with "
				     "\"" TOKEN_PREFIX "\", and stands on "
				     "standard input");
	good = decode(&token, text + head, error);
	if (good)
		*out = token;
	token_wipe(&token);
	return good;
}

void
token_wipe(struct token *token)
{
	sodium_memzero(token, sizeof(*token));
}
