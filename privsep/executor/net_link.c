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
begin_with(struct executor *ex, const int link[static 2], int gate)
{
	char name[] = "amiral-net", role[] = NET_ROLE_AGENT;
	char *argv[] = { name, role, NULL }, *envp[] = { NULL };
	/* Its groups may be what opens Redis's Unix socket. */
	const struct table *table = ex->settings->table;
	const struct drop_ids ids = table_ids(table, &table->net);
	const struct drop_limit no_core = { RLIMIT_CORE, 0 };
	const struct child_plan plan = {
		.path = ex->net_path,
		.argv = argv,
		.envp = envp,
		.fds = { ex->null, ex->null, ex->null, link[1], gate },
		.fd_count = 5,
		.limits = &no_core,
		.limit_count = 1,
		.ids = ex->root ? &ids : NULL,
		.no_new_privs = true,
		.umask = 077,
	};
	const struct peer_start start = {
		.plan = &plan,
		.in = &net_to_executor,
		.out = &executor_to_net,
		.handlers = handlers,
		.state = ~0U,
		.link = link[0],
	};

	peer_begin(&ex->net, &start);
	cpu_watch_begin(&ex->net_watch);
	close(link[1]);
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
	int link[2], gate[2];

	if (link_pair(link) == -1 || link_pair(gate) == -1)
		fatal_errno("socketpair for net");
	begin_with(ex, link, gate[1]);
	close(gate[1]);
	send_config(ex);
	if (peer_is_up(net))
		peer_send(&ex->gate, E2G_NET, NULL, 0, &gate[0]);
	close(gate[0]);
}
