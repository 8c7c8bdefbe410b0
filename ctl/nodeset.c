#include "ctl/nodeset.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"

#define DIGITS_MAX 9 /* of a range's end */

/* One name under expansion: what is made so far, and what is left. */
struct stem {
	char made[GLOB_PATTERN_MAX + 1];
	size_t len;
};

static bool
refuse(char error[static CTL_ERROR_MAX], const char *text, const char *what)
{
	snprintf(error, CTL_ERROR_MAX, "'%.300s': %s", text, what);
	return false;
}

static bool
set_append(
    struct nodeset *set, const char *name, char error[static CTL_ERROR_MAX])
{
	char **names;

	if (set->n == NODESET_MAX)
		return (refuse(error, name,
		    "too many names in one set (over 16384): use a glob"));
	/* Grows at each power of two. */
	if ((set->n & (set->n - 1)) == 0) {
		size_t room = set->n == 0 ? 1 : set->n * 2;

		names = reallocarray(set->names, room, sizeof *names);
		if (names == NULL)
			return refuse(error, name, "out of memory");
		set->names = names;
	}
	if ((set->names[set->n] = strdup(name)) == NULL)
		return refuse(error, name, "out of memory");
	set->n++;
	return true;
}

static bool
stem_add(struct stem *stem, const char *bytes, size_t len)
{
	if (len > GLOB_PATTERN_MAX - stem->len)
		return false;
	memcpy(stem->made + stem->len, bytes, len);
	stem->len += len;
	stem->made[stem->len] = '\0';
	return true;
}

/* Digits at *p: their value and how many; false for none or too many. */
static bool
range_number(const char **p, unsigned long *value, int *digits)
{
	const char *start = *p;

	*value = 0;
	for (; **p >= '0' && **p <= '9'; ++*p) {
		if (*p - start == DIGITS_MAX)
			return false;
		*value = *value * 10 + (unsigned long)(**p - '0');
	}
	*digits = (int)(*p - start);
	return *digits > 0;
}

static bool expand(struct nodeset *, const char *, const char *, struct stem,
    char[static CTL_ERROR_MAX]);

/* Each number from..to in front of what stands behind the bracket. */
static bool
expand_range(struct nodeset *set, const char *rest, const char *end,
    const struct stem *stem, const unsigned long bounds[2], int digits,
    char error[static CTL_ERROR_MAX])
{
	char number[32];

	if (bounds[1] < bounds[0])
		return (refuse(error, stem->made,
		    "a range runs from the lower to the higher number"));
	if (bounds[1] - bounds[0] >= NODESET_MAX)
		return (refuse(error, stem->made,
		    "too many names in one range (over 16384)"));
	for (unsigned long i = bounds[0]; i <= bounds[1]; i++) {
		struct stem next = *stem;
		int len = snprintf(number, sizeof number, "%0*lu", digits, i);

		if (!stem_add(&next, number, (size_t)len))
			return (
			    refuse(error, next.made, "over 255 bytes long"));
		if (!expand(set, rest, end, next, error))
			return false;
	}
	return true;
}

/* p stands behind '[', close at its ']'. */
static bool
expand_bracket(struct nodeset *set, const char *p, const char *close,
    const char *end, const struct stem *stem, char error[static CTL_ERROR_MAX])
{
	static const char wanted[] =
	    "brackets are ranges of numbers here, as in web[01-20,25]";
	unsigned long bounds[2];
	int digits, ignored;

	for (;;) {
		if (!range_number(&p, &bounds[0], &digits))
			return refuse(error, stem->made, wanted);
		bounds[1] = bounds[0];
		if (*p == '-') {
			p++;
			if (!range_number(&p, &bounds[1], &ignored))
				return refuse(error, stem->made, wanted);
		}
		if (!expand_range(
			set, close + 1, end, stem, bounds, digits, error))
			return false;
		if (p == close)
			return true;
		if (*p++ != ',')
			return refuse(error, stem->made, wanted);
	}
}

/* What stands from text to end, behind the stem. As deep as brackets. */
static bool
expand(struct nodeset *set, const char *text, const char *end, struct stem stem,
    char error[static CTL_ERROR_MAX])
{
	const char *open = memchr(text, '[', (size_t)(end - text));
	const char *close;

	if (!stem_add(&stem, text, (size_t)((open ? open : end) - text)))
		return refuse(error, stem.made, "over 255 bytes long");
	if (open == NULL)
		return set_append(set, stem.made, error);
	close = memchr(open, ']', (size_t)(end - open));
	if (close == NULL)
		return refuse(error, text, "a '[' without its ']'");
	return expand_bracket(set, open + 1, close, end, &stem, error);
}

/* The end of the first item: a comma outside brackets, or the end. */
static const char *
item_end(const char *text)
{
	bool inside = false;

	for (; *text != '\0'; text++) {
		if (*text == '[')
			inside = true;
		else if (*text == ']')
			inside = false;
		else if (*text == ',' && !inside)
			break;
	}
	return text;
}

bool
nodeset_add(
    struct nodeset *set, const char *text, char error[static CTL_ERROR_MAX])
{
	const char *end;

	for (;; text = end + 1) {
		end = item_end(text);
		if (end == text)
			return (
			    refuse(error, text, "an empty name in the list"));
		if (!expand(set, text, end, (struct stem){ .len = 0 }, error))
			return false;
		if (*end == '\0')
			return true;
	}
}

bool
nodeset_add_lines(
    struct nodeset *set, char *text, char error[static CTL_ERROR_MAX])
{
	char *line_state, *word_state;

	for (char *line = strtok_r(text, "\n", &line_state); line != NULL;
	     line = strtok_r(NULL, "\n", &line_state)) {
		line[strcspn(line, "#")] = '\0';
		for (char *word = strtok_r(line, " \t\r", &word_state);
		     word != NULL; word = strtok_r(NULL, " \t\r", &word_state))
			if (!nodeset_add(set, word, error))
				return false;
	}
	return true;
}

void
nodeset_free(struct nodeset *set)
{
	for (size_t i = 0; i < set->n; i++)
		free(set->names[i]);
	free(set->names);
	*set = (struct nodeset){ NULL, 0 };
}
