/*
 * Part of the executor, the gate, the controller and amiral-keygen. A line
 * is judged whole and never reinterpreted: what other readers guess at
 * (continuations, comments behind values, repetitions) is refused.
 */
#include "base/conf.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"

#define BLANK      " \t"
#define KEY_CHARS  "abcdefghijklmnopqrstuvwxyz0123456789_"
#define KIND_CHARS "abcdefghijklmnopqrstuvwxyz"

struct conf_file {
	struct conf_file *next;
	char name[];
};

struct reader {
	struct conf *conf;
	const char *file;
	unsigned line;
	struct conf_section *section; /* the open one, NULL before the first */
	unsigned pairs;               /* in it */
	char *error;
};

void
conf_init(struct conf *conf)
{
	*conf = (struct conf){ 0 };
}

static void
pairs_free(struct conf_pair *pair)
{
	while (pair != NULL) {
		struct conf_pair *next = pair->next;

		free(pair->key);
		free(pair->value);
		free(pair);
		pair = next;
	}
}

void
conf_free(struct conf *conf)
{
	while (conf->sections != NULL) {
		struct conf_section *section = conf->sections;

		conf->sections = section->next;
		pairs_free(section->pairs);
		free(section->kind);
		free(section->title);
		free(section);
	}
	while (conf->files != NULL) {
		struct conf_file *file = conf->files;

		conf->files = file->next;
		free(file);
	}
}

__attribute__((format(printf, 2, 3))) static int
refuse(struct reader *r, const char *fmt, ...)
{
	char what[CONF_ERROR_MAX / 2];
	va_list args;

	va_start(args, fmt);
	if (vsnprintf(what, sizeof(what), fmt, args) < 0)
		what[0] = '\0';
	va_end(args);
	snprintf(
	    r->error, CONF_ERROR_MAX, "%.200s:%u: %s", r->file, r->line, what);
	return -1;
}

/* Cuts white space off the end, in place, and returns behind that in front. */
static char *
trim(char *text)
{
	size_t len;

	text += strspn(text, BLANK);
	len = strlen(text);
	while (len > 0 && strchr(BLANK, text[len - 1]) != NULL)
		len--;
	text[len] = '\0';
	return text;
}

static struct conf_section *
find_section(const struct conf *conf, const char *kind, const char *title,
    struct conf_section ***end, unsigned *count)
{
	struct conf_section *section;

	*count = 0;
	for (section = conf->sections; section != NULL;
	     section = section->next) {
		if (strcmp(section->kind, kind) == 0 &&
		    strcmp(section->title, title) == 0)
			return section;
		*end = &section->next;
		(*count)++;
	}
	return NULL;
}

static int
add_section(struct reader *r, const char *kind, const char *title)
{
	struct conf_section **end = &r->conf->sections, *section;
	unsigned count;

	section = find_section(r->conf, kind, title, &end, &count);
	if (section != NULL)
		return refuse(r,
		    "section repeats the one of %.100s:%u; join them",
		    section->file, section->line);
	if (count == CONF_SECTIONS_MAX)
		return refuse(
		    r, "more than %d sections; remove some", CONF_SECTIONS_MAX);
	section = calloc(1, sizeof(*section));
	if (section == NULL)
		return refuse(r, "out of memory");
	/* Linked at once: conf_free() then frees it whatever happens. */
	*end = r->section = section;
	r->pairs = 0;
	section->file = r->file;
	section->line = r->line;
	section->kind = strdup(kind);
	section->title = strdup(title);
	if (section->kind == NULL || section->title == NULL)
		return refuse(r, "out of memory");
	return 0;
}

/* text is "[kind title]", trimmed. */
static int
read_section(struct reader *r, char *text)
{
	size_t len = strlen(text);
	char *kind = text + 1, *title;

	if (text[len - 1] != ']')
		return refuse(r, "no ']' at the end of the line; "
				 "a comment needs a line of its own");
	text[len - 1] = '\0';
	if (strpbrk(kind, "[]") != NULL)
		return refuse(r, "'[' or ']' inside a section's name");
	kind = trim(kind);
	title = kind + strspn(kind, KIND_CHARS);
	if (title == kind || (*title != '\0' && !strchr(BLANK, *title)))
		return refuse(r, "not a section; write [kind] or [kind title]");
	if (*title != '\0')
		*title++ = '\0';
	return add_section(r, kind, trim(title));
}

static int
add_pair(struct reader *r, const char *key, const char *value)
{
	struct conf_pair **end = &r->section->pairs, *pair;

	for (; *end != NULL; end = &(*end)->next)
		if (strcmp((*end)->key, key) == 0)
			return refuse(r,
			    "'%.64s' repeats line %u; remove one of them", key,
			    (*end)->line);
	if (r->pairs++ == CONF_PAIRS_MAX)
		return refuse(
		    r, "more than %d keys in a section", CONF_PAIRS_MAX);
	pair = calloc(1, sizeof(*pair));
	if (pair == NULL)
		return refuse(r, "out of memory");
	*end = pair;
	pair->file = r->file;
	pair->line = r->line;
	pair->key = strdup(key);
	pair->value = strdup(value);
	if (pair->key == NULL || pair->value == NULL)
		return refuse(r, "out of memory");
	return 0;
}

/* A value with " #" or " ;" in it was meant otherwise by who wrote it. */
static bool
has_comment(const char *value)
{
	const char *mark = value;

	for (; (mark = strpbrk(mark, "#;")) != NULL; mark++)
		if (mark > value && strchr(BLANK, mark[-1]) != NULL)
			return true;
	return false;
}

static int
read_pair(struct reader *r, char *text)
{
	char *equals = strchr(text, '='), *key, *value;

	if (equals == NULL)
		return refuse(r, "no '='; write key = value");
	*equals = '\0';
	key = trim(text);
	value = trim(equals + 1);
	if (*key == '\0' || key[strspn(key, KEY_CHARS)] != '\0')
		return refuse(
		    r, "'%.64s' is not a key; write key = value", key);
	if (has_comment(value))
		return refuse(r, "a comment behind a value; "
				 "put it on a line of its own");
	if (r->section == NULL)
		return refuse(
		    r, "'%.64s' stands before the first [section]", key);
	return add_pair(r, key, value);
}

static bool
has_control(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

static int
read_line(struct reader *r, const char *bytes, size_t len)
{
	char line[CONF_LINE_MAX + 1], *text;

	if (len > CONF_LINE_MAX)
		return refuse(r, "line is longer than %d bytes; shorten it",
		    CONF_LINE_MAX);
	if (has_control(bytes, len))
		return refuse(r, "control character (a carriage return?); "
				 "remove it");
	if (!utf8_valid(bytes, len))
		return refuse(r, "not valid UTF-8; correct it");
	memcpy(line, bytes, len);
	line[len] = '\0';
	text = trim(line);
	if (*text == '\0' || *text == '#' || *text == ';')
		return 0;
	if (text != line)
		return refuse(r, "white space at the start: lines cannot be "
				 "continued; remove it");
	if (*text == '[')
		return read_section(r, text);
	return read_pair(r, text);
}

static const char *
keep_name(struct reader *r, const char *name)
{
	size_t size = strlen(name) + 1;
	struct conf_file *file = malloc(sizeof(*file) + size);

	if (file == NULL)
		return NULL;
	memcpy(file->name, name, size);
	file->next = r->conf->files;
	r->conf->files = file;
	return file->name;
}

static unsigned
count_files(const struct conf *conf)
{
	const struct conf_file *file;
	unsigned count = 0;

	for (file = conf->files; file != NULL; file = file->next)
		count++;
	return count;
}

int
conf_add(struct conf *conf, const char *name, const char *text, size_t len,
    char error[static CONF_ERROR_MAX])
{
	struct reader r = { .conf = conf, .file = name, .error = error };
	const char *end = text + len;

	if (count_files(conf) == CONF_FILES_MAX)
		return refuse(
		    &r, "more than %d files; join some", CONF_FILES_MAX);
	r.file = keep_name(&r, name);
	if (r.file == NULL) {
		r.file = name;
		return refuse(&r, "out of memory");
	}
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline != NULL ? newline : end;

		r.line++;
		if (read_line(&r, text, (size_t)(stop - text)) == -1)
			return -1;
		text = stop + 1;
	}
	return 0;
}
