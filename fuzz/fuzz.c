#include "fuzz/fuzz.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "wire/json.h"

static uint32_t random_state;

static const char *
repeating_name(void)
{
	return "repeating";
}

static uint32_t
repeating_random(void)
{
	random_state = random_state * 1664525 + 1013904223;
	return random_state;
}

static void
repeating_buf(void *const buf, const size_t size)
{
	uint8_t *bytes = buf;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(repeating_random() >> 24);
}

static void
nowhere(enum log_level level, const char *line, size_t len, void *arg)
{
	(void)level;
	(void)line;
	(void)len;
	(void)arg;
}

void
fuzz_prepare(void)
{
	static randombytes_implementation repeating = {
		.implementation_name = repeating_name,
		.random = repeating_random,
		.buf = repeating_buf,
	};
	static bool done;

	random_state = 1;
	if (done)
		return;
	done = true;
	if (randombytes_set_implementation(&repeating) != 0 ||
	    sodium_init() < 0)
		abort();
	json_prepare();
	log_to(nowhere, NULL);
}

void
fuzz_broken(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

const uint8_t *
input_bytes(struct input *in, size_t n, size_t *len)
{
	const uint8_t *at = in->at;

	*len = n < in->left ? n : in->left;
	in->at += *len;
	in->left -= *len;
	return at;
}

uint8_t
input_u8(struct input *in)
{
	size_t len;
	const uint8_t *at = input_bytes(in, 1, &len);

	return len > 0 ? *at : 0;
}

uint16_t
input_u16(struct input *in)
{
	unsigned high = input_u8(in);

	return (uint16_t)(high << 8 | input_u8(in));
}

int32_t
input_i32(struct input *in)
{
	uint32_t high = input_u16(in);

	return (int32_t)(high << 16 | input_u16(in));
}

char *
input_text(struct input *in, uint8_t stop)
{
	const uint8_t *end =
	    in->left > 0 ? memchr(in->at, stop, in->left) : NULL;
	size_t len = end != NULL ? (size_t)(end - in->at) : in->left;
	char *text = malloc(len + 1);

	if (text == NULL)
		abort();
	if (len > 0)
		memcpy(text, in->at, len);
	text[len] = '\0';
	in->at += len + (end != NULL);
	in->left -= len + (end != NULL);
	return text;
}
