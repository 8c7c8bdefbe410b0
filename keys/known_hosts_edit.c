/* Part of the controller and amiral-keygen. */
#include "keys/known_hosts_edit.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/name.h"
#include "keys/public.h"
#include "wire/sign.h"

#define BLANKS         " \t"
#define REVOKED        "@revoked "
#define FIELD_MAX      1024
#define FINGERPRINT_OF "SHA256:"
#define EVERY_NAME     "*"

/* A piece of the text. */
struct span {
	const char *at;
	size_t len;
};

struct line {
	struct span whole; /* with its newline */
	struct span marker, names, type, base64;
};

void
known_hosts_text_set(struct known_hosts_text *t, const char *text, size_t len)
{
	t->text = malloc(len + 1);
	if (t->text == NULL)
		fatal("out of memory");
	memcpy(t->text, text, len);
	t->text[len] = '\0';
	t->len = len;
	t->changed = 0;
}

void
known_hosts_text_clear(struct known_hosts_text *t)
{
	free(t->text);
	*t = (struct known_hosts_text){ 0 };
}

static void
append(struct known_hosts_text *t, const char *bytes, size_t len)
{
	char *text = realloc(t->text, t->len + len + 1);

	if (text == NULL)
		fatal("out of memory");
	memcpy(text + t->len, bytes, len);
	t->text = text;
	t->len += len;
	text[t->len] = '\0';
}

static void
append_text(struct known_hosts_text *t, const char *text)
{
	append(t, text, strlen(text));
}

void
known_hosts_text_add(struct known_hosts_text *t, const char *names,
    const struct public_key *key, bool revoked)
{
	char public_line[PUBLIC_LINE_MAX];

	if (t->len > 0 && t->text[t->len - 1] != '\n')
		append_text(t, "\n");
	public_format(key, "", public_line);
	append_text(t, revoked ? REVOKED : "");
	append_text(t, names);
	append_text(t, " ");
	append_text(t, public_line);
	append_text(t, "\n");
	t->changed = 1;
}

static struct span
cut_field(struct span *rest)
{
	struct span field;
	size_t blanks = 0;

	while (blanks < rest->len && strchr(BLANKS, rest->at[blanks]) != NULL)
		blanks++;
	field.at = rest->at + blanks;
	field.len = 0;
	while (blanks + field.len < rest->len &&
	       strchr(BLANKS "\r\n", field.at[field.len]) == NULL)
		field.len++;
	rest->len -= blanks + field.len;
	rest->at = field.at + field.len;
	return field;
}

static bool
span_is(const struct span *span, const char *text)
{
	return span->len == strlen(text) &&
	       memcmp(span->at, text, span->len) == 0;
}

/* Comments and empty lines have no names. */
static void
line_split(struct line *line)
{
	struct span rest = line->whole, first = cut_field(&rest);

	line->marker = line->names = line->type = line->base64 =
	    (struct span){ first.at, 0 };
	if (first.len == 0 || first.at[0] == '#')
		return;
	if (first.at[0] == '@') {
		line->marker = first;
		first = cut_field(&rest);
	}
	line->names = first;
	line->type = cut_field(&rest);
	line->base64 = cut_field(&rest);
}

/* The name in a comma list, or NULL. */
static const char *
find_name(const struct span *names, const char *host)
{
	const char *at = names->at, *end = names->at + names->len, *comma;
	size_t len = strlen(host);

	while (at < end) {
		comma = memchr(at, ',', (size_t)(end - at));
		if (comma == NULL)
			comma = end;
		if ((size_t)(comma - at) == len && memcmp(at, host, len) == 0)
			return at;
		at = comma + 1;
	}
	return NULL;
}

static bool
line_key(const struct line *line, struct public_key *out)
{
	char type[FIELD_MAX], base64[FIELD_MAX];

	if (line->type.len >= sizeof(type) ||
	    line->base64.len >= sizeof(base64))
		return false;
	snprintf(
	    type, sizeof(type), "%.*s", (int)line->type.len, line->type.at);
	snprintf(base64, sizeof(base64), "%.*s", (int)line->base64.len,
	    line->base64.at);
	return public_decode_text(out, type, base64);
}

static bool
has_fingerprint(const struct line *line, const char *fingerprint)
{
	char own[FINGERPRINT_SIZE];
	struct public_key key;

	if (!line_key(line, &key))
		return false;
	sign_fingerprint(&key, own);
	return strcmp(own, fingerprint) == 0;
}

static bool
is_fingerprint(const char *text)
{
	return strncmp(text, FINGERPRINT_OF, strlen(FINGERPRINT_OF)) == 0;
}

static bool
is_meant(const struct line *line, const char *which)
{
	if (line->names.len == 0 || span_is(&line->marker, "@cert-authority"))
		return false;
	return is_fingerprint(which) ? has_fingerprint(line, which)
				     : find_name(&line->names, which) != NULL;
}

/* The line that starts at offset, which moves behind it; false at the end. */
static bool
next_line(const struct known_hosts_text *t, size_t *offset, struct line *line)
{
	const char *at = t->text + *offset, *newline;

	if (*offset == t->len)
		return false;
	newline = memchr(at, '\n', t->len - *offset);
	line->whole.at = at;
	line->whole.len =
	    newline != NULL ? (size_t)(newline + 1 - at) : t->len - *offset;
	line_split(line);
	*offset += line->whole.len;
	return true;
}

/* What becomes of a line that is meant. */
typedef void change_fn(
    struct known_hosts_text *out, const struct line *, const char *which);

static void
change(struct known_hosts_text *t, const char *which, change_fn *fn)
{
	struct known_hosts_text out;
	struct line line;
	size_t offset = 0;

	known_hosts_text_set(&out, "", 0);
	while (next_line(t, &offset, &line)) {
		if (is_meant(&line, which))
			fn(&out, &line, which);
		else
			append(&out, line.whole.at, line.whole.len);
	}
	free(t->text);
	*t = out;
}

static void
keep(struct known_hosts_text *out, const struct line *line)
{
	append(out, line->whole.at, line->whole.len);
}

/* The line without a name, however often it has it; none without names. */
static void
drop_name(
    struct known_hosts_text *out, const struct line *line, const char *name)
{
	const char *at = line->names.at, *end = at + line->names.len;
	size_t kept = 0, start = out->len;

	append(out, line->whole.at, (size_t)(at - line->whole.at));
	while (at <= end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		struct span own = { at, (size_t)((comma ? comma : end) - at) };

		at += own.len + 1;
		if (span_is(&own, name))
			continue;
		append(out, ",", kept++ > 0);
		append(out, own.at, own.len);
	}
	if (kept > 0)
		append(
		    out, end, line->whole.len - (size_t)(end - line->whole.at));
	else
		out->text[out->len = start] = '\0';
}

static void
remove_line(
    struct known_hosts_text *out, const struct line *line, const char *which)
{
	if (line->marker.len > 0) {
		keep(out, line);
		return;
	}
	out->changed++;
	if (!is_fingerprint(which))
		drop_name(out, line, which);
}

static void
revoke_line(
    struct known_hosts_text *out, const struct line *line, const char *which)
{
	(void)which;
	out->changed++;
	if (line->marker.len == 0)
		append(out, REVOKED, strlen(REVOKED));
	keep(out, line);
}

void
known_hosts_text_remove(
    struct known_hosts_text *t, const char *host_or_fingerprint)
{
	change(t, host_or_fingerprint, remove_line);
}

void
known_hosts_text_revoke(
    struct known_hosts_text *t, const char *host_or_fingerprint)
{
	change(t, host_or_fingerprint, revoke_line);
}

void
known_hosts_text_revoke_key(
    struct known_hosts_text *t, const struct public_key *key)
{
	char fingerprint[FINGERPRINT_SIZE];

	sign_fingerprint(key, fingerprint);
	change(t, fingerprint, revoke_line);
	if (t->changed == 0)
		known_hosts_text_add(t, EVERY_NAME, key, true);
}

bool
known_hosts_text_find(const struct known_hosts_text *t, const char *fingerprint,
    struct public_key *out)
{
	struct line line;
	size_t offset = 0;

	while (next_line(t, &offset, &line))
		if (line.names.len > 0 && has_fingerprint(&line, fingerprint))
			return line_key(&line, out);
	return false;
}

/* Rotation */

/* The names of a host's line, and where they end in the text. */
static char *
names_of(const struct known_hosts_text *t, const char *fingerprint, size_t *end)
{
	struct line line;
	size_t offset = 0;
	char *names;

	while (next_line(t, &offset, &line)) {
		if (line.marker.len > 0 || !is_meant(&line, fingerprint))
			continue;
		names = strndup(line.names.at, line.names.len);
		if (names == NULL)
			fatal("out of memory");
		*end = (size_t)(line.names.at - t->text) + line.names.len;
		return names;
	}
	return NULL;
}

void
known_hosts_text_add_successor(struct known_hosts_text *t,
    const struct public_key *old, const struct public_key *new)
{
	char fingerprint[FINGERPRINT_SIZE], *names;
	size_t end;

	t->changed = 0;
	sign_fingerprint(old, fingerprint);
	names = names_of(t, fingerprint, &end);
	if (names != NULL)
		known_hosts_text_add(t, names, new, false);
	free(names);
}

/* ",name" for each of names that own does not have. */
static void
append_missing(struct known_hosts_text *t, const char *own, char *names)
{
	const struct span span = { own, strlen(own) };
	char *name;

	while ((name = strsep(&names, ",")) != NULL) {
		if (find_name(&span, name) != NULL)
			continue;
		append_text(t, ",");
		append_text(t, name);
	}
}

static void
pass_names(struct known_hosts_text *t, char *names, const char *to)
{
	struct known_hosts_text out;
	size_t end;
	char *own = names_of(t, to, &end);

	if (own == NULL)
		return;
	known_hosts_text_set(&out, t->text, end);
	append_missing(&out, own, names);
	append(&out, t->text + end, t->len - end);
	free(own);
	free(t->text);
	*t = out;
}

void
known_hosts_text_drop_predecessor(struct known_hosts_text *t,
    const struct public_key *old, const struct public_key *new)
{
	char from[FINGERPRINT_SIZE], to[FINGERPRINT_SIZE], *names;
	size_t end;

	sign_fingerprint(old, from);
	sign_fingerprint(new, to);
	names = names_of(t, from, &end);
	if (names != NULL)
		pass_names(t, names, to);
	free(names);
	known_hosts_text_remove(t, from);
}
