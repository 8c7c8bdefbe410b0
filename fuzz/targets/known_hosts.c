/*
 * Fuzz target: the controller's known_hosts. What is accepted has sorted,
 * distinct, valid names; each key speaks for its host or is revoked; and
 * another key never does.
 */
#include "keys/known_hosts.h"

#include <string.h>

#include "base/name.h"
#include "fuzz/cast.h"
#include "fuzz/fuzz.h"

static void
check_host(const struct known_hosts *known, size_t i)
{
	const char *name = known_hosts_name(known, i);
	enum status status =
	    known_hosts_check(known, name, known_hosts_key(known, i));

	MUST(name_is_host(name));
	MUST(known_hosts_find(known, name) == (long)i);
	MUST(i == 0 || strcmp(known_hosts_name(known, i - 1), name) < 0);
	MUST(status == STATUS_OK || status == STATUS_REVOKED);
	MUST(public_key_valid(known_hosts_key(known, i)));
}

/* A key that no line of the text has. */
static void
check_stranger(const struct known_hosts *known, const char *text, size_t len)
{
	const struct public_key *key = cast_key(TRUST);
	const char *base64 = strchr(cast_line(TRUST), ' ') + 1;

	if (memmem(text, len, base64, strlen(base64)) != NULL)
		return;
	for (size_t i = 0; i < known_hosts_count(known); i++)
		MUST(known_hosts_check(known, known_hosts_name(known, i),
			 key) == STATUS_HOST);
	MUST(known_hosts_check(known, "nobody.example", key) != STATUS_OK);
	MUST(!known_hosts_has_key(known, key));
	MUST(known_hosts_authority(known, "nobody.example", key) ==
	     STATUS_UNKNOWN_KEY);
}

/* Who certifies stands in the text on a line that says so, unrevoked. */
static void
check_authorities(const struct known_hosts *known, const char *text, size_t len)
{
	static const char marker[] = "@cert-authority";
	bool marked = memmem(text, len, marker, strlen(marker)) != NULL;

	MUST(marked || !known_hosts_has_authorities(known));
	for (unsigned who = 0; who < CAST; who++) {
		const struct public_key *key = cast_key((enum cast)who);
		enum status status =
		    known_hosts_authority(known, "www01.example.com", key);

		if (status == STATUS_OK)
			MUST(known_hosts_has_authorities(known));
		MUST((status == STATUS_REVOKED) ==
		     (known_hosts_check(known, "www01.example.com", key) ==
			 STATUS_REVOKED));
	}
}

/* What was accepted before is read as the same, without a look at points. */
static void
check_again(const struct known_hosts *known, const char *text, size_t len)
{
	char error[KNOWN_HOSTS_ERROR_MAX];
	struct known_hosts *again =
	    known_hosts_parse_again("file", text, len, error);

	MUST(again != NULL);
	MUST(known_hosts_count(again) == known_hosts_count(known));
	for (size_t i = 0; i < known_hosts_count(known); i++) {
		MUST(strcmp(known_hosts_name(again, i),
			 known_hosts_name(known, i)) == 0);
		MUST(known_hosts_key_count(again, i) ==
		     known_hosts_key_count(known, i));
		MUST(known_hosts_has_key(again, known_hosts_key(known, i)));
	}
	known_hosts_free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[KNOWN_HOSTS_ERROR_MAX];
	struct known_hosts *known;

	fuzz_prepare();
	known = known_hosts_parse("file", (const char *)data, size, error);
	if (known == NULL) {
		MUST(strncmp(error, "file:", 5) == 0);
		return 0;
	}
	for (size_t i = 0; i < known_hosts_count(known); i++)
		check_host(known, i);
	check_stranger(known, (const char *)data, size);
	check_authorities(known, (const char *)data, size);
	check_again(known, (const char *)data, size);
	known_hosts_free(known);
	return 0;
}
