/*
 * Plain, slow second opinions, written from the protocol's text and not from
 * the code that they judge: a target compares both. Nothing of wire/match,
 * wire/request, base/glob or agent/gate is used here.
 */
#ifndef AMIRAL_FUZZ_REFERENCE_H
#define AMIRAL_FUZZ_REFERENCE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/reply.h"

/* A shell pattern; slash: whether * ? and [] may stand for '/'. */
bool reference_glob_valid(const char *pattern);
bool reference_glob(const char *pattern, const char *text, bool slash);

/* The host that the targets are: that of docs/vectors. */
#define REFERENCE_FLEET "paris-3f9c21aa"
#define REFERENCE_HOST  "www01.example.com"
#define REFERENCE_GROUP "web"
bool reference_match_valid(const json_t *match);
bool reference_match(const json_t *match, const json_t *facts);

/* A description's args and a request's: may the provider have them? */
bool reference_arguments(const json_t *described, const json_t *args);

/* What the host knows beside the bytes. */
struct reference_state {
	int64_t now, started, floor;
	bool known, cancelled;
	const char *taken;       /* base64 digest of bob's running request */
	uint32_t share;          /* entries of the operator in the replay set */
	unsigned jobs, jobs_own; /* providers running: all, the operator's */
	const json_t *facts;
	/* args of a provider's description; NULL: not described here. */
	const json_t *(*described)(const char *provider);
};

enum reference_verdict {
	REFERENCE_SILENT,
	REFERENCE_KNOWN,
	REFERENCE_REFUSED,
	REFERENCE_ADMITTED,
};
enum reference_verdict reference_admit(const struct reference_state *,
    const uint8_t *bytes, size_t len, enum reply_reason *reason);

#endif
