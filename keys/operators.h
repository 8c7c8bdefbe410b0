/*
 * Who may ask on a host (protocol section 7): what the host's own file says,
 * and the newest list that somebody pushed whom that file lets sign lists.
 * In force is (own or pushed) and not revoked: by the own file, or by any list
 * that was ever taken here. A later list takes no revocation back (but what
 * was OPERATORS_FULL), nor does its signer's end. Part of the gate; makes no
 * system call but for memory.
 */
#ifndef AMIRAL_KEYS_OPERATORS_H
#define AMIRAL_KEYS_OPERATORS_H

#include <stddef.h>
#include <stdint.h>

#include "keys/allowed_signers.h"
#include "wire/trust.h"

struct operators;

/* Takes the host's own file over; NULL when out of memory. */
struct operators *operators_new(struct allowed_signers *);
void operators_free(struct operators *);

/* As allowed_signers_check(), for both together. */
enum status operators_check(const struct operators *, const struct public_key *,
    enum envelope_kind, int64_t now_ms, const char **principal);
/* Every key that some line or list names, whatever it says of it. */
size_t operators_count(const struct operators *);
const struct public_key *operators_key(const struct operators *, size_t i);

enum operators_outcome {
	OPERATORS_TAKEN,   /* it is in force now */
	OPERATORS_SAME,    /* byte for byte the one in force */
	OPERATORS_STALE,   /* its serial is not above the remembered one */
	OPERATORS_EXPIRED, /* before it came */
	OPERATORS_FULL,    /* in force; but, more than REVOCATIONS_MAX being
			    * revoked, its revocations end with it */
	OPERATORS_BAD,     /* *why says what is wrong */
};
/* A list as it came from outside, an envelope. why is for OPERATORS_BAD. */
enum operators_outcome operators_take(struct operators *, const char *fleet,
    const uint8_t *bytes, size_t len, int64_t now_ms, enum status *why);
/*
 * The list that this host has taken before. An expired one, or one whose
 * signer's time is over, is in force again: its revocations stay. One that
 * the host's own file does not bear any more is not (STATUS_UNKNOWN_KEY,
 * STATUS_REVOKED), though its serial and its revocations count; of another
 * fleet's list nothing does (STATUS_FLEET). Older than the one in force:
 * STATUS_OK, and its revocations alone. They count while REVOCATIONS_MAX have
 * room for all of them, or the list is in force.
 */
enum status operators_restore(struct operators *, const char *fleet,
    const uint8_t *bytes, size_t len, int64_t now_ms);

/*
 * Revocations of former lists, as operators_revoked() has them; once, before
 * any list. 0, or the number of the first bad line.
 */
size_t operators_recall(struct operators *, const char *text, size_t len);
/* Those of the predecessor too; STATUS_RANGE where they are too many. */
enum status operators_inherit(
    struct operators *, const struct operators *predecessor);
/*
 * Everybody whom lists have revoked, in the order that they came, as the text
 * of keys/revocations.h: allocated, NULL when out of memory.
 */
char *operators_revoked(const struct operators *, size_t *len);
size_t operators_revoked_count(const struct operators *);

/* The list in force, or NULL; its signer's principal; its envelope. */
const struct trust_list *operators_list(const struct operators *);
const char *operators_signer(const struct operators *);
const uint8_t *operators_envelope(const struct operators *, size_t *len);
/* The serial of the list in force, 0: there is none. */
int64_t operators_serial(const struct operators *);

#endif
