/* Part of amirald. */
#include "privsep/executor/net_link.h"

#include <unistd.h>

#include "base/log.h"

static void
on_log(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct executor *ex = ((struct peer *)arg)->arg;

	(void)fds;
	peer_spend(&ex->net, len);
	if (!relay_line(&ex->net.relay, body, len))
		peer_broken(&ex->net, "it sent a log line without a level");
}

static link_handler *const handlers[N2E_COUNT] = {
	[N2E_LOG] = on_log,
};

static void
run_net(struct executor *ex, int gate)
{
	char name[] = "amiral-net", role[] = NET_ROLE_AGENT;
	char *argv[] = { name, role, NULL };
	const struct table *table = ex->settings->table;
	const struct drop_ids ids = table_ids(table, &table->net);
	const struct peer_start start = {
		.path = ex->net_path,
		.argv = argv,
		.ids = ex->root ? &ids : NULL,
		.null = ex->null,
		.error = ex->null,
		.extra = gate,
		.in = &net_to_executor,
		.out = &executor_to_net,
		.handlers = handlers,
		.state = ~0U,
	};

	peer_begin(&ex->net, &start);
	cpu_watch_begin(&ex->net_watch);
}

static void
send_config(struct executor *ex)
{
	uint8_t jailed = ex->root;
	const struct iovec pieces[] = {
		{ .iov_base = &jailed, .iov_len = 1 },
		{ .iov_base = ex->settings->net_config,
		    .iov_len = ex->settings->net_config_len },
	};

	peer_send(&ex->net, E2N_CONFIG, pieces, 2, &ex->settings->empty);
}

void
net_begin(struct peer *net)
{
	struct executor *ex = net->arg;
	int gate[2];

	if (link_pair(gate) == -1)
		fatal_errno("socketpair for net and the gate");
	run_net(ex, gate[1]);
	close(gate[1]);
	send_config(ex);
	if (peer_is_up(net))
		peer_send(&ex->gate, E2G_NET, NULL, 0, &gate[0]);
	close(gate[0]);
}
