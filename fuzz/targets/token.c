/*
 * Fuzz target: an enrollment token. What is accepted is written again as the
 * same text; a refusal never has a piece of the secret in it.
 */
#include "keys/token.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[TOKEN_ERROR_MAX] = "", text[TOKEN_TEXT_MAX];
	struct input in = { data, size };
	struct token token;
	char *line = input_text(&in, '\n');

	fuzz_prepare();
	if (token_parse(&token, line, error)) {
		MUST(name_is_fleet(token.fleet));
		MUST(token_format(&token, text));
		MUST(strcmp(text, line) == 0);
		token_wipe(&token);
	} else {
		MUST(error[0] != '\0' && strlen(error) < sizeof error);
		MUST(strlen(line) < 24 || strstr(error, line) == NULL);
	}
	free(line);
	return 0;
}
