/* Part of the gate: see audit.h. */
#include "agent/gate/audit.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "privsep/messages.h"
#include "wire/json.h"

#define DIGEST_TEXT 45 /* base64 of 32 bytes, with the NUL */

static const char *const event_names[AUDIT_EVENTS] = {
	[AUDIT_ADMITTED] = "admitted",
	[AUDIT_REFUSED] = "refused",
	[AUDIT_ENDED] = "ended",
};

void
audit_init(struct gate_audit *audit, struct link *executor)
{
	*audit = (struct gate_audit){ .executor = executor };
}

static void
digest_text(const uint8_t digest[static 32], char text[static DIGEST_TEXT])
{
	sodium_bin2base64(
	    text, DIGEST_TEXT, digest, 32, sodium_base64_VARIANT_ORIGINAL);
}

/* A list, or NULL where only one signed. */
static json_t *
cosigners(const struct audit_subject *subject)
{
	json_t *list = subject->cosigner_count > 0 ? json_array() : NULL;

	for (unsigned i = 0; i < subject->cosigner_count; i++) {
		const struct audit_signer *at = &subject->cosigners[i];

		if (json_array_append_new(
			list, json_pack("{s:s, s:s}", "operator", at->operator_,
				  "fingerprint", at->fingerprint)) != 0)
			fatal("out of memory");
	}
	return list;
}

char *
audit_line(enum audit_event event, const struct audit_subject *subject,
    const char *outcome, int64_t now, size_t *len)
{
	char request[DIGEST_TEXT], args[DIGEST_TEXT], *line;
	const char *behalf = subject->on_behalf_of;
	json_t *root;

	digest_text(subject->request, request);
	digest_text(subject->args, args);
	root = json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s*, s:o*}",
	    "at", (json_int_t)now, "event", event_names[event], "outcome",
	    outcome, "operator", subject->operator_, "fingerprint",
	    subject->fingerprint, "provider", subject->provider, "args", args,
	    "request", request, "on_behalf_of",
	    behalf[0] == '\0' ? NULL : behalf, "cosigners", cosigners(subject));
	if (root == NULL)
		return NULL;
	line = json_compact(root, len);
	json_decref(root);
	return line;
}

void
audit_write(struct gate_audit *audit, enum audit_event event,
    const struct audit_subject *subject, const char *outcome)
{
	size_t len = 0;
	char *line = audit_line(event, subject, outcome, clock_wall_ms(), &len);

	if (line == NULL || len > AUDIT_LINE_MAX ||
	    !link_send_bytes(audit->executor, G2E_AUDIT, line, len)) {
		audit->lost++;
	} else if (audit->lost > 0) {
		log_error("%u audit lines were lost: amirald does not keep up",
		    audit->lost);
		audit->lost = 0;
	}
	free(line);
}
