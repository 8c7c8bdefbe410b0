/*
 * Fuzz target: a hello's payload. What is accepted is written out, read and
 * written out again as the same bytes.
 */
#include "wire/hello.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hello hello, again;
	size_t len, again_len;
	char *text, *text_again;

	fuzz_prepare();
	if (hello_parse(data, size, &hello) != STATUS_OK)
		return 0;
	MUST(name_is_fleet(hello.fleet) && name_is_host(hello.hostname));
	MUST(json_is_object(hello.facts));
	MUST((hello.signatures == 2) == (hello.serial > 0));
	text = hello_build(&hello, &len);
	MUST(text != NULL);
	if (len <= HELLO_MAX) {
		MUST(hello_parse((const uint8_t *)text, len, &again) ==
		     STATUS_OK);
		text_again = hello_build(&again, &again_len);
		MUST(text_again != NULL && strcmp(text, text_again) == 0);
		free(text_again);
		hello_clear(&again);
	}
	free(text);
	hello_clear(&hello);
	return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return mutate_json(data, size, max, seed);
}
