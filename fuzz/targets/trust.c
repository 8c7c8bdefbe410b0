/*
 * Fuzz target: an operators' list. What is accepted is written out, read and
 * written out again as the same bytes; what it revokes is remembered.
 */
#include "wire/trust.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"
#include "keys/revocations.h"
#include "wire/verify/envelope.h"

static void
check_signers(const struct trust_list *list)
{
	for (size_t i = 0; i < list->signer_count; i++) {
		MUST(name_is_principal(list->signers[i].principal));
		MUST(public_key_valid(&list->signers[i].key));
	}
}

/* What a host remembers of it is what it says. */
static void
check_revoked(const struct trust_list *list)
{
	struct revocations set = { 0 };
	size_t len;
	char *text;

	MUST(revocations_add(&set, list) == STATUS_OK);
	for (size_t i = 0; i < list->revoked_count; i++) {
		MUST(trust_revokes(list, list->revoked[i]));
		MUST(revocations_have(&set, list->revoked[i]));
	}
	MUST(set.count <= list->revoked_count);
	text = revocations_format(&set, &len);
	revocations_clear(&set);
	MUST(text != NULL && revocations_parse(&set, text, len) == 0);
	MUST(set.count == len / FINGERPRINT_SIZE);
	free(text);
	revocations_clear(&set);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trust_list list, again;
	size_t len, again_len;
	char *text, *text_again;

	fuzz_prepare();
	if (trust_parse(data, size, &list) != STATUS_OK)
		return 0;
	MUST(name_is_fleet(list.fleet) && list.serial > 0);
	check_signers(&list);
	check_revoked(&list);
	text = trust_build(&list, &len);
	MUST(text != NULL);
	if (len <= ENVELOPE_PAYLOAD_MAX) {
		MUST(trust_parse((const uint8_t *)text, len, &again) ==
		     STATUS_OK);
		text_again = trust_build(&again, &again_len);
		MUST(text_again != NULL && strcmp(text, text_again) == 0);
		free(text_again);
		trust_clear(&again);
	}
	free(text);
	trust_clear(&list);
	return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return mutate_json(data, size, max, seed);
}
