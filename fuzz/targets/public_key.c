/*
 * Fuzz target: "type base64 comment". What is accepted is written again as
 * the same text, its blob is read as the same key, and a key of another
 * type is not one of ours.
 */
#include "keys/public.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "wire/sign.h"
#include "wire/verify/envelope.h"

static void
check_key(const struct public_key *key, const char *type, const char *base64,
    const char *comment)
{
	char line[PUBLIC_LINE_MAX], wanted[PUBLIC_LINE_MAX];
	uint8_t blob[PUBLIC_BLOB_MAX];
	struct public_key again;

	MUST(public_from_blob(&again, blob, sign_public_blob(key, blob)));
	MUST(public_key_equal(key, &again));
	public_format(key, "", line);
	MUST(strncmp(line, type, strlen(type)) == 0);
	MUST(strcmp(line + strlen(type) + 1, base64) == 0);
	public_format(key, comment, wanted);
	MUST(strncmp(wanted, line, strlen(line)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct public_key key;
	char *type, *base64, *comment;

	fuzz_prepare();
	if (public_from_blob(&key, data, size)) {
		uint8_t blob[PUBLIC_BLOB_MAX];

		MUST(sign_public_blob(&key, blob) == size);
		MUST(memcmp(blob, data, size) == 0);
	}
	type = input_text(&in, ' ');
	base64 = input_text(&in, ' ');
	comment = input_text(&in, '\n');
	if (public_from_text(&key, type, base64)) {
		check_key(&key, type, base64, comment);
		MUST(!public_is_other(type, base64));
	}
	free(comment);
	free(base64);
	free(type);
	return 0;
}
