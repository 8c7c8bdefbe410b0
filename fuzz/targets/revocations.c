/*
 * Fuzz target: the file of keys that lists have revoked. What is accepted is
 * written again as the same bytes, names each key once, and stays in front of
 * whatever joins it.
 */
#include "keys/revocations.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"

static char newest[][FINGERPRINT_SIZE] = {
	"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	"SHA256:BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
};

static void
check_items(const struct revocations *set)
{
	MUST(set->count <= REVOCATIONS_MAX);
	for (size_t i = 0; i < set->count; i++) {
		MUST(trust_is_fingerprint(set->items[i]));
		for (size_t j = 0; j < i; j++)
			MUST(strcmp(set->items[i], set->items[j]) != 0);
	}
}

/* All of a list's or nothing, and nothing that was there moves. */
static void
check_joined(struct revocations *set, const uint8_t *data, size_t size)
{
	const struct trust_list list = {
		.revoked_count = sizeof newest / sizeof newest[0],
		.revoked = newest,
	};
	bool room = set->count + list.revoked_count <= REVOCATIONS_MAX;
	enum status status = revocations_add(set, &list);
	size_t len;
	char *text;

	MUST(status == STATUS_OK || (status == STATUS_RANGE && !room));
	MUST(status != STATUS_OK || (revocations_have(set, newest[0]) &&
					revocations_have(set, newest[1])));
	check_items(set);
	text = revocations_format(set, &len);
	MUST(text != NULL && len >= size && len <= REVOCATIONS_TEXT_MAX);
	MUST(size == 0 || memcmp(text, data, size) == 0);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct revocations set = { 0 };
	size_t len, line;
	char *text;

	fuzz_prepare();
	line = revocations_parse(&set, (const char *)data, size);
	if (line != 0) {
		MUST(set.items == NULL);
		MUST(line <= size / FINGERPRINT_SIZE + 1);
		return 0;
	}
	check_items(&set);
	text = revocations_format(&set, &len);
	MUST(text != NULL && len == size &&
	     (size == 0 || memcmp(text, data, size) == 0));
	free(text);
	check_joined(&set, data, size);
	revocations_clear(&set);
	return 0;
}
