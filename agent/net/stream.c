/* Part of amiral-net: the shape of an XREAD answer. */
#include "agent/net/stream.h"

#include <string.h>

static bool
stream_is_array(const redisReply *r, size_t n)
{
	return r->type == REDIS_REPLY_ARRAY && r->elements == n;
}

bool
stream_entries(const redisReply *answer, const redisReply **entries)
{
	if (answer->type == REDIS_REPLY_NIL) {
		*entries = NULL;
		return true;
	}
	if (!stream_is_array(answer, 1) ||
	    !stream_is_array(answer->element[0], 2) ||
	    answer->element[0]->element[1]->type != REDIS_REPLY_ARRAY)
		return false;
	*entries = answer->element[0]->element[1];
	return true;
}

bool
stream_position_valid(const char *text, size_t len)
{
	const char *dash = memchr(text, '-', len);

	if (len >= STREAM_POSITION_MAX || dash == NULL || dash == text ||
	    dash == text + len - 1)
		return false;
	for (size_t i = 0; i < len; i++)
		if (text + i != dash && (text[i] < '0' || text[i] > '9'))
			return false;
	return true;
}

bool
stream_entry(const redisReply *entries, size_t i, struct stream_entry *out)
{
	const redisReply *entry = entries->element[i], *id, *fields;

	if (!stream_is_array(entry, 2))
		return false;
	id = entry->element[0];
	fields = entry->element[1];
	if (id->type != REDIS_REPLY_STRING ||
	    !stream_position_valid(id->str, (size_t)id->len))
		return false;
	memcpy(out->position, id->str, (size_t)id->len + 1);
	out->bytes = NULL;
	out->len = 0;
	if (!stream_is_array(fields, 2) ||
	    fields->element[0]->type != REDIS_REPLY_STRING ||
	    fields->element[1]->type != REDIS_REPLY_STRING ||
	    strcmp(fields->element[0]->str, "m") != 0)
		return true;
	out->bytes = fields->element[1]->str;
	out->len = (size_t)fields->element[1]->len;
	return true;
}
