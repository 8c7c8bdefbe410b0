/*
 * Fuzz target: one byte for the rule, a pattern, a NUL, and a text: the
 * verdict of the reference's full table.
 */
#include "base/glob.h"

#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "fuzz/reference.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	bool path = input_u8(&in) & 1;
	char *pattern = input_text(&in, '\0');
	char *text = input_text(&in, '\0');

	fuzz_prepare();
	MUST(glob_valid(pattern) == reference_glob_valid(pattern));
	MUST(glob_match(pattern, text, path ? GLOB_PATH : GLOB_PLAIN) ==
	     reference_glob(pattern, text, !path));
	free(text);
	free(pattern);
	return 0;
}
