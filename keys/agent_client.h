/*
 * ssh-agent as a signer (OpenSSH PROTOCOL.agent / draft-miller-ssh-agent):
 * messages 11, 12, 13, 14, 5 over the Unix socket SSH_AUTH_SOCK names.
 * An answer is at most 256 KiB; a list is waited for 10 s, a signature (a
 * human may have to confirm or to touch) 2 minutes. Part of the controller
 * and amiral-keygen.
 */
#ifndef AMIRAL_KEYS_AGENT_CLIENT_H
#define AMIRAL_KEYS_AGENT_CLIENT_H

#include <stddef.h>

#include "keys/secret.h"
#include "wire/verify/layout.h"

struct agent_key {
	struct public_key key;
	char comment[KEY_COMMENT_MAX + 1];
};

/* A connection, or -1 and a message with the remedy. */
int agent_connect(const char *socket_path, char error[static KEY_ERROR_MAX]);
/* The usable keys, allocated (other types skipped); -1 and a message. */
int agent_list(int fd, struct agent_key **out, size_t *n,
    char error[static KEY_ERROR_MAX]);
/* Signs; sig->key must be set. Not verified here. 0, or -1 and a message. */
int agent_sign(int fd, struct signature *sig, const uint8_t *data, size_t len,
    char error[static KEY_ERROR_MAX]);

#endif
