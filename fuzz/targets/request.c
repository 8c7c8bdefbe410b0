/*
 * Fuzz target: a request's payload. What is accepted is within its ranges,
 * and written out, read and written out again it is the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"
#include "wire/json.h"
#include "wire/request.h"

static void
check_ranges(const struct request *r)
{
	MUST(name_is_fleet(r->fleet) && name_is_uuid(r->reply_to));
	MUST(name_is_principal(r->operator_) && name_is_provider(r->provider));
	MUST(r->signatures >= 1 && r->signatures <= ENVELOPE_LINES_MAX);
	MUST(r->issued > 0 && r->expires > r->issued);
	MUST(r->expires - r->issued <= REQUEST_TTL_MAX_MS);
	MUST(r->timeout_s >= 0 && r->timeout_s <= REQUEST_TIMEOUT_MAX);
	MUST(r->max_hosts >= 0 && r->max_hosts <= REQUEST_HOSTS_MAX);
	MUST(json_text_printable(r->on_behalf_of));
	MUST(match_check(r->match) == STATUS_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request request, again;
	size_t len, again_len;
	char *text, *text_again;

	fuzz_prepare();
	if (request_parse(data, size, &request) != STATUS_OK)
		return 0;
	check_ranges(&request);
	text = request_build(&request, &len);
	MUST(text != NULL);
	if (len <= ENVELOPE_PAYLOAD_MAX) {
		MUST(request_parse((const uint8_t *)text, len, &again) ==
		     STATUS_OK);
		text_again = request_build(&again, &again_len);
		MUST(text_again != NULL && strcmp(text, text_again) == 0);
		free(text_again);
		request_clear(&again);
	}
	free(text);
	request_clear(&request);
	return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return mutate_json(data, size, max, seed);
}
