/* Part of every process: the only place that walks over untrusted fields. */
#include "base/cursor.h"

#include <string.h>

void
cursor_init(struct cursor *c, const void *bytes, size_t len)
{
	c->at = bytes;
	c->left = len;
	c->bad = false;
}

const uint8_t *
cursor_bytes(struct cursor *c, size_t n)
{
	const uint8_t *at = c->at;

	if (c->bad || n > c->left) {
		c->bad = true;
		return NULL;
	}
	if (n > 0)
		c->at += n;
	c->left -= n;
	return at;
}

static uint64_t
cursor_integer(struct cursor *c, size_t size)
{
	const uint8_t *p = cursor_bytes(c, size);
	uint64_t value = 0;

	if (p == NULL)
		return 0;
	for (size_t i = 0; i < size; i++)
		value = value << 8 | p[i];
	return value;
}

uint8_t
cursor_u8(struct cursor *c)
{
	return (uint8_t)cursor_integer(c, 1);
}

uint32_t
cursor_u32(struct cursor *c)
{
	return (uint32_t)cursor_integer(c, 4);
}

uint64_t
cursor_u64(struct cursor *c)
{
	return cursor_integer(c, 8);
}

const uint8_t *
cursor_string(struct cursor *c, size_t *len)
{
	size_t n = cursor_u32(c);
	const uint8_t *p = cursor_bytes(c, n);

	*len = c->bad ? 0 : n;
	return p;
}

bool
cursor_text(struct cursor *c, char *dst, size_t size)
{
	size_t len;
	const uint8_t *p = cursor_string(c, &len);

	dst[0] = '\0';
	if (p == NULL || len >= size || memchr(p, '\0', len) != NULL) {
		c->bad = true;
		return false;
	}
	memcpy(dst, p, len);
	dst[len] = '\0';
	return true;
}

const uint8_t *
cursor_rest(struct cursor *c, size_t *len)
{
	size_t n = c->left;
	const uint8_t *p = cursor_bytes(c, n);

	*len = c->bad ? 0 : n;
	return p;
}

bool
cursor_done(const struct cursor *c)
{
	return !c->bad && c->left == 0;
}

void
writer_init(struct writer *w, void *bytes, size_t size)
{
	w->start = bytes;
	w->used = 0;
	w->size = size;
	w->bad = false;
}

void
writer_bytes(struct writer *w, const void *bytes, size_t len)
{
	if (w->bad || len > w->size - w->used) {
		w->bad = true;
		return;
	}
	if (len > 0)
		memcpy(w->start + w->used, bytes, len);
	w->used += len;
}

static void
writer_integer(struct writer *w, uint64_t value, size_t size)
{
	uint8_t bytes[8];

	for (size_t i = size; i > 0; i--) {
		bytes[i - 1] = (uint8_t)value;
		value >>= 8;
	}
	writer_bytes(w, bytes, size);
}

void
writer_u8(struct writer *w, uint8_t value)
{
	writer_integer(w, value, 1);
}

void
writer_u32(struct writer *w, uint32_t value)
{
	writer_integer(w, value, 4);
}

void
writer_u64(struct writer *w, uint64_t value)
{
	writer_integer(w, value, 8);
}

void
writer_string(struct writer *w, const void *bytes, size_t len)
{
	if (len > UINT32_MAX) {
		w->bad = true;
		return;
	}
	writer_u32(w, (uint32_t)len);
	writer_bytes(w, bytes, len);
}

void
writer_text(struct writer *w, const char *text)
{
	writer_string(w, text, strlen(text));
}

bool
writer_done(const struct writer *w)
{
	return !w->bad;
}
