/*
 * Fuzz target: a match, a NUL, and a host's facts. Form and meaning are
 * those of the reference; what matches is possible by name; and where the
 * name decides, it decides alike.
 */
#include "wire/match.h"

#include <jansson.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"
#include "fuzz/reference.h"
#include "wire/json.h"

static void
check_host(const json_t *match, const json_t *facts)
{
	char *const groups[] = { (char[]){ REFERENCE_GROUP }, NULL };
	struct match_host host = {
		.hostname = REFERENCE_HOST,
		.fleet = REFERENCE_FLEET,
		.groups = groups,
		.facts = facts,
	};
	bool matches = match_test(match, &host);
	bool possible = match_possible(match, REFERENCE_HOST);

	MUST(matches == reference_match(match, facts));
	MUST(!matches || possible);
	if (match_by_name(match))
		MUST(matches == possible);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cut = size > 0 ? memchr(data, 0, size) : NULL;
	size_t len = cut != NULL ? (size_t)(cut - data) : size;
	json_t *match, *facts = NULL;
	bool good;

	fuzz_prepare();
	if (json_strict(data, len, NULL, &match) != STATUS_OK)
		return 0;
	good = match_check(match) == STATUS_OK;
	MUST(good == reference_match_valid(match));
	if (good) {
		check_host(match, NULL);
		if (cut != NULL && json_strict(cut + 1, size - len - 1, "",
				       &facts) == STATUS_OK)
			check_host(match, facts);
	}
	json_decref(facts);
	json_decref(match);
	return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return mutate_parts(data, size, max, seed, '\0');
}
