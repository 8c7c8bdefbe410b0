/*
 * Fuzz target: a request file, that another operator hands over. What is
 * taken is signed by whom it says, can be sent and its answers read; and
 * what is shown of it cannot steer a terminal.
 */
#include "ctl/cosign.h"

#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "fuzz/cast.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"

#define HEADER 62 /* bytes in front of the envelope */

/* Lines of what base/escape lets through, but for doubled backslashes. */
static void
check_shown(const struct cosign *c)
{
	char *text = NULL, *line, *next;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	MUST(f != NULL);
	cosign_show(c, "file", 0, f);
	MUST(fclose(f) == 0 && len == strlen(text));
	for (line = text; line != NULL && *line != '\0'; line = next) {
		next = strchr(line, '\n');
		MUST(next != NULL);
		*next++ = '\0';
		for (char *at = line; *at != '\0'; at++)
			if (*at == '\\')
				*at = '/';
		MUST(escape_clean(line, strlen(line)));
	}
	free(text);
}

static void
check_taken(const struct cosign *c)
{
	const struct request *r = &c->request;
	struct envelope e;

	MUST(c->envelope.signatures >= 1 && r->signatures <= 4);
	MUST(r->signatures >= COSIGN_LEAST);
	MUST(c->envelope.signatures <= r->signatures);
	MUST(cosign_complete(c) == (c->envelope.signatures == r->signatures));
	MUST(envelope_open(c->ask.envelope, c->ask.len, ENVELOPE_REQUEST, &e) ==
	     STATUS_OK);
	for (unsigned i = 0; i < e.signatures; i++)
		MUST(cast_find(&e.signature[i].key) != CAST);
	MUST(r->sealed && r->reply_via == REPLY_VIA_STREAM);
	MUST(memcmp(r->seal_to, c->pair.public_key, 32) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[CTL_ERROR_MAX] = "";
	struct cosign c;

	fuzz_prepare();
	if (cosign_parse(&c, "file", data, size, error)) {
		check_taken(&c);
		check_shown(&c);
	} else {
		MUST(strncmp(error, "file: ", 6) == 0);
	}
	cosign_clear(&c);
	return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return mutate_envelope(data, size, max, seed, HEADER, ENVELOPE_REQUEST);
}
