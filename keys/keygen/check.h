/* Part of amiral-keygen: the parts of check. Each says what it finds. */
#ifndef AMIRAL_KEYS_KEYGEN_CHECK_H
#define AMIRAL_KEYS_KEYGEN_CHECK_H

#include "keys/keygen/survey.h"

/* A host's secret key; true and its public half in *out where it is good. */
struct public_key;
bool check_host_key(struct survey *, const char *path, struct public_key *out);
/* A password, or what else only its owner reads. */
void check_secret(struct survey *, const char *path);
/* An allowed_signers file. */
void check_signers(struct survey *, const char *path);
/* The agent's: what directory/amirald.conf and conf.d name. */
void check_agent(struct survey *, const char *directory);

#endif
