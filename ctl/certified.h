/*
 * amiral: hosts that no line of known_hosts names, known by a certificate in
 * their hello that a @cert-authority line bears. For this run they stand
 * among the known hosts; nothing is written.
 */
#ifndef AMIRAL_CTL_CERTIFIED_H
#define AMIRAL_CTL_CERTIFIED_H

#include "ctl/settings.h"
#include "keys/certificate.h"
#include "keys/known_hosts.h"

/*
 * Asks Redis for the hellos of all other hosts, where there is a
 * @cert-authority line at all, and replaces *known by itself and them. What
 * is refused is said. False and a message, *known then as it was.
 */
bool certified_add(struct known_hosts **known, const struct settings *,
    const struct options *, char error[static CTL_ERROR_MAX]);

/*
 * One hello: CERTIFICATE_GOOD and *key, or what its certificate lacks. In a
 * rotation the first of its two keys is the certificate's. False
 * where it is no hello of host with a certificate, of which nobody need hear.
 */
bool certified_judge(const struct known_hosts *, const char *fleet,
    const char *host, const uint8_t *envelope, size_t len, int64_t now_ms,
    enum certificate_fault *, struct public_key *key);

#endif
