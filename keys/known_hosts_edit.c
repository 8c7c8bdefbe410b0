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
#define ADDED_MAX      (sizeof(REVOKED) + HOSTNAME_MAX + 1 + PUBLIC_LINE_MAX)
#define FINGERPRINT_OF "SHA256:"

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

void
known_hosts_text_add(struct known_hosts_text *t, const char *host,
    const struct public_key *key, bool revoked)
{
	char line[ADDED_MAX], public_line[PUBLIC_LINE_MAX];
	int n;

	if (t->len > 0 && t->text[t->len - 1] != '\n')
		append(t, "\n", 1);
	public_format(key, "", public_line);
	n = snprintf(line, sizeof(line), "%s%s %s\n", revoked ? REVOKED : "",
	    host, public_line);
	if (n < 0 || (size_t)n >= sizeof(line))
		fatal("a line of known_hosts does not fit");
	append(t, line, (size_t)n);
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
has_fingerprint(const struct line *line, const char *fingerprint)
{
	char type[FIELD_MAX], base64[FIELD_MAX], own[FINGERPRINT_SIZE];
	struct public_key key;

	if (line->type.len >= sizeof(type) ||
	    line->base64.len >= sizeof(base64))
		return false;
	snprintf(
	    type, sizeof(type), "%.*s", (int)line->type.len, line->type.at);
	snprintf(base64, sizeof(base64), "%.*s", (int)line->base64.len,
	    line->base64.at);
	if (!public_decode_text(&key, type, base64))
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

/* What becomes of a line that is meant. */
typedef void change_fn(
    struct known_hosts_text *out, const struct line *, const char *which);

static void
change(struct known_hosts_text *t, const char *which, change_fn *fn)
{
	const char *at = t->text, *end = t->text + t->len, *newline;
	struct known_hosts_text out;
	struct line line;

	known_hosts_text_set(&out, "", 0);
	while (at < end) {
		newline = memchr(at, '\n', (size_t)(end - at));
		line.whole.at = at;
		line.whole.len =
		    (size_t)((newline != NULL ? newline + 1 : end) - at);
		line_split(&line);
		if (is_meant(&line, which))
			fn(&out, &line, which);
		else
			append(&out, at, line.whole.len);
		at += line.whole.len;
	}
	free(t->text);
	*t = out;
}

static void
keep(struct known_hosts_text *out, const struct line *line)
{
	append(out, line->whole.at, line->whole.len);
}

/* The line without a name that is not its only one. */
static void
drop_name(struct known_hosts_text *out, const struct line *line,
    const char *name, size_t len)
{
	const char *whole = line->whole.at, *after = name + len;
	size_t before = (size_t)(name - whole);

	if (name + len < line->names.at + line->names.len)
		after++; /* its comma */
	else
		before--;
	append(out, whole, before);
	append(out, after, line->whole.len - (size_t)(after - whole));
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
	if (!is_fingerprint(which) && !span_is(&line->names, which))
		drop_name(
		    out, line, find_name(&line->names, which), strlen(which));
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
