/*
 * Operators and their keys on a host: OpenSSH's allowed_signers grammar,
 * stricter: one literal principal a line, each key once, times with Z,
 * and a line without namespaces= is good for requests only. One bad line
 * refuses the whole file with its number. A line "@revoked ssh-ed25519 ..."
 * (to ssh-keygen a principal that nobody has) revokes a key for good: it is
 * looked up first and wins over every other line. Part of the gate and
 * amiral-keygen; parsing makes no system call but for memory.
 */
#ifndef AMIRAL_KEYS_ALLOWED_SIGNERS_H
#define AMIRAL_KEYS_ALLOWED_SIGNERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/verify/layout.h"
#include "wire/verify/status.h"

#define ALLOWED_SIGNERS_ERROR_MAX 512

struct allowed_signers;

struct allowed_signers *allowed_signers_parse(const char *file,
    const char *text, size_t len, char error[static ALLOWED_SIGNERS_ERROR_MAX]);
void allowed_signers_free(struct allowed_signers *);
size_t allowed_signers_count(const struct allowed_signers *);
/* YYYYMMDD[HHMM[SS]]Z, as valid-after= has it, in ms since the epoch. */
bool allowed_signers_time(const char *text, int64_t *ms);
/* Whatever the line says of time and namespace, revoked or not. i < count. */
const struct public_key *allowed_signers_key(
    const struct allowed_signers *, size_t i);
/*
 * Whose key that is (owned by the store), from when until when, both inclusive,
 * in ms since the epoch: the least and the greatest number where no line says.
 */
const char *allowed_signers_validity(const struct allowed_signers *, size_t i,
    int64_t *after_ms, int64_t *before_ms);
/*
 * Whose key is it, for this kind of message at this time (ms since the
 * epoch)? STATUS_OK and *principal (owned by the store), or STATUS_REVOKED,
 * STATUS_UNKNOWN_KEY (unlisted, or not for this namespace), STATUS_VALIDITY.
 */
enum status allowed_signers_check(const struct allowed_signers *,
    const struct public_key *, enum envelope_kind, int64_t now_ms,
    const char **principal);

#endif
