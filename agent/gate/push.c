/* Part of the gate: see push.h. */
#include "agent/gate/push.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "keys/revocations.h"
#include "privsep/messages.h"

/* Before the list: it may not name them all. */
static bool
keep_revoked(struct gate_push *push)
{
	size_t len;
	char *text = operators_revoked(push->trust->operators, &len);
	bool sent;

	if (text == NULL)
		fatal("out of memory");
	sent =
	    len == 0 || link_send_bytes(push->executor, G2E_REVOKED, text, len);
	free(text);
	return sent;
}

static void
push_in_force(struct gate_push *push, const uint8_t *bytes, size_t len)
{
	const struct operators *operators = push->trust->operators;
	const struct trust_list *list = operators_list(operators);

	log_info("operators' list %" PRId64 " by %s is in force: %zu keys may "
		 "ask, %zu are revoked",
	    list->serial, operators_signer(operators), list->signer_count,
	    operators_revoked_count(operators));
	if (!keep_revoked(push) ||
	    !link_send_bytes(push->executor, G2E_TRUST, bytes, len))
		log_error("amirald could not be given operators' list %" PRId64
			  " to keep",
		    list->serial);
	push->done(push->arg);
}

/* The list came all the same: a revocation that does not would be worse. */
static void
warn_of_full(const struct gate_push *push)
{
	log_warning("more than %d keys are revoked here: what list %" PRId64
		    " adds to them holds until the next list; has somebody "
		    "revoked nobodies' keys? (amiral-keys(5))",
	    REVOCATIONS_MAX, operators_serial(push->trust->operators));
}

void
push_take(struct gate_push *push, const uint8_t *bytes, size_t len)
{
	enum status why = STATUS_OK;

	switch (operators_take(push->trust->operators, push->trust->conf->fleet,
	    bytes, len, clock_wall_ms(), &why)) {
	case OPERATORS_TAKEN:
		push_in_force(push, bytes, len);
		break;
	case OPERATORS_SAME:
		break;
	case OPERATORS_STALE:
		drops_count(push->drops, DROP_LIST_STALE);
		break;
	case OPERATORS_EXPIRED:
		drops_count(push->drops, DROP_LIST_EXPIRED);
		break;
	case OPERATORS_FULL:
		push_in_force(push, bytes, len);
		warn_of_full(push);
		break;
	case OPERATORS_BAD:
		drops_count(push->drops, why);
		break;
	}
}
