/*
 * Fuzz target: an envelope of any kind. What is accepted is written again
 * byte for byte from the parts that were read, and is good for one kind.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/cast.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"

static void
check_written_again(enum envelope_kind kind, const struct envelope *e,
    const uint8_t *data, size_t size)
{
	char text[ENVELOPE_LINES_MAX][SSHSIG_LINE_MAX + 1];
	const char *lines[ENVELOPE_LINES_MAX];
	uint8_t *again;
	size_t len;

	MUST(e->signatures >= 1 && e->signatures <= ENVELOPE_LINES_MAX);
	for (unsigned i = 0; i < e->signatures; i++) {
		sign_line(kind, &e->signature[i], text[i]);
		lines[i] = text[i];
	}
	again = sign_envelope(
	    lines, e->signatures, e->payload, e->payload_len, &len);
	MUST(again != NULL && len == size && memcmp(again, data, len) == 0);
	free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct envelope read, e;
	unsigned reads = 0;

	fuzz_prepare();
	for (unsigned k = 0; k < ENVELOPE_KINDS; k++) {
		enum envelope_kind kind = (enum envelope_kind)k;

		if (envelope_read(data, size, kind, &read) != STATUS_OK) {
			MUST(envelope_open(data, size, kind, &e) != STATUS_OK);
			continue;
		}
		reads++;
		check_written_again(kind, &read, data, size);
		if (envelope_open(data, size, kind, &e) == STATUS_OK)
			MUST(envelope_verify(&read, kind) == STATUS_OK);
	}
	MUST(reads <= 1);
	return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return mutate_envelope(data, size, max, seed, 0,
	    (enum envelope_kind)(seed % ENVELOPE_KINDS));
}
