/*
 * Fuzz target: a provider's description as the gate reads it, a NUL, and a
 * request's args. The gate takes the args that the reference takes.
 */
#include "agent/gate/description.h"

#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"
#include "fuzz/reference.h"
#include "wire/json.h"

static void
check_args(const struct description *d, json_t *args)
{
	const json_t *rows = json_object_get(d->root, "args");
	char detail[REPLY_DETAIL_MAX + 1] = "";
	bool fits = description_check(d, args, detail);

	MUST(fits == reference_arguments(rows, args));
	MUST(fits || detail[0] != '\0');
	for (const char *at = detail; *at != '\0'; at++)
		MUST((unsigned char)*at >= ' ' && *at != 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cut = size > 0 ? memchr(data, 0, size) : NULL;
	size_t len = cut != NULL ? (size_t)(cut - data) : size;
	char error[DESCRIPTION_ERROR_MAX] = "";
	struct description d;
	json_t *args = NULL;

	fuzz_prepare();
	if (!description_parse(&d, "run", (const char *)data, len, error)) {
		MUST(error[0] != '\0');
		return 0;
	}
	MUST(strcmp(d.name, "run") == 0);
	MUST(d.argument_count <= DESCRIPTION_ARGUMENTS);
	check_args(&d, NULL);
	if (cut != NULL &&
	    json_strict(cut + 1, size - len - 1, NULL, &args) == STATUS_OK)
		check_args(&d, args);
	json_decref(args);
	description_clear(&d);
	return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return mutate_parts(data, size, max, seed, '\0');
}
