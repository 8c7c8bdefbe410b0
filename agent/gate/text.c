/* Part of the gate: see text.h. */
#include "agent/gate/text.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_FIRST 1024

void
text_init(struct text *text)
{
	*text = (struct text){ 0 };
	crypto_hash_sha256_init(&text->hash);
}

void
text_clear(struct text *text)
{
	free(text->held);
	text->held = NULL;
	text->used = text->size = 0;
}

static bool
text_reserve(struct text *text, size_t need)
{
	size_t size = text->size == 0 ? TEXT_FIRST : text->size;
	uint8_t *held;

	while (size < need)
		size *= 2;
	if (size == text->size)
		return true;
	held = realloc(text->held, size);
	if (held == NULL)
		return false;
	text->held = held;
	text->size = size;
	return true;
}

/* Bytes of the character that starts with this byte; 1 for none. */
static size_t
character_size(uint8_t first)
{
	if (first >= 0xf0)
		return 4;
	if (first >= 0xe0)
		return 3;
	return first >= 0xc0 ? 2 : 1;
}

/* len, or less by the beginning of a character that len would cut. */
static size_t
whole_characters(const uint8_t *bytes, size_t len)
{
	for (size_t back = 1; back <= 3 && back < len; back++) {
		uint8_t byte = bytes[len - back];

		if ((byte & 0xc0) == 0x80)
			continue;
		return character_size(byte) > back ? len - back : len;
	}
	return len;
}

static void
piece_out(struct text *text, size_t len, text_piece_fn *out, void *arg)
{
	crypto_hash_sha256_update(&text->hash, text->held, len);
	text->pieces++;
	out(arg, text->held, len);
	text->used -= len;
	memmove(text->held, text->held + len, text->used);
}

void
text_flush(struct text *text, bool more, text_piece_fn *out, void *arg)
{
	text->flowing = true;
	while (text->used > REPLY_PIECE_MAX)
		piece_out(text, whole_characters(text->held, REPLY_PIECE_MAX),
		    out, arg);
	if (text->used > 0)
		piece_out(text,
		    more ? whole_characters(text->held, text->used)
			 : text->used,
		    out, arg);
}

bool
text_add(struct text *text, const uint8_t *bytes, size_t len,
    text_piece_fn *out, void *arg)
{
	if (!text_reserve(text, text->used + len))
		return false;
	memcpy(text->held + text->used, bytes, len);
	text->used += len;
	if (text->used > TEXT_HELD_MAX)
		text->flowing = true;
	while (text->flowing && text->used > REPLY_PIECE_MAX)
		piece_out(text, whole_characters(text->held, REPLY_PIECE_MAX),
		    out, arg);
	return true;
}

bool
text_like_object(const struct text *text)
{
	size_t at = 0;

	while (at < text->used && strchr(" \t\r\n", text->held[at]) != NULL &&
	       text->held[at] != '\0')
		at++;
	return at == text->used || text->held[at] == '{';
}

void
text_chunks(struct text *text, struct reply_chunks *chunks)
{
	chunks->count = text->pieces;
	crypto_hash_sha256_final(&text->hash, chunks->sha256);
}
