/* Part of the gate: see intake.h. */
#include "agent/gate/intake.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

struct waiting {
	STAILQ_ENTRY(waiting) next;
	size_t len;
	uint8_t bytes[];
};

static void
request_refused(struct gate_intake *intake, struct admit_result *result)
{
	struct reply reply = {
		.status = REPLY_NOOP,
		.reason = result->reason,
	};

	memcpy(reply.detail, result->detail, sizeof(reply.detail));
	audit_write(intake->audit, AUDIT_REFUSED, &result->subject,
	    reply_reason_name(result->reason));
	reply_send(intake->replies, &result->answer, &reply);
}

static void
request_dropped(struct gate_intake *intake, unsigned cause)
{
	drops_count(intake->drops, cause);
	if (cause < STATUS_COUNT && cause != STATUS_NOT_MATCHED)
		throttle_bad(intake->throttle);
}

static void
request_decide(struct gate_intake *intake, const uint8_t *bytes, size_t len)
{
	struct admit_result result;

	admit(intake->admit, bytes, len, clock_wall_ms(), &result);
	switch (result.outcome) {
	case ADMIT_DROPPED:
		request_dropped(intake, result.drop);
		break;
	case ADMIT_KNOWN:
		memory_resend(intake->memory, result.subject.request,
		    clock_monotonic_ms(), intake->outbox);
		break;
	case ADMIT_REFUSED:
		request_refused(intake, &result);
		break;
	case ADMIT_ADMITTED:
		if (admitted_terms(result.admitted)->builtin != NULL)
			builtin_run(intake->builtins, result.admitted);
		else
			run_start(intake->runs, result.admitted);
		break;
	}
	poison_done(intake->admit->poison);
}

/* Amirald's link is another one than net's: stopping net is safe here. */
static void
net_pause(struct gate_intake *intake)
{
	bool pause =
	    link_full(intake->executor) || throttle_shut(intake->throttle);

	if (intake->net == NULL || pause == intake->paused)
		return;
	intake->paused = pause;
	link_pause(intake->net, pause);
}

static bool
blocked(const struct gate_intake *intake)
{
	return outbox_full(intake->outbox) || link_full(intake->executor);
}

static void
wait_add(struct gate_intake *intake, const uint8_t *bytes, size_t len)
{
	struct waiting *item = NULL;

	if (intake->count < INTAKE_WAITING &&
	    intake->bytes + len <= INTAKE_BYTES)
		item = malloc(sizeof(*item) + len);
	if (item == NULL) {
		drops_count(intake->drops, DROP_BACKLOG);
		return;
	}
	item->len = len;
	memcpy(item->bytes, bytes, len);
	STAILQ_INSERT_TAIL(&intake->waiting, item, next);
	intake->count++;
	intake->bytes += len;
}

void
intake_take(struct gate_intake *intake, const uint8_t *bytes, size_t len)
{
	if (intake->count > 0 || blocked(intake))
		wait_add(intake, bytes, len);
	else
		request_decide(intake, bytes, len);
	net_pause(intake);
}

void
intake_go_on(struct gate_intake *intake)
{
	struct waiting *item;

	while (!blocked(intake) &&
	       (item = STAILQ_FIRST(&intake->waiting)) != NULL) {
		STAILQ_REMOVE_HEAD(&intake->waiting, next);
		intake->count--;
		intake->bytes -= item->len;
		request_decide(intake, item->bytes, item->len);
		free(item);
	}
	net_pause(intake);
}

void
intake_net(struct gate_intake *intake, struct link *net)
{
	intake->net = net;
	intake->paused = false;
	net_pause(intake);
}

void
intake_busy(struct gate_intake *intake, bool begins)
{
	if (begins) {
		throttle_begin(intake->throttle);
		return;
	}
	throttle_end(intake->throttle);
	net_pause(intake);
}
