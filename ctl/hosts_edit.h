/*
 * amiral and amiral-keygen: changes to the known hosts. Each says on stdout
 * what it did, logs what it refuses, and returns an exit status; the file is
 * then the old one or the new one, whole.
 */
#ifndef AMIRAL_CTL_HOSTS_EDIT_H
#define AMIRAL_CTL_HOSTS_EDIT_H

/* which: a host's name, or SHA256:... of a key. */
int hosts_revoke(const char *path, const char *which);
int hosts_remove(const char *path, const char *which);
/*
 * The Ed25519 lines of an ssh known_hosts file, or of what ssh-keyscan
 * prints; "-" is standard input. A known host's other key is never taken.
 */
int hosts_import(const char *path, const char *source);

#endif
