#include "ctl/text.h"

#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/log.h"
#include "wire/json.h"

#define PATH_TEXT_MAX 1024 /* of a dotted name; deeper ones are cut */

static void
put_escaped(FILE *f, const char *bytes, size_t len)
{
	char *text = escape_dup(bytes, len);

	if (text == NULL)
		fatal("out of memory");
	fputs(text, f);
	free(text);
}

void
text_put(FILE *f, const char *bytes, size_t len)
{
	size_t column = 0;

	while (len > 0) {
		const char *tab = memchr(bytes, '\t', len);
		size_t n = tab != NULL ? (size_t)(tab - bytes) : len;

		put_escaped(f, bytes, n);
		column += n;
		bytes += n;
		len -= n;
		if (tab == NULL)
			return;
		fprintf(f, "%*s", (int)(8 - column % 8), "");
		column += 8 - column % 8;
		bytes++;
		len--;
	}
}

void
text_puts(FILE *f, const char *text)
{
	text_put(f, text, strlen(text));
}

void
text_put_lines(FILE *f, const char *prefix, const char *bytes, size_t len)
{
	while (len > 0) {
		const char *newline = memchr(bytes, '\n', len);
		size_t n = newline != NULL ? (size_t)(newline - bytes) : len;

		fputs(prefix, f);
		text_put(f, bytes, n);
		fputc('\n', f);
		if (newline == NULL)
			return;
		bytes += n + 1;
		len -= n + 1;
	}
}

static void
put_scalar(FILE *f, const json_t *value)
{
	char *text;

	if (json_is_string(value)) {
		text_put(
		    f, json_string_value(value), json_string_length(value));
		return;
	}
	text = json_dumps(
	    value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
	if (text == NULL)
		fatal("out of memory");
	text_puts(f, text);
	free(text);
}

void
text_put_value(FILE *f, const json_t *value)
{
	if (!json_is_array(value)) {
		put_scalar(f, value);
		return;
	}
	for (size_t i = 0; i < json_array_size(value); i++) {
		if (i > 0)
			fputs(", ", f);
		put_scalar(f, json_array_get(value, i));
	}
}

/* path holds the names above, each with its dot; as deep as JSON may be. */
static size_t
put_members(FILE *f, const char *prefix, const json_t *object, const char *skip,
    char path[static PATH_TEXT_MAX])
{
	struct json_each each = { 0 };
	size_t count = 0, above = strlen(path);

	while (json_each(object, &each)) {
		if (skip != NULL && strcmp(each.name, skip) == 0)
			continue;
		if (json_object_size(each.value) > 0) {
			snprintf(path + above, PATH_TEXT_MAX - above, "%s.",
			    each.name);
			count += put_members(f, prefix, each.value, NULL, path);
			path[above] = '\0';
			continue;
		}
		fputs(prefix, f);
		text_puts(f, path);
		text_puts(f, each.name);
		fputs(": ", f);
		text_put_value(f, each.value);
		fputc('\n', f);
		count++;
	}
	return count;
}

size_t
text_put_object(
    FILE *f, const char *prefix, const json_t *object, const char *skip)
{
	char path[PATH_TEXT_MAX] = "";

	return put_members(f, prefix, object, skip, path);
}

const json_t *
text_find(const json_t *object, const char *name, size_t len)
{
	const json_t *found = json_object_getn(object, name, len);

	while (found == NULL && object != NULL) {
		const char *dot = memchr(name, '.', len);

		if (dot == NULL)
			return json_object_getn(object, name, len);
		object = json_object_getn(object, name, (size_t)(dot - name));
		len -= (size_t)(dot + 1 - name);
		name = dot + 1;
	}
	return found;
}
