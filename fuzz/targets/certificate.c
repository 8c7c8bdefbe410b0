/*
 * Fuzz target: a host certificate, as bytes and as the text of its file.
 * What is accepted names literal principals, is good for nobody else, and
 * for no time outside its own.
 */
#include "keys/certificate.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/name.h"
#include "fuzz/fuzz.h"
#include "wire/verify/envelope.h"

static void
check_times(const struct certificate *c, const char *host)
{
	int64_t after = (int64_t)(c->after & INT32_MAX) * 1000;

	if (c->after > INT32_MAX || c->before > INT32_MAX)
		return;
	if (c->after > 0)
		MUST(certificate_judge(c, host, after - 1) ==
		     CERTIFICATE_NOT_YET);
	MUST(certificate_judge(c, host, (int64_t)c->before * 1000) !=
	     CERTIFICATE_GOOD);
	if (c->before > c->after)
		MUST(certificate_judge(c, host, after) == CERTIFICATE_GOOD);
}

static void
check(const struct certificate *c)
{
	char name[HOSTNAME_MAX + 1];
	struct cursor in;

	MUST(public_key_valid(&c->key) && public_key_valid(&c->authority));
	MUST(
	    certificate_judge(c, "nobody.invalid-name", 0) != CERTIFICATE_GOOD);
	cursor_init(&in, c->principals, c->principals_len);
	MUST(in.left > 0);
	while (in.left > 0 && cursor_text(&in, name, sizeof name))
		if (name_is_host(name))
			check_times(c, name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct certificate c;
	uint8_t blob[CERTIFICATE_MAX];
	char *text;
	size_t len;

	fuzz_prepare();
	if (certificate_read(&c, data, size) == CERTIFICATE_GOOD)
		check(&c);
	text = input_text(&in, '\0');
	if (certificate_line(text, blob, &len) != NULL) {
		MUST(len <= sizeof blob);
		if (certificate_read(&c, blob, len) == CERTIFICATE_GOOD)
			check(&c);
	}
	free(text);
	return 0;
}
