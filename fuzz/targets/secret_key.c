/*
 * Fuzz target: an openssh-key-v1 file. What is accepted signs for its public
 * half, is written out as a file that holds the same key, and the text that
 * was read is wiped whatever becomes of it.
 */
#include "keys/secret.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"
#include "wire/verify/envelope.h"

static void
check_key(struct secret_key *key)
{
	static const uint8_t message[] = "message";
	uint8_t sig[ED25519_SIG_SIZE];
	char error[KEY_ERROR_MAX];
	struct secret_key again;
	size_t len;
	char *text;

	MUST(key->public_key.type == KEY_ED25519);
	MUST(public_key_valid(&key->public_key));
	MUST(secret_comment_ok(key->comment));
	secret_sign(key, message, sizeof(message), sig);
	text = secret_format(key, &len);
	MUST(text != NULL && strlen(text) == len);
	MUST(secret_parse(&again, text, len, error) == 0);
	secret_text_free(text);
	MUST(public_key_equal(&key->public_key, &again.public_key));
	MUST(memcmp(key->seed, again.seed, crypto_sign_SECRETKEYBYTES) == 0);
	MUST(strcmp(key->comment, again.comment) == 0);
	secret_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[KEY_ERROR_MAX];
	struct secret_key key;
	struct input in = { data, size };
	char *text = malloc(size + 1);
	const uint8_t *bytes;
	size_t len;

	fuzz_prepare();
	MUST(text != NULL);
	bytes = input_bytes(&in, size, &len);
	if (len > 0)
		memcpy(text, bytes, len);
	if (secret_parse(&key, text, len, error) == 0) {
		check_key(&key);
		secret_free(&key);
	} else {
		MUST(memchr(error, '\0', sizeof(error)) != NULL);
	}
	MUST(sodium_is_zero((const uint8_t *)text, len) == 1);
	free(text);
	return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return mutate_armor(data, size, max, seed);
}
