/*
 * Fuzz target: a reply's payload as the controller opens it. The first byte
 * says how: bit 0, a pair is given; bit 1, what follows is an outer object,
 * a newline and an inner reply, which is sealed here. What is accepted is
 * written out and read again as the same.
 */
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/cast.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"
#include "wire/json.h"

enum { PAIR = 1, SEAL = 2 };

static void
check_written_again(const struct reply *reply)
{
	struct reply again;
	size_t len, again_len;
	char *text = reply_build(reply, &len), *text_again;

	if (text == NULL) {
		/* The output alone may be more than may be sent. */
		MUST(reply->status == REPLY_COMPLETE);
		return;
	}
	if (len <= ENVELOPE_PAYLOAD_MAX) {
		MUST(reply_parse((const uint8_t *)text, len, &again) ==
		     STATUS_OK);
		text_again = reply_build(&again, &again_len);
		MUST(text_again != NULL && strcmp(text, text_again) == 0);
		free(text_again);
		reply_clear(&again);
	}
	free(text);
}

/* The outer object with the inner text sealed into it; NULL: no object. */
static char *
seal(struct input in, size_t *len)
{
	char *outer_text = input_text(&in, '\n'), *text = NULL;
	json_t *outer = json_loads(outer_text, 0, NULL);
	size_t box_len = in.left + crypto_box_SEALBYTES;
	uint8_t *box = malloc(box_len);

	MUST(box != NULL);
	free(outer_text);
	if (json_is_object(outer)) {
		crypto_box_seal(box, in.at, in.left, cast_seal()->public_key);
		json_object_set_new(
		    outer, "sealed", json_from_bytes(box, box_len));
		text = json_compact(outer, len);
	}
	json_decref(outer);
	free(box);
	return text;
}

static void
check_sealed(struct input in)
{
	struct reply inner, opened;
	size_t len;
	char *text = seal(in, &len);
	enum status status;

	if (text == NULL)
		return;
	status = reply_open((const uint8_t *)text, len, cast_seal(), &opened);
	if (status == STATUS_OK) {
		while (*in.at != '\n')
			input_u8(&in);
		input_u8(&in);
		MUST(reply_parse(in.at, in.left, &inner) == STATUS_OK);
		MUST(inner.status == opened.status && inner.seq == opened.seq);
		MUST(inner.status >= REPLY_OUTPUT);
		MUST(strcmp(inner.hostname, opened.hostname) == 0);
		check_written_again(&opened);
		reply_clear(&inner);
		reply_clear(&opened);
	}
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct reply reply;
	uint8_t how;

	fuzz_prepare();
	how = input_u8(&in);
	if (how & SEAL) {
		check_sealed(in);
		return 0;
	}
	if (reply_open(in.at, in.left, how & PAIR ? cast_seal() : NULL,
		&reply) != STATUS_OK)
		return 0;
	check_written_again(&reply);
	reply_clear(&reply);
	return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	if (size == 0 || seed % 32 == 0)
		return LLVMFuzzerMutate(data, size, max);
	return 1 + mutate_parts(data + 1, size - 1, max - 1, seed,
		       data[0] & SEAL ? '\n' : '\0');
}
