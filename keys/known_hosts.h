/*
 * Hosts and their keys on the controller: OpenSSH's known_hosts grammar,
 * stricter. One bad line refuses the whole file with its number. A key
 * stands on one line only (which may give its host several names); a host
 * may have several keys, while it rotates. Revocation is looked up first and
 * wins over everything: a key of a @revoked line speaks for no host at all,
 * whatever names the line has. A @cert-authority line names no host: it says
 * which names its key may certify. Part of the controller and amiral-keygen.
 */
#ifndef AMIRAL_KEYS_KNOWN_HOSTS_H
#define AMIRAL_KEYS_KNOWN_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/verify/layout.h"
#include "wire/verify/status.h"

#define KNOWN_HOSTS_ERROR_MAX 512
#define KNOWN_HOSTS_FILE_MAX  (16 * 1024 * 1024) /* about 150,000 hosts */

struct known_hosts;

/* NULL and "file:line: what, remedy". file is used in messages alone. */
struct known_hosts *known_hosts_parse(const char *file, const char *text,
    size_t len, char error[static KNOWN_HOSTS_ERROR_MAX]);
/*
 * The same for bytes that known_hosts_parse() has accepted before (the caller
 * knows their digest): the points of the keys are not judged again.
 */
struct known_hosts *known_hosts_parse_again(const char *file, const char *text,
    size_t len, char error[static KNOWN_HOSTS_ERROR_MAX]);
void known_hosts_free(struct known_hosts *);
/* Distinct host names, sorted; i < known_hosts_count(). */
size_t known_hosts_count(const struct known_hosts *);
const char *known_hosts_name(const struct known_hosts *, size_t i);
/*
 * May this key speak for host? STATUS_OK, STATUS_REVOKED, STATUS_HOST (the
 * host is known with another key, or the key belongs to another host: a
 * wrong key), STATUS_UNKNOWN_KEY (neither host nor key is known).
 */
enum status known_hosts_check(
    const struct known_hosts *, const char *host, const struct public_key *);
/* Whether any @cert-authority line is there. */
bool known_hosts_has_authorities(const struct known_hosts *);
/*
 * May this key certify that host's? STATUS_OK, STATUS_REVOKED,
 * STATUS_UNKNOWN_KEY.
 */
enum status known_hosts_authority(
    const struct known_hosts *, const char *host, const struct public_key *);
/* The index of host in known_hosts_name(), or -1. */
long known_hosts_find(const struct known_hosts *, const char *host);
/* How many keys that host has: two, while it rotates. */
size_t known_hosts_key_count(const struct known_hosts *, size_t i);
/* Whether any line that is not revoked has the key. */
bool known_hosts_has_key(const struct known_hosts *, const struct public_key *);
/* The key of that host's first line: what a wrong key is shown beside. */
const struct public_key *known_hosts_key(const struct known_hosts *, size_t i);

#endif
