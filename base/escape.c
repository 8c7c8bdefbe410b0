/*
 * Part of every process that shows or logs what others wrote. UTF-8 is
 * decoded here by hand: the locale's idea of it is none of our business.
 */
#include "base/escape.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define OCTAL_LEN 4 /* \ooo */

struct range {
	uint32_t first, last;
};

static const struct range hidden[] = {
	{ 0x0000, 0x001f },    /* C0 */
	{ 0x007f, 0x009f },    /* DEL, C1 */
	{ 0x061c, 0x061c },    /* Arabic letter mark */
	{ 0x200b, 0x200f },    /* zero width, direction marks */
	{ 0x2028, 0x202f },    /* separators, embeddings, overrides */
	{ 0x2060, 0x206f },    /* joiner, isolates, deprecated format */
	{ 0xe000, 0xf8ff },    /* private use */
	{ 0xfdd0, 0xfdef },    /* noncharacters */
	{ 0xfeff, 0xfeff },    /* byte order mark */
	{ 0xfff9, 0xfffb },    /* interlinear annotation */
	{ 0xe0000, 0xe007f },  /* tags */
	{ 0xf0000, 0x10ffff }, /* private use */
};

struct form {
	uint8_t mask, lead; /* of the first byte */
	uint8_t len;
	uint32_t least; /* below it the form is overlong */
};

static const struct form forms[] = {
	{ 0x80, 0x00, 1, 0 },
	{ 0xe0, 0xc0, 2, 0x80 },
	{ 0xf0, 0xe0, 3, 0x800 },
	{ 0xf8, 0xf0, 4, 0x10000 },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct form *
form_of(uint8_t lead)
{
	for (size_t i = 0; i < COUNT(forms); i++)
		if ((lead & forms[i].mask) == forms[i].lead)
			return &forms[i];
	return NULL;
}

/* The length of the well-formed character at p, or 0. left is at least 1. */
static size_t
decode(const uint8_t *p, size_t left, uint32_t *code)
{
	const struct form *form = form_of(*p);
	uint32_t value;

	if (form == NULL || left < form->len)
		return 0;
	value = *p & (uint8_t)~form->mask;
	for (size_t i = 1; i < form->len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (p[i] & 0x3f);
	}
	if (value < form->least || value > 0x10ffff)
		return 0;
	if (value >= 0xd800 && value <= 0xdfff)
		return 0;
	*code = value;
	return form->len;
}

static bool
is_hidden(uint32_t code)
{
	if ((code & 0xfffe) == 0xfffe)
		return true;
	for (size_t i = 0; i < COUNT(hidden); i++)
		if (code >= hidden[i].first && code <= hidden[i].last)
			return true;
	return false;
}

enum treatment { AS_IT_IS, DOUBLED, OCTAL };

/* What becomes of the next *len bytes (a character, or one stray byte). */
static enum treatment
treat(const uint8_t *p, size_t left, size_t *len)
{
	uint32_t code;

	if (*p >= 0x20 && *p < 0x7f) {
		*len = 1;
		return *p == '\\' ? DOUBLED : AS_IT_IS;
	}
	*len = decode(p, left, &code);
	if (*len == 0) {
		*len = 1;
		return OCTAL;
	}
	return is_hidden(code) ? OCTAL : AS_IT_IS;
}

static void
put_octal(char *dst, uint8_t byte)
{
	dst[0] = '\\';
	dst[1] = (char)('0' + (byte >> 6));
	dst[2] = (char)('0' + (byte >> 3 & 7));
	dst[3] = (char)('0' + (byte & 7));
}

static size_t
put(char *dst, const uint8_t *p, size_t len, enum treatment treatment)
{
	if (treatment == DOUBLED) {
		dst[0] = dst[1] = '\\';
		return 2;
	}
	if (treatment == AS_IT_IS) {
		memcpy(dst, p, len);
		return len;
	}
	for (size_t i = 0; i < len; i++)
		put_octal(dst + OCTAL_LEN * i, p[i]);
	return OCTAL_LEN * len;
}

size_t
escape_text(char *dst, size_t size, const void *src, size_t len)
{
	const uint8_t *p = src;
	char one[4 * OCTAL_LEN];
	size_t used = 0, step, width;

	while (len > 0) {
		enum treatment treatment = treat(p, len, &step);

		width = put(one, p, step, treatment);
		if (width >= size - used)
			break;
		memcpy(dst + used, one, width);
		used += width;
		p += step;
		len -= step;
	}
	dst[used] = '\0';
	return used;
}

char *
escape_dup(const void *src, size_t len)
{
	size_t size;
	char *dst, *exact;

	if (len > (SIZE_MAX - 1) / OCTAL_LEN)
		return NULL;
	size = ESCAPE_MAX(len);
	dst = malloc(size);
	if (dst == NULL)
		return NULL;
	size = escape_text(dst, size, src, len) + 1;
	exact = realloc(dst, size);
	return exact != NULL ? exact : dst;
}

bool
escape_clean(const void *src, size_t len)
{
	const uint8_t *p = src;
	size_t step;

	for (; len > 0; p += step, len -= step)
		if (treat(p, len, &step) != AS_IT_IS)
			return false;
	return true;
}

bool
utf8_valid(const void *src, size_t len)
{
	const uint8_t *p = src;
	uint32_t code;
	size_t step;

	for (; len > 0; p += step, len -= step) {
		step = decode(p, len, &code);
		if (step == 0)
			return false;
	}
	return true;
}
