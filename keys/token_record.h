/*
 * What the operator's side remembers of a token: a file for each, readable
 * by its owner alone, never in Redis. A use is written down before the host
 * it was for is believed, so that no announcement counts twice. Part of
 * amiral-keygen.
 */
#ifndef AMIRAL_KEYS_TOKEN_RECORD_H
#define AMIRAL_KEYS_TOKEN_RECORD_H

#include <jansson.h>
#include <limits.h>

#include "base/glob.h"
#include "keys/token.h"

#define TOKEN_USES_MAX 10000

struct token_record {
	char path[PATH_MAX];
	char fleet[FLEET_MAX + 1];
	char host[GLOB_PATTERN_MAX + 1]; /* names that it is good for */
	uint8_t secret[ENROLL_SECRET_SIZE];
	int64_t expires, uses;
	json_t *used; /* base64 of digests of announcements */
};

/* The file's path: DIRECTORY/<id in hexadecimal>. False where too long. */
bool token_record_path(char path[static PATH_MAX], const char *directory,
    const uint8_t id[static ENROLL_ID_SIZE]);
/* Makes the file at record->path; used is taken as empty. */
bool token_record_create(
    const struct token_record *, char error[static TOKEN_ERROR_MAX]);
/* False and a message; token_record_clear() may follow both. */
bool token_record_read(struct token_record *, const char *path,
    char error[static TOKEN_ERROR_MAX]);
void token_record_clear(struct token_record *);
int64_t token_record_left(const struct token_record *);
bool token_record_has_used(const struct token_record *,
    const uint8_t digest[static ENVELOPE_DIGEST_SIZE]);
/* Adds the digest and replaces the file. Under the caller's lock. */
bool token_record_use(struct token_record *,
    const uint8_t digest[static ENVELOPE_DIGEST_SIZE],
    char error[static TOKEN_ERROR_MAX]);

#endif
