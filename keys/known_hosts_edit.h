/*
 * Changes to the text of a known_hosts file: lines that are not meant stay
 * byte for byte. The text is one that known_hosts_parse() has accepted. Part
 * of the controller and amiral-keygen.
 */
#ifndef AMIRAL_KEYS_KNOWN_HOSTS_EDIT_H
#define AMIRAL_KEYS_KNOWN_HOSTS_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/verify/layout.h"

/* An allocated text, NUL-terminated; the caller frees. */
struct known_hosts_text {
	char *text;
	size_t len;
	size_t changed; /* lines that the last change was about */
	size_t already; /* of them, those that do not revoke a key anew */
};

/* Copies; fatal when out of memory, as all that follow. */
void known_hosts_text_set(
    struct known_hosts_text *, const char *text, size_t len);
void known_hosts_text_clear(struct known_hosts_text *);
/* Appends "names key", behind "@revoked " where revoked. */
void known_hosts_text_add(struct known_hosts_text *, const char *names,
    const struct public_key *, bool revoked);
/*
 * The lines of a host's name or of a key's fingerprint, @cert-authority ones
 * excepted. Remove leaves @revoked lines where they are, and a line with
 * other names too loses the name alone. Revoke puts @revoked in front;
 * changed counts those that already had it as well, already them and those
 * with keys of types that no host has.
 */
void known_hosts_text_remove(
    struct known_hosts_text *, const char *host_or_fingerprint);
void known_hosts_text_revoke(
    struct known_hosts_text *, const char *host_or_fingerprint);
/*
 * The lines of a key; where it has none of its own, as the key of a host that
 * a certificate makes known, or of an authority, "@revoked * key" is appended.
 */
void known_hosts_text_revoke_key(
    struct known_hosts_text *, const struct public_key *);
/* The key of the first line that has it, @cert-authority ones not excepted. */
bool known_hosts_text_find(const struct known_hosts_text *,
    const char *fingerprint, struct public_key *);
/*
 * A rotation: new is appended with all the names of old's line; and, when it
 * is over, old's line goes, and new has whatever name it lacked. changed is 0
 * where old has no line.
 */
void known_hosts_text_add_successor(struct known_hosts_text *,
    const struct public_key *old, const struct public_key *new);
void known_hosts_text_drop_predecessor(struct known_hosts_text *,
    const struct public_key *old, const struct public_key *new);

#endif
