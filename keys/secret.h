/*
 * Secret keys: in locked memory (secret_alloc) that is left out of core
 * files and wiped on free; made before the sandbox closes or, in the gate,
 * inside it from a descriptor. Part of the gate, the controller and
 * amiral-keygen.
 */
#ifndef AMIRAL_KEYS_SECRET_H
#define AMIRAL_KEYS_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/verify/layout.h"

#define KEY_COMMENT_MAX 255 /* bytes */
#define KEY_ERROR_MAX   512
#define KEY_FILE_MAX    8192
#define KEY_NOT_LOCKED  "no locked memory for the key: raise RLIMIT_MEMLOCK"

struct secret_key {
	struct public_key public_key;
	uint8_t *seed; /* 32 bytes and the public ones: locked, read-only */
	char comment[KEY_COMMENT_MAX + 1];
};

/*
 * Memory from sodium_malloc that was really locked (libsodium itself does
 * not say when it could not be); NULL otherwise. Free with sodium_free().
 */
void *secret_alloc(size_t);
/* At most KEY_COMMENT_MAX bytes of UTF-8, none of them a control character. */
bool secret_comment_ok(const char *comment);
/*
 * A new random pair; 0, or -1 when out of (locked) memory. A comment that is
 * not secret_comment_ok() is the caller's bug.
 */
int secret_generate(struct secret_key *, const char *comment);
/*
 * An unencrypted openssh-key-v1 file's text (OpenSSH PROTOCOL.key), Ed25519,
 * one key. 0; KEY_FOR_AGENT, for one that is encrypted or on a hardware token,
 * with ssh-agent as the message's remedy; or -1 and a message. text is wiped
 * in every case.
 */
#define KEY_FOR_AGENT (-2)
/* The remedy where there is no ssh-agent to ask. */
#define KEY_HOST_PLAIN                                                         \
	"encrypted, or on a hardware token, and a host has no ssh-agent to "   \
	"ask: take the phrase away with ssh-keygen -p -N '' -f FILE, or make " \
	"a plain key"
int secret_parse(struct secret_key *, char *text, size_t len,
    char error[static KEY_ERROR_MAX]);
/*
 * The file's text, NUL-terminated, from secret_alloc; NULL when out of
 * (locked) memory. Free with secret_text_free().
 */
char *secret_format(const struct secret_key *, size_t *len);
void secret_text_free(char *);
/* Wipes; a second call does nothing. */
void secret_free(struct secret_key *);
/* Raw Ed25519 over data. The pair was proved when it was made or read. */
void secret_sign(const struct secret_key *, const uint8_t *data, size_t len,
    uint8_t sig[static ED25519_SIG_SIZE]);

#endif
