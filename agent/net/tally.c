/* Part of amiral-net: counting what is dropped. */
#include "agent/net/tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void
tally_add(struct tally *t, enum status status)
{
	t->count[status]++;
	t->total++;
}

int64_t
tally_due(const struct tally *t, int64_t now_ms)
{
	int64_t next;

	if (t->total == 0)
		return -1;
	if (!t->spoken)
		return TALLY_QUICK_MS;
	next = t->last_ms + TALLY_PERIOD_MS - now_ms;
	return next > TALLY_QUICK_MS ? next : TALLY_QUICK_MS;
}

bool
tally_take(struct tally *t, int64_t now_ms, char line[static TALLY_LINE_MAX])
{
	const char *between = ":";
	int at;

	if (t->total == 0)
		return false;
	at = snprintf(
	    line, TALLY_LINE_MAX, "dropped %" PRIu64 " messages", t->total);
	for (unsigned i = 0; i < STATUS_COUNT && at < TALLY_LINE_MAX; i++) {
		if (t->count[i] == 0)
			continue;
		at += snprintf(line + at, (size_t)(TALLY_LINE_MAX - at),
		    "%s %s %" PRIu64, between, status_name((enum status)i),
		    t->count[i]);
		between = ",";
	}
	*t = (struct tally){ .spoken = true, .last_ms = now_ms };
	return true;
}

int64_t
throttle_hit(struct throttle *t, int64_t now_ms)
{
	if (t->count == 0 || now_ms - t->since_ms >= THROTTLE_MS) {
		t->since_ms = now_ms;
		t->count = 0;
	}
	if (++t->count < THROTTLE_RATE)
		return 0;
	t->count = 0;
	return t->since_ms + THROTTLE_MS - now_ms;
}
