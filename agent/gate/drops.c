/* Part of the gate: see drops.h. */
#include "agent/gate/drops.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

static const char *const gate_drop_names[] = {
	[DROP_LATE - STATUS_COUNT] = "late",
	[DROP_REPLAY_FULL - STATUS_COUNT] = "replay-full",
	[DROP_BACKLOG - STATUS_COUNT] = "backlog",
	[DROP_LIST_STALE - STATUS_COUNT] = "stale-list",
	[DROP_LIST_EXPIRED - STATUS_COUNT] = "expired-list",
	[DROP_POISONED - STATUS_COUNT] = "poisoned",
};

static const char *
drop_name(unsigned cause)
{
	if (cause < STATUS_COUNT)
		return status_name((enum status)cause);
	return gate_drop_names[cause - STATUS_COUNT];
}

void
drops_line(
    const uint64_t counts[static DROPS], char line[static DROPS_LINE_MAX])
{
	const char *separator = ": ";
	uint64_t total = 0;
	size_t used = 0;

	line[0] = '\0';
	for (unsigned i = 0; i < DROPS; i++)
		total += counts[i];
	if (total == 0)
		return;
	used = (size_t)snprintf(
	    line, DROPS_LINE_MAX, "dropped %" PRIu64 " messages", total);
	for (unsigned i = 0; i < DROPS && used < DROPS_LINE_MAX; i++) {
		if (counts[i] == 0)
			continue;
		used += (size_t)snprintf(line + used, DROPS_LINE_MAX - used,
		    "%s%s %" PRIu64, separator, drop_name(i), counts[i]);
		separator = ", ";
	}
}

static void
drops_report(void *arg)
{
	struct gate_drops *drops = arg;
	char line[DROPS_LINE_MAX];

	drops_line(drops->counts, line);
	memset(drops->counts, 0, sizeof(drops->counts));
	drops->reported_ms = clock_monotonic_ms();
	log_warning("%s", line);
}

void
drops_init(struct gate_drops *drops, struct loop *loop)
{
	*drops = (struct gate_drops){
		.loop = loop,
		.timer = { .fn = drops_report, .arg = drops },
		.reported_ms = clock_monotonic_ms() - DROPS_EVERY_MS,
	};
}

void
drops_count(struct gate_drops *drops, unsigned cause)
{
	int64_t wait;

	if (cause == STATUS_NOT_MATCHED)
		return;
	drops->counts[cause]++;
	if (drops->timer.armed)
		return;
	wait = drops->reported_ms + DROPS_EVERY_MS - clock_monotonic_ms();
	loop_timer_set(drops->loop, &drops->timer,
	    wait < DROPS_FIRST_MS ? DROPS_FIRST_MS : wait);
}
