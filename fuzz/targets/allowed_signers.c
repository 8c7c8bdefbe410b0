/*
 * Fuzz target: a host's allowed_signers. Who may sign stands in the text,
 * with that key; without namespaces= a line is good for requests alone; and
 * a key that no line has is nobody's.
 */
#include "keys/allowed_signers.h"

#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "fuzz/cast.h"
#include "fuzz/fuzz.h"

static const int64_t times[] = { INT64_MIN, 0, 1763800000500, INT64_MAX };

static void
check_granted(const char *text, const char *principal,
    const struct public_key *key, enum envelope_kind kind)
{
	char line[PUBLIC_LINE_MAX];

	public_format(key, "", line);
	MUST(name_is_principal(principal));
	MUST(strstr(text, principal) != NULL);
	MUST(strstr(text, strchr(line, ' ') + 1) != NULL);
	/* Options are case-blind, namespaces are not. */
	if (kind != ENVELOPE_REQUEST)
		MUST(strstr(text, envelope_namespace(kind)) != NULL);
}

static void
check_signers(const struct allowed_signers *signers, const char *text)
{
	const char *principal = NULL;

	for (size_t i = 0; i < allowed_signers_count(signers); i++) {
		const struct public_key *key = allowed_signers_key(signers, i);

		MUST(public_key_valid(key));
		for (unsigned k = 0; k < ENVELOPE_KINDS; k++)
			for (unsigned t = 0; t < 4; t++)
				if (allowed_signers_check(signers, key,
					(enum envelope_kind)k, times[t],
					&principal) == STATUS_OK)
					check_granted(text, principal, key,
					    (enum envelope_kind)k);
	}
	if (strstr(text, strchr(cast_line(TRUST), ' ') + 1) == NULL)
		MUST(allowed_signers_check(signers, cast_key(TRUST),
			 ENVELOPE_REQUEST, times[2],
			 &principal) == STATUS_UNKNOWN_KEY);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[ALLOWED_SIGNERS_ERROR_MAX];
	struct allowed_signers *signers;
	struct input in = { data, size };
	char *text;

	fuzz_prepare();
	signers =
	    allowed_signers_parse("file", (const char *)data, size, error);
	if (signers == NULL) {
		MUST(strncmp(error, "file:", 5) == 0);
		return 0;
	}
	text = input_text(&in, '\0');
	check_signers(signers, text);
	free(text);
	allowed_signers_free(signers);
	return 0;
}
