/* Part of amiral-net, agent role: beginning, wiring, end. */
#include "agent/net/agent.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "privsep/drop.h"
#include "privsep/messages.h"

/* The executor's link */

static void
on_config(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct agent *a = arg;
	struct cursor c;

	cursor_init(&c, body, len);
	a->jailed = cursor_u8(&c) != 0;
	net_read_config(&a->net.config, &c);
	if (!cursor_text(&c, a->hostname, sizeof a->hostname) ||
	    !cursor_done(&c) || !name_is_host(a->hostname))
		fatal("CONFIG is ill-formed");
	/* The link's own buffer, with the password in it, outlives us here. */
	explicit_bzero((uint8_t *)(uintptr_t)body, len);
	a->root = fds[0];
	link_state(a->net.parent, NET_CONFIGURED);
	loop_stop(a->net.loop, 0);
}

static void
on_executor_ended(enum link_end end, const char *why, void *arg)
{
	struct agent *a = arg;

	if (end == LINK_VIOLATION)
		fatal("%s", why);
	a->net.orphaned = true;
	loop_stop(a->net.loop, 0);
}

static link_handler *const executor_handlers[E2N_COUNT] = {
	[E2N_CONFIG] = on_config,
};

static void
open_executor(struct agent *a)
{
	const struct link_setup setup = {
		.loop = a->net.loop,
		.fd = LINK_FD_EXECUTOR,
		.in = &executor_to_net,
		.out = &net_to_executor,
		.handlers = executor_handlers,
		.ended = on_executor_ended,
		.arg = a,
	};

	a->net.parent = link_open(&setup, NET_UNCONFIGURED);
	report_open(&a->net.report, a->net.parent, N2E_LOG);
}

/* The gate's link */

static void
on_keys(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct agent *a = arg;

	(void)fds;
	if (!keyring_take(&a->keys, body, len))
		fatal("the gate's KEYS is ill-formed");
}

static void
on_ready(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct agent *a = arg;

	(void)body;
	(void)len;
	(void)fds;
	link_state(a->gate, NET_OPEN);
	agent_requests_subscribe(a);
}

static void
on_gate_ended(enum link_end end, const char *why, void *arg)
{
	struct agent *a = arg;

	if (end == LINK_VIOLATION)
		fatal("%s", why);
	loop_stop(a->net.loop, 1);
}

void
agent_check_gate(struct agent *a)
{
	if (!link_full(a->gate))
		return;
	conn_pause(a->subscription, CONN_PAUSE_LINK, true);
	conn_pause(a->commands, CONN_PAUSE_LINK, true);
}

static void
on_gate_drained(void *arg)
{
	struct agent *a = arg;

	conn_pause(a->commands, CONN_PAUSE_LINK, false);
	if (!link_full(a->gate))
		conn_pause(a->subscription, CONN_PAUSE_LINK, false);
}

static link_handler *const gate_handlers[G2N_COUNT] = {
	[G2N_KEYS] = on_keys,
	[G2N_READY] = on_ready,
	[G2N_REPLY] = agent_replies_on_reply,
	[G2N_HELLO] = agent_replies_on_hello,
};

static void
open_gate(struct agent *a)
{
	const struct link_setup setup = {
		.loop = a->net.loop,
		.fd = LINK_FD_GATE,
		.in = &gate_to_net,
		.out = &net_to_gate,
		.handlers = gate_handlers,
		.ended = on_gate_ended,
		.drained = on_gate_drained,
		.arg = a,
	};

	a->gate = link_open(&setup, NET_CLOSED);
}

/* Redis */

static void
on_lost(const char *why, void *arg)
{
	struct agent *a = arg;

	if (!a->over)
		log_error("connection to Redis at %s: %s",
		    a->net.config.url_text, why);
	a->over = true;
	loop_stop(a->net.loop, 1);
}

static void
on_commands_drained(void *arg)
{
	struct agent *a = arg;

	link_pause(a->gate, false);
}

static struct conn *
open_connection(struct agent *a, int fd, conn_push *push, conn_drained *drained)
{
	const struct net_config *config = &a->net.config;
	const struct conn_setup setup = {
		.loop = a->net.loop,
		.fd = fd,
		.push = push,
		.lost = on_lost,
		.drained = drained,
		.arg = a,
	};
	struct conn *c = conn_open(&setup);

	conn_greet(c, config->url.user, config->password, config->url.db);
	return c;
}

static void
on_alarm(int signal)
{
	static const struct {
		uint8_t type, level;
		char text[sizeof NET_LATE - 1];
	} frame = { N2E_LOG, LOG_LEVEL_ERROR, NET_LATE };

	(void)signal;
	net_last_words(&frame, sizeof frame);
}

static bool
connect_to_redis(struct agent *a)
{
	char error[NET_ERROR_MAX];
	int fds[2];

	if (!net_dial(&a->net.config, on_alarm, fds, error)) {
		log_error("%s", error);
		return false;
	}
	a->commands = open_connection(a, fds[0], NULL, on_commands_drained);
	a->subscription =
	    open_connection(a, fds[1], agent_requests_on_push, NULL);
	explicit_bzero(a->net.config.password, sizeof a->net.config.password);
	return true;
}

static void
end(struct agent *a)
{
	agent_requests_flush(a);
	report_flush(&a->net.report);
	conn_close(a->subscription);
	conn_close(a->commands);
	link_close(a->gate);
	keyring_free(&a->keys);
	link_close(a->net.parent);
	loop_free(a->net.loop);
}

int
agent_run(void)
{
	struct agent a = { .root = -1 };
	int status;

	net_begin(&a.net);
	open_executor(&a);
	net_await_config(&a.net);
	agent_requests_begin(&a);
	if (!connect_to_redis(&a))
		return 1;
	drop_root_directory(a.root, a.jailed);
	net_lock_in();
	/* From here on nothing can be opened: bytes of Redis may be read. */
	open_gate(&a);
	malloc_trim(0);
	status = loop_run(a.net.loop);
	end(&a);
	return status;
}
