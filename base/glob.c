/*
 * Part of the executor, the gate and the controller.
 *
 * Only the last star is ever tried again. That is enough, also where a star
 * stops at '/': the slashes of the text then stand one to one for those of
 * the pattern, so an earlier star has nothing to gain from a longer match.
 */
#include "base/glob.h"

#include <stddef.h>
#include <string.h>

/* Behind the ']' that closes the set which starts at p ("["), or NULL. */
static const char *
set_end(const char *p)
{
	p++;
	if (*p == '!')
		p++;
	/* A ']' in the first place stands for itself. */
	do {
		if (*p == '\\')
			p++;
		if (*p == '\0')
			return NULL;
		p++;
	} while (*p != ']');
	return p + 1;
}

bool
glob_valid(const char *pattern)
{
	size_t len = strlen(pattern);

	if (len == 0 || len > GLOB_PATTERN_MAX)
		return false;
	while (*pattern != '\0') {
		if (*pattern == '[') {
			pattern = set_end(pattern);
			if (pattern == NULL)
				return false;
			continue;
		}
		if (*pattern == '\\' && *++pattern == '\0')
			return false;
		pattern++;
	}
	return true;
}

static unsigned char
set_char(const char **p)
{
	if (**p == '\\')
		(*p)++;
	return (unsigned char)*(*p)++;
}

/* p is at "[" of a valid set; last at its closing ']'. */
static bool
set_match(const char *p, const char *last, unsigned char c)
{
	bool negated = p[1] == '!', found = false;

	p += negated ? 2 : 1;
	while (p < last) {
		unsigned char from = set_char(&p), to = from;

		if (*p == '-' && p + 1 < last) {
			p++;
			to = set_char(&p);
		}
		if (c >= from && c <= to)
			found = true;
	}
	return found != negated;
}

/* Whether the element at *p (not a star) takes c; moves *p behind it. */
static bool
element_match(const char **p, char c, enum glob_rule rule)
{
	const char *element = *p;
	bool wild = rule == GLOB_PLAIN || c != '/';

	switch (*element) {
	case '?':
		*p = element + 1;
		return wild;
	case '[':
		*p = set_end(element);
		return wild && set_match(element, *p - 1, (unsigned char)c);
	case '\\':
		element++;
		break;
	default:
		break;
	}
	*p = element + 1;
	return *element == c;
}

bool
glob_match(const char *pattern, const char *text, enum glob_rule rule)
{
	const char *star = NULL, *retry = NULL;

	if (!glob_valid(pattern))
		return false;
	while (*text != '\0') {
		const char *next = pattern;

		if (*pattern == '*') {
			star = ++pattern;
			retry = text;
		} else if (*pattern != '\0' &&
			   element_match(&next, *text, rule)) {
			pattern = next;
			text++;
		} else {
			if (star == NULL ||
			    (rule == GLOB_PATH && *retry == '/'))
				return false;
			pattern = star;
			text = ++retry;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}
