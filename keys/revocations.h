/*
 * Keys that some operators' list has revoked on this host, by fingerprint:
 * they stay revoked, whatever a later list says (protocol section 7). As text
 * one fingerprint a line, and nothing else. Part of the gate; makes no system
 * call but for memory.
 */
#ifndef AMIRAL_KEYS_REVOCATIONS_H
#define AMIRAL_KEYS_REVOCATIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/trust.h"

#define REVOCATIONS_MAX (2 * TRUST_REVOKED_MAX)
/* A newline stands in the place of the NUL. */
#define REVOCATIONS_TEXT_MAX (REVOCATIONS_MAX * FINGERPRINT_SIZE)

/* Zero is none. */
struct revocations {
	size_t count;
	char (*items)[FINGERPRINT_SIZE];
};

bool revocations_have(const struct revocations *, const char *fingerprint);
/*
 * Those of a list that are not there yet, behind the others: all of them, or
 * nothing changes and STATUS_RANGE (no room) or STATUS_MEMORY.
 */
enum status revocations_add(
    struct revocations *, const struct trust_list *list);
/* The same for the other's. */
enum status revocations_join(
    struct revocations *, const struct revocations *other);
/*
 * 0, or the number of the first line that is no fingerprint, stands there
 * twice, is cut or one too many; out of memory ends the process. *out is
 * empty before, and untouched on failure.
 */
size_t revocations_parse(struct revocations *out, const char *text, size_t len);
/* Allocated, REVOCATIONS_TEXT_MAX bytes at most; NULL when out of memory. */
char *revocations_format(const struct revocations *, size_t *len);
void revocations_clear(struct revocations *);

#endif
