#include "ctl/oddities.h"

#include <string.h>

static const char *const names[ODDITIES] = {
	[ODDITY_NONE] = "none",
	[ODDITY_UNKNOWN_HOST] = "unknown host",
	[ODDITY_WRONG_KEY] = "wrong key",
	[ODDITY_REVOKED_KEY] = "revoked key",
	[ODDITY_BAD_SIGNATURE] = "bad signature",
	[ODDITY_BAD_CONTENT] = "bad content",
	[ODDITY_OTHER_REQUEST] = "not this request",
	[ODDITY_CONTRADICTS] = "contradicts itself",
	[ODDITY_CLONED] = "cloned identity",
};

const char *
oddity_name(enum oddity kind)
{
	return names[kind];
}

static bool
is_same(const struct oddity_row *row, enum oddity kind, const char *name,
    const struct public_key *key)
{
	return row->kind == kind && strcmp(row->name, name) == 0 &&
	       row->has_key == (key != NULL) &&
	       (key == NULL || public_key_equal(&row->key, key));
}

void
oddities_add(struct oddities *list, enum oddity kind, const char *name,
    const struct public_key *key)
{
	struct oddity_row *row = list->rows;

	list->total++;
	while (row < list->rows + list->n && !is_same(row, kind, name, key))
		row++;
	if (row == list->rows + ODDITIES_MAX) {
		list->unlisted++;
		return;
	}
	if (row == list->rows + list->n) {
		list->n++;
		row->kind = kind;
		strncpy(row->name, name, sizeof row->name - 1);
		row->has_key = key != NULL;
		if (key != NULL)
			row->key = *key;
	}
	row->count++;
}
