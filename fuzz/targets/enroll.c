/*
 * Fuzz target: a host's announcement. What is accepted is written out, read
 * and written out again as the same bytes.
 */
#include "wire/enroll.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz/cast.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"

/* Another host, time, key or secret: another MAC. */
static void
check_mac(const struct enroll *enroll)
{
	uint8_t mac[ENROLL_MAC_SIZE], other[ENROLL_MAC_SIZE];
	uint8_t secret[ENROLL_SECRET_SIZE] = { 1 };
	struct enroll changed = *enroll;

	enroll_mac(enroll, cast_key(WWW01), secret, mac);
	enroll_mac(enroll, cast_key(WWW02), secret, other);
	MUST(memcmp(mac, other, sizeof(mac)) != 0);
	changed.issued++;
	enroll_mac(&changed, cast_key(WWW01), secret, other);
	MUST(memcmp(mac, other, sizeof(mac)) != 0);
	changed = *enroll;
	changed.hostname[0] ^= 1;
	enroll_mac(&changed, cast_key(WWW01), secret, other);
	MUST(memcmp(mac, other, sizeof(mac)) != 0);
	secret[0] = 2;
	enroll_mac(enroll, cast_key(WWW01), secret, other);
	MUST(memcmp(mac, other, sizeof(mac)) != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct enroll enroll, again;
	size_t len, again_len;
	char *text, *text_again;

	fuzz_prepare();
	if (enroll_parse(data, size, &enroll) != STATUS_OK)
		return 0;
	MUST(name_is_fleet(enroll.fleet) && name_is_host(enroll.hostname));
	for (const char *at = enroll.address; *at != '\0'; at++)
		MUST(*at >= ' ' && *at <= '~');
	check_mac(&enroll);
	text = enroll_build(&enroll, &len);
	MUST(text != NULL);
	MUST(enroll_parse((const uint8_t *)text, len, &again) == STATUS_OK);
	MUST(again.has_token == enroll.has_token);
	text_again = enroll_build(&again, &again_len);
	MUST(text_again != NULL && strcmp(text, text_again) == 0);
	free(text_again);
	free(text);
	return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return mutate_json(data, size, max, seed);
}
