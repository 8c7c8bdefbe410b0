/*
 * amiral and amiral-keygen: changes to the known hosts. Each says on stdout
 * what it did, logs what it refuses, and returns an exit status; the file is
 * then the old one or the new one, whole.
 */
#ifndef AMIRAL_CTL_HOSTS_EDIT_H
#define AMIRAL_CTL_HOSTS_EDIT_H

#include "ctl/settings.h"

/*
 * Revoke: a host's name or SHA256:... of a key; where no line has it that is
 * not revoked yet, the keys of hosts_keys_of(), which then get lines of their
 * own. Remove: the lines of a name or a fingerprint.
 */
int hosts_revoke(const struct settings *, const char *word);
int hosts_remove(const struct settings *, const char *word);
/*
 * The Ed25519 lines of an ssh known_hosts file, or of what ssh-keyscan
 * prints; "-" is standard input. A known host's other key is never taken.
 */
int hosts_import(const struct settings *, const char *source);

#endif
