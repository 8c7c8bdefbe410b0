/*
 * Fuzz target: a provider's description as the controller reads it, a NUL,
 * and KEY=VALUE words, one a line. What the controller lets pass the
 * reference takes as well.
 */
#include <stdlib.h>
#include <string.h>

#include "ctl/description.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"
#include "fuzz/reference.h"
#include "wire/json.h"

#define WORDS_MAX 64

static void
check_words(const struct description *d, struct input *in)
{
	char *words[WORDS_MAX], error[CTL_ERROR_MAX] = "";
	unsigned n = 0;
	json_t *args;

	while (in->left > 0 && n < WORDS_MAX)
		words[n++] = input_text(in, '\n');
	args = arguments_read((const char *const *)words, n, error);
	MUST(args != NULL || error[0] != '\0');
	if (args != NULL && arguments_check(d, args, error))
		MUST(reference_arguments(
		    json_object_get(d->root, "args"), args));
	json_decref(args);
	while (n > 0)
		free(words[--n]);
}

static void
show(const struct description *d)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	MUST(f != NULL);
	description_help(d, f);
	description_summary(d);
	MUST(fclose(f) == 0);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	char error[CTL_ERROR_MAX] = "", *text = input_text(&in, '\0');
	struct description d;

	fuzz_prepare();
	if (description_parse(&d, "run", "file", text, strlen(text), error)) {
		show(&d);
		check_words(&d, &in);
		description_clear(&d);
	} else {
		MUST(error[0] != '\0');
	}
	free(text);
	return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return mutate_parts(data, size, max, seed, '\0');
}
