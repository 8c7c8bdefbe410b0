/*
 * Fuzz target: remote bytes on their way to a terminal. What comes out is
 * well-formed UTF-8 without anything that moves a cursor, hides or reorders;
 * the input can be had back from it; and a shorter buffer gets a beginning
 * of it. The same for the lines and values of ctl/text.
 */
#include "base/escape.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/text.h"
#include "fuzz/fuzz.h"
#include "wire/json.h"

/* The next character; -1 for what is none. */
static long
next_character(const unsigned char **at, const unsigned char *end)
{
	static const long least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char first = *(*at)++;
	unsigned more = first < 0x80    ? 0
			: first >= 0xf0 ? 3
			: first >= 0xe0 ? 2
					: 1;
	long code = more == 0 ? first : first & (0x3f >> more);

	if ((first >= 0x80 && first < 0xc0) || first >= 0xf8 ||
	    end - *at < (long)more)
		return -1;
	for (unsigned i = 0; i < more; i++, (*at)++) {
		if (**at >> 6 != 2)
			return -1;
		code = code * 64 + (**at & 63);
	}
	return code < least[more + 1] || code > 0x10ffff || (code >> 11) == 0x1b
		   ? -1
		   : code;
}

/* The table of the design (security section 1.1), written down again. */
static bool
may_be_shown(long c)
{
	if (c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x61c)
		return false;
	if (c >= 0x2000 && c <= 0x20ff)
		return !((c >= 0x200b && c <= 0x200f) ||
			 (c >= 0x2028 && c <= 0x202f) ||
			 (c >= 0x2060 && c <= 0x206f));
	if ((c >= 0xe000 && c <= 0xf8ff) || (c >= 0xfdd0 && c <= 0xfdef) ||
	    c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb))
		return false;
	return (c & 0xfffe) != 0xfffe && !(c >= 0xe0000 && c <= 0xe007f) &&
	       c < 0xf0000;
}

static bool
all_shown(const char *text, size_t len, const char *besides)
{
	const unsigned char *at = (const unsigned char *)text, *end = at + len;

	while (at < end) {
		long c = next_character(&at, end);

		if (c < 0 || !(may_be_shown(c) || (c > 0 && c < 0x80 &&
						      strchr(besides, (int)c))))
			return false;
	}
	return true;
}

/* Back to the input: the mapping loses nothing. */
static size_t
unescape(const char *text, size_t len, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] != '\\') {
			out[n++] = (uint8_t)text[i];
		} else if (text[i + 1] == '\\') {
			out[n++] = '\\';
			i++;
		} else {
			MUST(strspn(text + i + 1, "01234567") >= 3);
			out[n++] = (uint8_t)((text[i + 1] - '0') << 6 |
					     (text[i + 2] - '0') << 3 |
					     (text[i + 3] - '0'));
			i += 3;
		}
	}
	return n;
}

static void
check_escaped(const uint8_t *data, size_t size, size_t room)
{
	char *text = escape_dup(data, size), *cut = malloc(room);
	uint8_t *back = malloc(ESCAPE_MAX(size));
	size_t len, cut_len;

	MUST(text != NULL && cut != NULL && back != NULL);
	len = strlen(text);
	MUST(len < ESCAPE_MAX(size) && all_shown(text, len, ""));
	MUST(unescape(text, len, back) == size);
	MUST(size == 0 || memcmp(back, data, size) == 0);
	MUST(escape_clean(data, size) ==
	     (len == size && (size == 0 || memcmp(text, data, size) == 0)));
	cut_len = escape_text(cut, room, data, size);
	MUST(cut_len < room && cut_len == strlen(cut));
	MUST(strncmp(text, cut, cut_len) == 0 && all_shown(cut, cut_len, ""));
	unescape(cut, cut_len, back);
	free(back);
	free(cut);
	free(text);
}

static void
check_text(const uint8_t *data, size_t size)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	json_t *object = NULL;

	MUST(f != NULL);
	text_put_lines(f, "www01: ", (const char *)data, size);
	if (size > 0 && json_strict(data, size, "", &object) == STATUS_OK) {
		text_put_object(f, "  ", object, "exit");
		if (json_object_get(object, "list") != NULL)
			text_put_value(f, json_object_get(object, "list"));
		text_find(object, "a.b", 3);
	}
	json_decref(object);
	MUST(fclose(f) == 0);
	MUST(all_shown(text, len, "\n"));
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	size_t room = (size_t)input_u8(&in) + 1;
	const unsigned char *at = in.at, *end = in.at + in.left;
	bool well_formed = true;

	fuzz_prepare();
	while (at < end && well_formed)
		well_formed = next_character(&at, end) >= 0;
	MUST(utf8_valid(in.at, in.left) == well_formed);
	check_escaped(in.at, in.left, room);
	check_text(in.at, in.left);
	return 0;
}
