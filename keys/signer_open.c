/*
 * Finding the key that a user named. Part of the controller and
 * amiral-keygen; the gate links none of it.
 */
#include "keys/signer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys/agent_client.h"
#include "keys/secret_file.h"
#include "keys/signer_core.h"
#include "wire/sign.h"

#define AGENT_PREFIX "agent:"

static struct signer *
open_file(const char *path, char error[static KEY_ERROR_MAX])
{
	struct secret_key secret;
	struct signer *signer;

	if (secret_file_read(&secret, path, error) != 0)
		return NULL;
	signer = signer_from_secret(&secret);
	if (signer == NULL) {
		secret_free(&secret);
		snprintf(error, KEY_ERROR_MAX, "out of memory");
	}
	return signer;
}

struct agent_state {
	int fd;
};

static int
sign_with_agent(void *state, struct signature *sig, const uint8_t *data,
    size_t len, char error[static KEY_ERROR_MAX])
{
	const struct agent_state *agent = state;

	return agent_sign(agent->fd, sig, data, len, error);
}

static void
close_agent(void *state)
{
	struct agent_state *agent = state;

	close(agent->fd);
	free(agent);
}

static const struct signer_backend agent_backend = {
	.sign = sign_with_agent,
	.close = close_agent,
};

/* wanted is a fingerprint, or "" for the only key. */
static const struct agent_key *
choose_key(const struct agent_key *keys, size_t n, const char *wanted,
    char error[static KEY_ERROR_MAX])
{
	char fingerprint[FINGERPRINT_SIZE];
	size_t i;

	if (wanted[0] == '\0') {
		if (n == 1)
			return keys;
		snprintf(error, KEY_ERROR_MAX,
		    n == 0
			? "ssh-agent holds no Ed25519 key: add one with ssh-add"
			: "ssh-agent holds several Ed25519 keys: name one as "
			  "agent:SHA256:... (ssh-add -l lists them)");
		return NULL;
	}
	for (i = 0; i < n; i++) {
		sign_fingerprint(&keys[i].key, fingerprint);
		if (strcmp(fingerprint, wanted) == 0)
			return &keys[i];
	}
	snprintf(error, KEY_ERROR_MAX,
	    "ssh-agent does not hold the Ed25519 key %.60s: add it with "
	    "ssh-add",
	    wanted);
	return NULL;
}

/* Takes fd over where it succeeds. */
static struct signer *
agent_signer(int fd, const char *wanted, char error[static KEY_ERROR_MAX])
{
	const struct agent_key *chosen;
	struct agent_key *keys;
	struct agent_state *state;
	struct signer *signer = NULL;
	size_t n;

	if (agent_list(fd, &keys, &n, error) != 0)
		return NULL;
	chosen = choose_key(keys, n, wanted, error);
	if (chosen != NULL) {
		snprintf(error, KEY_ERROR_MAX, "out of memory");
		state = malloc(sizeof(*state));
		if (state != NULL) {
			state->fd = fd;
			signer = signer_make(&agent_backend, state,
			    &chosen->key, chosen->comment);
		}
		if (signer == NULL)
			free(state);
	}
	free(keys);
	return signer;
}

static struct signer *
open_agent(const char *wanted, char error[static KEY_ERROR_MAX])
{
	const char *path = getenv("SSH_AUTH_SOCK");
	struct signer *signer;
	int fd;

	if (path == NULL || path[0] == '\0') {
		snprintf(error, KEY_ERROR_MAX,
		    "SSH_AUTH_SOCK is not set: start ssh-agent, or name a key "
		    "file");
		return NULL;
	}
	fd = agent_connect(path, error);
	if (fd == -1)
		return NULL;
	signer = agent_signer(fd, wanted, error);
	if (signer == NULL)
		close(fd);
	return signer;
}

struct signer *
signer_open(const char *where, char error[static KEY_ERROR_MAX])
{
	const size_t prefix = strlen(AGENT_PREFIX);

	if (strncmp(where, AGENT_PREFIX, prefix) == 0)
		return open_agent(where + prefix, error);
	return open_file(where, error);
}
