/* Secret keys and their files. Part of the gate, the controller and keygen. */
#include "keys/secret.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/cursor.h"
#include "base/escape.h"
#include "base/log.h"
#include "keys/public.h"
#include "wire/sign.h"
#include "wire/verify/base64.h"
#include "wire/verify/envelope.h"

#define ARMOR_BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----\n"
#define ARMOR_END   "-----END OPENSSH PRIVATE KEY-----\n"
#define ARMOR_WIDTH 70

#define MAGIC     "openssh-key-v1" /* its NUL belongs to it */
#define KEY_NAME  "ssh-ed25519"
#define TYPE_MAX  64
#define PAD_BLOCK 8

/* Room for the longest file that secret_format() writes, in its wire form. */
#define BLOB_MAX 1024

#define MAKE_ONE "make one with amiral-keygen new"

void *
secret_alloc(size_t size)
{
	void *memory = sodium_malloc(size);

	if (memory != NULL && sodium_mlock(memory, size) != 0) {
		sodium_free(memory);
		return NULL;
	}
	return memory;
}

bool
secret_comment_ok(const char *comment)
{
	const unsigned char *at;
	size_t len = strlen(comment);

	for (at = (const unsigned char *)comment; *at != '\0'; at++) {
		if (*at < ' ' || *at == 0x7f)
			return false;
	}
	return len <= KEY_COMMENT_MAX && utf8_valid(comment, len);
}

/*
 * Once for each key and process: a verification for every signature would
 * be a quarter of what a host spends on a request.
 */
static void
pair_prove(const uint8_t *pair, const uint8_t public_half[ED25519_KEY_SIZE])
{
	static const uint8_t sample[] = "amiral signs and verifies";
	uint8_t sig[ED25519_SIG_SIZE];

	crypto_sign_detached(sig, NULL, sample, sizeof(sample), pair);
	if (crypto_sign_verify_detached(
		sig, sample, sizeof(sample), public_half) != 0)
		fatal("a signature of our own does not verify: is the memory "
		      "sound?");
}

/* The pair as libsodium wants it, in memory of its own. */
static uint8_t *
pair_from_seed(const uint8_t *seed, uint8_t public_half[ED25519_KEY_SIZE])
{
	uint8_t *pair = secret_alloc(crypto_sign_SECRETKEYBYTES);

	if (pair == NULL)
		return NULL;
	if (seed == NULL)
		crypto_sign_keypair(public_half, pair);
	else
		crypto_sign_seed_keypair(public_half, pair, seed);
	sodium_mprotect_readonly(pair);
	pair_prove(pair, public_half);
	return pair;
}

int
secret_generate(struct secret_key *out, const char *comment)
{
	struct secret_key key = { .public_key.type = KEY_ED25519 };

	if (!secret_comment_ok(comment))
		fatal("secret_generate: bad comment");
	memcpy(key.comment, comment, strlen(comment) + 1);
	key.seed = pair_from_seed(NULL, key.public_key.bytes);
	if (key.seed == NULL)
		return -1;
	*out = key;
	return 0;
}

void
secret_free(struct secret_key *key)
{
	sodium_free(key->seed);
	key->seed = NULL;
}

void
secret_sign(const struct secret_key *key, const uint8_t *data, size_t len,
    uint8_t sig[static ED25519_SIG_SIZE])
{
	crypto_sign_detached(sig, NULL, data, len, key->seed);
}

static int
refuse(char error[static KEY_ERROR_MAX], const char *why)
{
	snprintf(error, KEY_ERROR_MAX, "%s", why);
	return -1;
}

/* What stands between the armor lines, newlines squeezed out in place. */
static char *
armor_strip(char *text, size_t len, size_t *stripped)
{
	const size_t begin = strlen(ARMOR_BEGIN), end = strlen(ARMOR_END);
	char *from, *to, *body = text + begin;

	if (len < begin + end || memcmp(text, ARMOR_BEGIN, begin) != 0 ||
	    memcmp(text + len - end, ARMOR_END, end) != 0)
		return NULL;
	for (from = to = body; from < text + len - end; from++) {
		if (*from != '\n')
			*to++ = *from;
	}
	*stripped = (size_t)(to - body);
	return body;
}

static int
armor_refuse(const char *text, size_t len, char error[static KEY_ERROR_MAX])
{
	static const struct {
		const char *start, *why;
	} rows[] = {
		{ "ssh-",
		    "this is a public key: name the private file beside it" },
		{ "sk-", "this is a public key: load the hardware key into "
			 "ssh-agent and name it agent:" },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----",
		    "the key file is damaged: restore it, or " MAKE_ONE },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strlen(rows[i].start);
		if (len >= n && memcmp(text, rows[i].start, n) == 0)
			return refuse(error, rows[i].why);
	}
	return refuse(error, "not an OpenSSH private key file: " MAKE_ONE);
}

/* The bytes behind the comment: 1, 2, 3, ... up to a whole block. */
static bool
padding_is_right(struct cursor *c, size_t private_len)
{
	const uint8_t *pad;
	size_t i, n;

	pad = cursor_rest(c, &n);
	if (n >= PAD_BLOCK || private_len % PAD_BLOCK != 0)
		return false;
	for (i = 0; i < n; i++) {
		if (pad[i] != i + 1)
			return false;
	}
	return true;
}

static bool
text_is(struct cursor *c, const char *wanted)
{
	char name[TYPE_MAX];

	return cursor_text(c, name, sizeof(name)) && strcmp(name, wanted) == 0;
}

/*
 * The public bytes stand three times in a file; all must be those that the
 * seed makes, or a signature under the wrong one would give the seed away.
 */
static int
private_read(struct secret_key *key, const uint8_t *bytes, size_t len,
    char error[static KEY_ERROR_MAX])
{
	const char *damaged =
	    "the key file is damaged: restore it, or " MAKE_ONE;
	const uint8_t *public_half, *pair;
	struct cursor c;
	size_t n, m;

	cursor_init(&c, bytes, len);
	if (cursor_u32(&c) != cursor_u32(&c) || !text_is(&c, KEY_NAME))
		return refuse(error, damaged);
	public_half = cursor_string(&c, &n);
	pair = cursor_string(&c, &m);
	if (!cursor_text(&c, key->comment, sizeof(key->comment)) ||
	    !secret_comment_ok(key->comment))
		return refuse(error,
		    "the key's comment is over 255 bytes or not plain "
		    "text: set another with ssh-keygen -c");
	if (n != ED25519_KEY_SIZE || m != crypto_sign_SECRETKEYBYTES ||
	    !padding_is_right(&c, len))
		return refuse(error, damaged);
	key->seed = pair_from_seed(pair, key->public_key.bytes);
	if (key->seed == NULL)
		return refuse(error, KEY_NOT_LOCKED);
	if (memcmp(public_half, key->public_key.bytes, n) == 0 &&
	    sodium_memcmp(pair, key->seed, m) == 0)
		return 0;
	secret_free(key);
	return refuse(error, damaged);
}

/* Kind and number of keys, as far as the file says them in the open. */
static int
public_part_read(
    struct cursor *c, struct public_key *key, char error[static KEY_ERROR_MAX])
{
	const uint8_t *blob, *name;
	struct cursor inner;
	size_t n, name_len;

	if (cursor_u32(c) != 1)
		return refuse(
		    error, "the file does not hold exactly one key: " MAKE_ONE);
	blob = cursor_string(c, &n);
	if (blob != NULL && public_from_blob(key, blob, n) &&
	    key->type == KEY_ED25519)
		return 0;
	cursor_init(&inner, blob, n);
	name = cursor_string(&inner, &name_len);
	if (name != NULL && name_len > 3 && memcmp(name, "sk-", 3) == 0) {
		refuse(error,
		    "a hardware key signs through ssh-agent alone: load "
		    "it with ssh-add and name it agent:");
		return KEY_FOR_AGENT;
	}
	return refuse(error, "not a valid Ed25519 key: " MAKE_ONE);
}

static int
blob_read(struct secret_key *out, const uint8_t *blob, size_t len,
    char error[static KEY_ERROR_MAX])
{
	struct secret_key key = { .public_key.type = KEY_ED25519 };
	struct public_key outer;
	const uint8_t *magic, *secret;
	struct cursor c;
	size_t n;
	int result;

	cursor_init(&c, blob, len);
	magic = cursor_bytes(&c, sizeof(MAGIC));
	if (magic == NULL || memcmp(magic, MAGIC, sizeof(MAGIC)) != 0)
		return refuse(error, "not an openssh-key-v1 file: " MAKE_ONE);
	if (!text_is(&c, "none") || !text_is(&c, "none") || !text_is(&c, "")) {
		refuse(error,
		    "the key file is encrypted: load it into ssh-agent "
		    "(ssh-add FILE) and name the key agent:");
		return KEY_FOR_AGENT;
	}
	result = public_part_read(&c, &outer, error);
	if (result != 0)
		return result;
	secret = cursor_string(&c, &n);
	if (secret == NULL || !cursor_done(&c))
		return refuse(
		    error, "the key file is damaged: restore it, or " MAKE_ONE);
	if (private_read(&key, secret, n, error) != 0)
		return -1;
	if (!public_key_equal(&outer, &key.public_key)) {
		secret_free(&key);
		return refuse(error, "the key file's public half belongs to "
				     "another key: restore it, or " MAKE_ONE);
	}
	*out = key;
	return 0;
}

static int
text_read(struct secret_key *out, char *text, size_t len,
    char error[static KEY_ERROR_MAX])
{
	uint8_t *blob;
	size_t body_len, n;
	char *body;
	int result;

	if (len > KEY_FILE_MAX)
		return refuse(error, "the key file is over 8 KiB: " MAKE_ONE);
	body = armor_strip(text, len, &body_len);
	if (body == NULL)
		return armor_refuse(text, len, error);
	blob = secret_alloc(KEY_FILE_MAX);
	if (blob == NULL)
		return refuse(error, KEY_NOT_LOCKED);
	if (base64_decode(blob, KEY_FILE_MAX, body, body_len, &n))
		result = blob_read(out, blob, n, error);
	else
		result = armor_refuse(text, len, error);
	sodium_free(blob);
	return result;
}

int
secret_parse(struct secret_key *out, char *text, size_t len,
    char error[static KEY_ERROR_MAX])
{
	int result = text_read(out, text, len, error);

	sodium_memzero(text, len);
	return result;
}

/* The part that a passphrase would encrypt. */
static size_t
private_write(const struct secret_key *key, uint8_t *out, size_t size)
{
	uint32_t check = randombytes_random();
	struct writer w;
	uint8_t pad;

	writer_init(&w, out, size);
	writer_u32(&w, check);
	writer_u32(&w, check);
	writer_text(&w, KEY_NAME);
	writer_string(&w, key->public_key.bytes, ED25519_KEY_SIZE);
	writer_string(&w, key->seed, crypto_sign_SECRETKEYBYTES);
	writer_text(&w, key->comment);
	for (pad = 1; w.used % PAD_BLOCK != 0; pad++)
		writer_u8(&w, pad);
	return w.used;
}

static size_t
blob_write(const struct secret_key *key, uint8_t *out, uint8_t *scratch)
{
	uint8_t blob[PUBLIC_BLOB_MAX];
	struct writer w;

	writer_init(&w, out, BLOB_MAX);
	writer_bytes(&w, MAGIC, sizeof(MAGIC));
	writer_text(&w, "none");
	writer_text(&w, "none");
	writer_text(&w, "");
	writer_u32(&w, 1);
	writer_string(&w, blob, sign_public_blob(&key->public_key, blob));
	writer_string(&w, scratch, private_write(key, scratch, BLOB_MAX));
	return w.used;
}

/* base64 in lines between the armor; out has room for it all. */
static size_t
armor_write(char *out, size_t size, const char *base64)
{
	size_t left = strlen(base64), n;
	struct writer w;

	writer_init(&w, out, size);
	writer_bytes(&w, ARMOR_BEGIN, strlen(ARMOR_BEGIN));
	for (; left > 0; left -= n, base64 += n) {
		n = left < ARMOR_WIDTH ? left : ARMOR_WIDTH;
		writer_bytes(&w, base64, n);
		writer_u8(&w, '\n');
	}
	writer_bytes(&w, ARMOR_END, strlen(ARMOR_END));
	writer_u8(&w, '\0');
	if (!writer_done(&w))
		fatal("secret_format: a bound is wrong");
	return w.used - 1;
}

/* Everything that holds the secret on its way, in one locked piece. */
struct format_scratch {
	uint8_t blob[BLOB_MAX], private_part[BLOB_MAX];
	char base64[sodium_base64_ENCODED_LEN(
	    BLOB_MAX, sodium_base64_VARIANT_ORIGINAL)];
};

char *
secret_format(const struct secret_key *key, size_t *len)
{
	struct format_scratch *scratch = secret_alloc(sizeof(*scratch));
	char *text = secret_alloc(KEY_FILE_MAX);
	size_t n;

	if (scratch == NULL || text == NULL) {
		sodium_free(scratch);
		sodium_free(text);
		return NULL;
	}
	n = blob_write(key, scratch->blob, scratch->private_part);
	sodium_bin2base64(scratch->base64, sizeof(scratch->base64),
	    scratch->blob, n, sodium_base64_VARIANT_ORIGINAL);
	*len = armor_write(text, KEY_FILE_MAX, scratch->base64);
	sodium_free(scratch);
	return text;
}

void
secret_text_free(char *text)
{
	sodium_free(text);
}
