/*
 * Part of the gate. Messages that get no answer are counted by cause and
 * reported in one line at a time: at most one a second, however many come.
 */
#ifndef AMIRAL_AGENT_GATE_DROPS_H
#define AMIRAL_AGENT_GATE_DROPS_H

#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "wire/verify/status.h"

/* Causes beside enum status: genuine requests that stay without an answer. */
enum gate_drop {
	DROP_LATE = STATUS_COUNT, /* expired long ago */
	DROP_REPLAY_FULL,         /* a word on it could not be made final */
	DROP_BACKLOG,             /* more than may wait for the outbox */
	DROP_LIST_STALE,   /* an operators' list older than the one in force */
	DROP_LIST_EXPIRED, /* an operators' list that came too late */
	DROP_POISONED,     /* a gate ended over it */
	DROPS
};

#define DROPS_FIRST_MS 200 /* from the first one after a quiet second */
#define DROPS_EVERY_MS 1000
#define DROPS_LINE_MAX 512

struct gate_drops {
	struct loop *loop;
	struct loop_timer timer;
	int64_t reported_ms; /* monotonic */
	uint64_t counts[DROPS];
};

void drops_init(struct gate_drops *, struct loop *);
/* cause: enum status or enum gate_drop. STATUS_NOT_MATCHED is no drop. */
void drops_count(struct gate_drops *, unsigned cause);
/* "dropped 3 messages: fleet 2, json 1"; "" where nothing was counted. */
void drops_line(
    const uint64_t counts[static DROPS], char line[static DROPS_LINE_MAX]);

#endif
