/*
 * An enrollment token: one line of text that a new host is handed over a
 * channel that is none of Redis's. It says where Redis is, whose signature
 * on the operators' list to believe, and holds the secret that makes the
 * host's announcement believable. Part of amiral-keygen.
 */
#ifndef AMIRAL_KEYS_TOKEN_H
#define AMIRAL_KEYS_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "base/name.h"
#include "wire/enroll.h"
#include "wire/sign.h"

#define TOKEN_URL_MAX   1023
#define TOKEN_PREFIX    "amiral-token-1-"
#define TOKEN_TEXT_MAX  2048 /* bytes of the line, with the NUL */
#define TOKEN_ERROR_MAX 512

struct token {
	char fleet[FLEET_MAX + 1];
	char url[TOKEN_URL_MAX + 1]; /* of Redis */
	uint8_t id[ENROLL_ID_SIZE];
	uint8_t secret[ENROLL_SECRET_SIZE];
	int64_t expires;               /* ms since the epoch */
	char signer[FINGERPRINT_SIZE]; /* of the operators' list */
	int64_t serial;                /* of that list: not below this */
};

/* False where a member is out of its bounds. */
bool token_format(const struct token *, char text[static TOKEN_TEXT_MAX]);
/*
 * text without its newline. False and what is wrong, with the remedy; the
 * text itself, which is secret, is never in it.
 */
bool token_parse(
    struct token *, const char *text, char error[static TOKEN_ERROR_MAX]);
void token_wipe(struct token *);

#endif
