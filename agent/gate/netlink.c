/* Part of the gate: see netlink.h. */
#include "agent/gate/netlink.h"

#include "agent/gate/intake.h"
#include "base/cursor.h"
#include "base/log.h"
#include "privsep/messages.h"

#define KEY_RECORD  (1 + ED25519_KEY_SIZE)
#define KEYS_A_TIME 256

static bool
keys_chunk(const struct gate_netlink *netlink, size_t from, size_t to)
{
	uint8_t body[1 + KEYS_A_TIME * KEY_RECORD];
	struct writer writer;

	writer_init(&writer, body, sizeof(body));
	writer_u8(&writer, from == 0);
	for (size_t i = from; i < to; i++) {
		const struct public_key *key =
		    operators_key(netlink->trust->operators, i);

		writer_u8(&writer, (uint8_t)key->type);
		writer_bytes(&writer, key->bytes, sizeof(key->bytes));
	}
	if (!writer_done(&writer))
		fatal("more keys than a message holds");
	return link_send_bytes(netlink->link, G2N_KEYS, body, writer.used);
}

/* All, from the start; the first chunk replaces what net has. */
static bool
keys_send(const struct gate_netlink *netlink)
{
	size_t count = operators_count(netlink->trust->operators);
	size_t from = 0, to;

	do {
		to = count - from > KEYS_A_TIME ? from + KEYS_A_TIME : count;
		if (!keys_chunk(netlink, from, to))
			return false;
		from = to;
	} while (from < count);
	return true;
}

void
netlink_keys(struct gate_netlink *netlink)
{
	if (netlink->link != NULL)
		netlink->keys_due = !keys_send(netlink);
}

static void
netlink_close(struct gate_netlink *netlink)
{
	if (netlink->link == NULL)
		return;
	outbox_attach(netlink->outbox, NULL);
	hello_attach(netlink->hello, NULL);
	intake_net(netlink->intake, NULL);
	link_close(netlink->link);
	netlink->link = NULL;
	netlink->keys_due = false;
}

static void
netlink_ended(enum link_end end, const char *why, void *arg)
{
	if (end == LINK_VIOLATION)
		log_error("the network process broke a rule: %s", why);
	netlink_close(arg);
}

static void
netlink_drained(void *arg)
{
	struct gate_netlink *netlink = arg;

	if (netlink->keys_due)
		netlink_keys(netlink);
	outbox_pump(netlink->outbox);
}

static void
netlink_reading(bool begins, void *arg)
{
	struct gate_netlink *netlink = arg;

	intake_busy(netlink->intake, begins);
}

static void
on_request(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct gate_netlink *netlink = arg;

	(void)fds;
	intake_take(netlink->intake, body, len);
}

/* Stored, or gone: either way nothing is left to deliver. */
static void
on_stored(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct gate_netlink *netlink = arg;
	struct cursor cursor;

	(void)fds;
	cursor_init(&cursor, body, len);
	outbox_done(netlink->outbox, cursor_u64(&cursor));
	intake_go_on(netlink->intake);
}

static void
on_trust(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct gate_netlink *netlink = arg;

	(void)fds;
	push_take(netlink->push, body, len);
}

static link_handler *const handlers[N2G_COUNT] = {
	[N2G_REQUEST] = on_request,
	[N2G_STORED] = on_stored,
	[N2G_TRUST] = on_trust,
};

void
netlink_open(struct gate_netlink *netlink, int fd)
{
	struct link_setup setup = {
		.loop = netlink->loop,
		.fd = fd,
		.in = &net_to_gate,
		.out = &gate_to_net,
		.handlers = handlers,
		.ended = netlink_ended,
		.drained = netlink_drained,
		.reading = netlink_reading,
		.arg = netlink,
	};

	netlink_close(netlink);
	netlink->link = link_open(&setup, 1);
	if (!keys_send(netlink) ||
	    !link_send_bytes(netlink->link, G2N_READY, NULL, 0))
		fatal("a fresh link takes no keys");
	hello_attach(netlink->hello, netlink->link);
	intake_net(netlink->intake, netlink->link);
	outbox_attach(netlink->outbox, netlink->link);
}
