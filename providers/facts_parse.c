/* Part of the provider facts: what a file or an executable of facts.d said. */
#include <string.h>

#include "base/log.h"
#include "providers/facts.h"
#include "providers/provider.h"

#define BLANK " \t\r"

static json_t *
parse_json(const char *file, const char *text, size_t len)
{
	json_error_t error;
	json_t *facts = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);

	if (json_is_object(facts))
		return facts;
	if (facts != NULL)
		log_warning("%s: skipped: no JSON object on top", file);
	else
		log_warning(
		    "%s: skipped: line %d: %s", file, error.line, error.text);
	json_decref(facts);
	return NULL;
}

static size_t
trimmed(const char **text, size_t len)
{
	while (len > 0 && strchr(BLANK, **text) != NULL) {
		(*text)++;
		len--;
	}
	while (len > 0 && strchr(BLANK, (*text)[len - 1]) != NULL)
		len--;
	return len;
}

static bool
parse_pair(json_t *facts, const char *line, size_t len)
{
	const char *equals, *value;
	size_t name_len, value_len;

	len = trimmed(&line, len);
	if (len == 0 || *line == '#')
		return true;
	equals = memchr(line, '=', len);
	if (equals == NULL)
		return false;
	value = equals + 1;
	value_len = trimmed(&value, len - (size_t)(value - line));
	name_len = trimmed(&line, (size_t)(equals - line));
	return name_len > 0 && json_object_setn_new(facts, line, name_len,
				   json_stringn(value, value_len)) == 0;
}

static json_t *
parse_pairs(const char *file, const char *text, size_t len)
{
	json_t *facts = provider_object();
	const char *end = text + len;

	for (int line = 1; text < end; line++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline != NULL ? newline : end;

		if (!parse_pair(facts, text, (size_t)(stop - text))) {
			log_warning(
			    "%s: skipped: line %d: not name=value", file, line);
			json_decref(facts);
			return NULL;
		}
		text = stop + 1;
	}
	return facts;
}

static enum facts_form
guess_form(const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end && strchr(BLANK "\n", *text) != NULL)
		text++;
	return text < end && *text == '{' ? FACTS_JSON : FACTS_PAIRS;
}

json_t *
facts_parse(
    const char *file, enum facts_form form, const char *text, size_t len)
{
	/* A NUL would make the whole answer refused. */
	if (memchr(text, '\0', len) != NULL) {
		log_warning("%s: skipped: a NUL in it", file);
		return NULL;
	}
	if (form == FACTS_EITHER)
		form = guess_form(text, len);
	return form == FACTS_JSON ? parse_json(file, text, len)
				  : parse_pairs(file, text, len);
}
