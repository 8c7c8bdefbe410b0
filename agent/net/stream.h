/*
 * Part of amiral-net. What XREAD answers for one stream whose entries have
 * one field, m. Every type and count is looked at before anything is used.
 */
#ifndef AMIRAL_AGENT_NET_STREAM_H
#define AMIRAL_AGENT_NET_STREAM_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>

#define STREAM_POSITION_MAX 64 /* bytes, with the NUL */
#define STREAM_START        "0-0"

struct stream_entry {
	char position[STREAM_POSITION_MAX];
	const char *bytes; /* of m; NULL where the entry has no such field */
	size_t len;
};

/*
 * The list of entries, owned by answer; *entries is NULL for "nothing new".
 * False for an answer of another shape.
 */
bool stream_entries(const redisReply *answer, const redisReply **entries);
/* i < entries->elements. False for an entry of another shape. */
bool stream_entry(
    const redisReply *entries, size_t i, struct stream_entry *out);
/* A position as Redis writes it: digits, '-', digits. */
bool stream_position_valid(const char *text, size_t len);

#endif
