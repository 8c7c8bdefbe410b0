/* The rule tables of every link: linked into every process. */
#include "privsep/messages.h"

#include "base/log.h"
#include "base/name.h"
#include "wire/verify/layout.h"

#define LOG_FRAME_MAX (1 + LOG_LINE_MAX)
#define NAME_TEXT_MAX (4 + HOSTNAME_MAX)
#define POSITION_MAX  64
#define KIBI          1024
#define MEBI          (1024 * 1024)

#define DIRECTION(id, label, frames, bytes)                                    \
	const struct link_direction id = {                                     \
		.name = label,                                                 \
		.rules = id##_rules,                                           \
		.count = sizeof id##_rules / sizeof id##_rules[0],             \
		.queue_frames = frames,                                        \
		.queue_bytes = bytes,                                          \
	}

static const struct link_rule reader_to_executor_rules[] = {
	[R2E_FILE] = { "FILE", ~0U, 1, 4 * KIBI, 1 },
	[R2E_NET] = { "NET", ~0U, 16, 8 * KIBI - 1, 0 },
	[R2E_AUDIT] = { "AUDIT", ~0U, 0, 0, 1 },
	[R2E_TABLE] = { "TABLE", ~0U, 0, 0, 3 },
	[R2E_REFUSED] = { "REFUSED", ~0U, 0, 0, 0 },
};
DIRECTION(reader_to_executor, "reader to executor", 1024, MEBI);
const struct link_direction executor_to_reader = {
	.name = "executor to reader",
};

static const struct link_rule executor_to_net_rules[] = {
	[E2N_CONFIG] = { "CONFIG", NET_UNCONFIGURED, 17, 8 * KIBI, 1 },
};
DIRECTION(executor_to_net, "executor to net", 4, 64 * KIBI);

static const struct link_rule net_to_executor_rules[] = {
	[N2E_LOG] = { "LOG", ~0U, 1, LOG_FRAME_MAX, 0 },
};
DIRECTION(net_to_executor, "net to executor", 64, 64 * KIBI);

static const struct link_rule executor_to_gate_rules[] = {
	[E2G_FILE] = { "FILE", ~0U, 1, 4 * KIBI, 1 },
	[E2G_COMMIT] = { "COMMIT", ~0U, 5, 1 + NAME_TEXT_MAX, 1 },
	[E2G_NET] = { "NET", GATE_SERVING, 0, 0, 1 },
	[E2G_STARTED] = { "STARTED", GATE_SERVING, 4, 4, 3 },
	[E2G_EXITED] = { "EXITED", GATE_SERVING, 41, 41, 0 },
	[E2G_ISSUED] = { "ISSUED", GATE_SETUP, 8, 8, 0 },
	[E2G_NOTES] = { "NOTES", GATE_SETUP, 0, 0, 1 },
};
DIRECTION(executor_to_gate, "executor to gate", 1024, MEBI);

static const struct link_rule gate_to_executor_rules[] = {
	[G2E_READY] = { "READY", EXECUTOR_STARTING, 0, 0, 0 },
	[G2E_RELOADED] = { "RELOADED", EXECUTOR_SERVING, 0, 0, 0 },
	[G2E_KEPT] = { "KEPT", ~0U, 0, LOG_LINE_MAX, 0 },
	[G2E_LAUNCH] = { "LAUNCH", ~0U, 21, 20 + PROVIDER_MAX, 0 },
	[G2E_KILL] = { "KILL", ~0U, 4, 4, 0 },
	[G2E_LOG] = { "LOG", ~0U, 1, LOG_FRAME_MAX, 0 },
	[G2E_AUDIT] = { "AUDIT", ~0U, 1, AUDIT_LINE_MAX, 0 },
	[G2E_TRUST] = { "TRUST", EXECUTOR_SERVING, 1, ENVELOPE_MAX, 0 },
	[G2E_REVOKED] = { "REVOKED", EXECUTOR_SERVING, 1, LINK_BODY_MAX, 0 },
};
DIRECTION(gate_to_executor, "gate to executor", 1024, MEBI);

static const struct link_rule gate_to_net_rules[] = {
	[G2N_KEYS] = { "KEYS", ~0U, 1, LINK_BODY_MAX, 0 },
	[G2N_READY] = { "READY", NET_CLOSED, 0, 0, 0 },
	[G2N_REPLY] = { "REPLY", NET_OPEN, 54, 53 + ENVELOPE_MAX, 0 },
	[G2N_HELLO] = { "HELLO", NET_OPEN, 5, 4 + ENVELOPE_MAX, 0 },
};
DIRECTION(gate_to_net, "gate to net", 1024, 2 * MEBI);

static const struct link_rule net_to_gate_rules[] = {
	[N2G_REQUEST] = { "REQUEST", ~0U, 1, ENVELOPE_MAX, 0 },
	[N2G_STORED] = { "STORED", ~0U, 9, 9, 0 },
	[N2G_TRUST] = { "TRUST", ~0U, 1, ENVELOPE_MAX, 0 },
};
DIRECTION(net_to_gate, "net to gate", 1024, MEBI);

static const struct link_rule ctl_to_net_rules[] = {
	[C2N_CONFIG] = { "CONFIG", CTL_UNCONFIGURED, 12, 4 * KIBI, 0 },
	[C2N_PUBLISH] = { "PUBLISH", CTL_CONFIGURED, 54, LINK_BODY_MAX, 0 },
	[C2N_READ] = { "READ", CTL_CONFIGURED, 41, 40 + POSITION_MAX, 0 },
	[C2N_HELLOS] = { "HELLOS", CTL_CONFIGURED, 5, LINK_BODY_MAX, 0 },
	[C2N_GET] = { "GET", CTL_CONFIGURED, 5, 5 + CTL_NAME_MAX, 0 },
	[C2N_SET] = { "SET", CTL_CONFIGURED, 9,
	    9 + CTL_NAME_MAX + CTL_VALUE_MAX, 0 },
	[C2N_LIST] = { "LIST", CTL_CONFIGURED, 1, 1, 0 },
	[C2N_NAMES] = { "NAMES", CTL_CONFIGURED, 0, 0, 0 },
};
DIRECTION(ctl_to_net, "controller to net", 1024, 4 * MEBI);

static const struct link_rule net_to_ctl_rules[] = {
	[N2C_CONNECTED] = { "CONNECTED", ~0U, 0, 0, 0 },
	[N2C_FAILED] = { "FAILED", ~0U, 0, LOG_LINE_MAX, 0 },
	[N2C_PUBLISHED] = { "PUBLISHED", ~0U, 1, LOG_FRAME_MAX, 0 },
	[N2C_ENTRIES] = { "ENTRIES", ~0U, 5, LINK_BODY_MAX, 0 },
	[N2C_HELLOS] = { "HELLOS", ~0U, 1, LINK_BODY_MAX, 0 },
	[N2C_LOG] = { "LOG", ~0U, 1, LOG_FRAME_MAX, 0 },
	[N2C_VALUE] = { "VALUE", ~0U, 1, 1 + CTL_VALUE_MAX, 0 },
	[N2C_SET] = { "SET", ~0U, 1, LOG_FRAME_MAX, 0 },
	[N2C_LIST] = { "LIST", ~0U, 1, LINK_BODY_MAX, 0 },
	[N2C_NAMES] = { "NAMES", ~0U, 1, LINK_BODY_MAX, 0 },
};
DIRECTION(net_to_ctl, "net to controller", 1024, 4 * MEBI);
