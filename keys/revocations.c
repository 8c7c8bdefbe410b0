/* See revocations.h. Part of the gate (inside its jail). */
#include "keys/revocations.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static bool
has(const char (*items)[FINGERPRINT_SIZE], size_t count, const char *wanted)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(items[i], wanted) == 0)
			return true;
	}
	return false;
}

bool
revocations_have(const struct revocations *set, const char *fingerprint)
{
	return has((const char(*)[FINGERPRINT_SIZE])set->items, set->count,
	    fingerprint);
}

static size_t
count_new(const struct revocations *set, const char (*items)[FINGERPRINT_SIZE],
    size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += !revocations_have(set, items[i]);
	return n;
}

/*
 * A copy first: what does not fit changes nothing. On most hosts nobody is
 * revoked, and that takes no memory.
 */
static enum status
add(struct revocations *set, const char (*items)[FINGERPRINT_SIZE],
    size_t count)
{
	struct revocations grown = { .count = set->count };
	size_t fresh = count_new(set, items, count);

	if (fresh == 0)
		return STATUS_OK;
	grown.items = calloc(set->count + fresh, sizeof(*grown.items));
	if (grown.items == NULL)
		return STATUS_MEMORY;
	if (set->count > 0)
		memcpy(
		    grown.items, set->items, set->count * sizeof(*grown.items));
	for (size_t i = 0; i < count; i++) {
		if (revocations_have(&grown, items[i]))
			continue;
		if (grown.count == REVOCATIONS_MAX) {
			revocations_clear(&grown);
			return STATUS_RANGE;
		}
		memcpy(grown.items[grown.count++], items[i], FINGERPRINT_SIZE);
	}
	revocations_clear(set);
	*set = grown;
	return STATUS_OK;
}

enum status
revocations_add(struct revocations *set, const struct trust_list *list)
{
	return add(set, (const char(*)[FINGERPRINT_SIZE])list->revoked,
	    list->revoked_count);
}

enum status
revocations_join(struct revocations *set, const struct revocations *other)
{
	return add(
	    set, (const char(*)[FINGERPRINT_SIZE])other->items, other->count);
}

static bool
line_read(struct revocations *set, const char *line, size_t len)
{
	char text[FINGERPRINT_SIZE] = "";

	if (len < FINGERPRINT_SIZE || line[FINGERPRINT_SIZE - 1] != '\n' ||
	    set->count == REVOCATIONS_MAX)
		return false;
	memcpy(text, line, FINGERPRINT_SIZE - 1);
	if (!trust_is_fingerprint(text) || revocations_have(set, text))
		return false;
	memcpy(set->items[set->count++], text, FINGERPRINT_SIZE);
	return true;
}

size_t
revocations_parse(struct revocations *out, const char *text, size_t len)
{
	struct revocations set = { 0 };

	if (len == 0)
		return 0;
	set.items = calloc(len / FINGERPRINT_SIZE + 1, sizeof(*set.items));
	if (set.items == NULL)
		fatal("out of memory");
	for (size_t at = 0; at < len; at += FINGERPRINT_SIZE) {
		if (!line_read(&set, text + at, len - at)) {
			revocations_clear(&set);
			return at / FINGERPRINT_SIZE + 1;
		}
	}
	*out = set;
	return 0;
}

char *
revocations_format(const struct revocations *set, size_t *len)
{
	char *text = malloc(set->count * FINGERPRINT_SIZE + 1);

	if (text == NULL)
		return NULL;
	for (size_t i = 0; i < set->count; i++) {
		char *line = text + i * FINGERPRINT_SIZE;

		memcpy(line, set->items[i], FINGERPRINT_SIZE - 1);
		line[FINGERPRINT_SIZE - 1] = '\n';
	}
	*len = set->count * FINGERPRINT_SIZE;
	text[*len] = '\0';
	return text;
}

void
revocations_clear(struct revocations *set)
{
	free(set->items);
	*set = (struct revocations){ 0 };
}
