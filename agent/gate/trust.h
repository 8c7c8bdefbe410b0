/*
 * Part of the gate. Everything that the executor hands over as files, parsed
 * inside the jail into one value: either all of a set is in force, or
 * nothing of it.
 */
#ifndef AMIRAL_AGENT_GATE_TRUST_H
#define AMIRAL_AGENT_GATE_TRUST_H

#include "agent/gate/description.h"
#include "base/agent_conf.h"
#include "keys/certificate.h"
#include "keys/operators.h"
#include "keys/signer.h"
#include "privsep/messages.h"
#include "wire/sign.h"

#define TRUST_ERROR_MAX 1024
#define TRUST_FILES     1024 /* of one set */
#define TRUST_BYTES     (8 * 1024 * 1024)

/* A file as it came: read at once, parsed later. */
struct trust_file {
	enum gate_file kind;
	char *name;
	char *text; /* NULL: it could not be read, for the reason error */
	size_t len;
	int error;
	int fd; /* of the host key, which is read inside the jail; or -1 */
};

struct trust_files {
	struct trust_file *files;
	unsigned count;
	size_t bytes;
	bool over; /* more than fits the bounds was handed over */
};

struct gate_trust {
	struct agent_conf *conf; /* NULL: no set is in force yet */
	struct signer *signer;
	struct signer *next; /* the key that the host rotates to, or NULL */
	struct operators *operators;
	struct description *descriptions;
	unsigned description_count;
	char hostname[HOSTNAME_MAX + 1];
	char fingerprint[FINGERPRINT_SIZE]; /* of the host key */
	char *certificate; /* of the host key, base64; NULL: none */
};

/* Takes a descriptor over; closes it, or keeps it where it is a secret key. */
void trust_files_add(struct trust_files *, enum gate_file, const char *name,
    size_t name_len, int fd);
/* Forgets the set and closes what is open. */
void trust_files_clear(struct trust_files *);
/*
 * Parses a set; hostname is used where no file names one. 0, or -1 with out
 * untouched and "file:line: what" in error.
 */
int gate_trust_build(struct gate_trust *out, const struct trust_files *,
    const char *hostname, char error[static TRUST_ERROR_MAX]);
void gate_trust_clear(struct gate_trust *);
/* The description of a provider, or NULL. */
const struct description *trust_provider(
    const struct gate_trust *, const char *name);

#endif
