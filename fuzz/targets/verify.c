/*
 * Fuzz target: a message of the reply stream, from bytes to a verified reply
 * or an oddity. The first byte: bit 0, replies were to be sealed. What is
 * verified is signed by the host that it names, and answers the request.
 */
#include "ctl/verify.h"

#include <stdio.h>
#include <string.h>

#include "fuzz/cast.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"

/* The request that the replies of docs/vectors answer. */
static const uint8_t request[ENVELOPE_DIGEST_SIZE] = { 0xc7, 0x9d, 0x5c, 0x57,
	0xc7, 0x6e, 0xe6, 0xd8, 0xe6, 0xd9, 0xbd, 0xe6, 0x90, 0x4a, 0xdb, 0x10,
	0xa0, 0x8d, 0xb9, 0x9e, 0x49, 0x19, 0x7c, 0x94, 0x9b, 0x20, 0x22, 0xec,
	0x28, 0xbc, 0xd9, 0x14 };

static const struct known_hosts *
hosts(void)
{
	static struct known_hosts *known;
	char text[4 * PUBLIC_LINE_MAX], error[KNOWN_HOSTS_ERROR_MAX];

	if (known != NULL)
		return known;
	snprintf(text, sizeof(text),
	    "www01.example.com %s\nwww02.example.com %s\n@revoked * %s\n",
	    cast_line(WWW01), cast_line(WWW02), cast_line(TRUST));
	known = known_hosts_parse("known_hosts", text, strlen(text), error);
	MUST(known != NULL);
	return known;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct verify_context context = {
		.known = hosts(),
		.reply_to = "51665ac9-bab5-4995-aa80-09bc79cfb2bd",
		.count = 1,
	};
	struct verified verified;
	struct envelope e;

	fuzz_prepare();
	memcpy(context.requests[0], request, sizeof(request));
	if (input_u8(&in) & 1)
		context.pair = cast_seal();
	verify_reply(&context, in.at, in.left, &verified);
	MUST(verified.oddity < ODDITIES);
	if (verified.oddity != ODDITY_NONE)
		return 0;
	MUST(envelope_open(in.at, in.left, ENVELOPE_REPLY, &e) == STATUS_OK);
	MUST(known_hosts_check(hosts(), verified.reply.hostname,
		 &e.signature[0].key) == STATUS_OK);
	MUST(strcmp(known_hosts_name(hosts(), verified.host),
		 verified.reply.hostname) == 0);
	MUST(memcmp(verified.reply.request, request, sizeof(request)) == 0);
	MUST(strcmp(verified.reply.in_reply_to, context.reply_to) == 0);
	reply_clear(&verified.reply);
	return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return mutate_envelope(data, size, max, seed, 1, ENVELOPE_REPLY);
}
