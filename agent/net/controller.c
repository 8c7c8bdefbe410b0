/* Part of amiral-net, controller role: beginning, wiring, end. */
#include "agent/net/controller.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "privsep/drop.h"
#include "privsep/messages.h"

#define LEAVE_MS      5000 /* for amiral to take what is queued */
#define LEAVE_STEP_MS 10

/* The link to amiral */

static void
on_config(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct controller *ctl = arg;
	struct cursor c;

	(void)fds;
	cursor_init(&c, body, len);
	net_read_config(&ctl->net.config, &c);
	if (!cursor_done(&c))
		fatal("CONFIG is ill-formed");
	/* The link's own buffer, with the password in it, outlives us here. */
	explicit_bzero((uint8_t *)(uintptr_t)body, len);
	link_state(ctl->net.parent, CTL_CONFIGURED);
	loop_stop(ctl->net.loop, 0);
}

static void
on_parent_ended(enum link_end end, const char *why, void *arg)
{
	struct controller *ctl = arg;

	if (end == LINK_VIOLATION)
		fatal("%s", why);
	ctl->net.orphaned = ctl->over = true;
	loop_stop(ctl->net.loop, 0);
}

void
controller_check_parent(struct controller *ctl)
{
	if (!link_full(ctl->net.parent))
		return;
	conn_pause(ctl->commands, CONN_PAUSE_LINK, true);
	conn_pause(ctl->reader, CONN_PAUSE_LINK, true);
}

static void
on_parent_drained(void *arg)
{
	struct controller *ctl = arg;

	if (ctl->over)
		return;
	conn_pause(ctl->commands, CONN_PAUSE_LINK, false);
	if (!link_full(ctl->net.parent))
		conn_pause(ctl->reader, CONN_PAUSE_LINK, false);
}

static link_handler *const handlers[C2N_COUNT] = {
	[C2N_CONFIG] = on_config,
	[C2N_PUBLISH] = controller_on_publish,
	[C2N_READ] = controller_on_read,
	[C2N_HELLOS] = controller_on_hellos,
	[C2N_GET] = controller_on_get,
	[C2N_SET] = controller_on_set,
	[C2N_LIST] = controller_on_list,
	[C2N_NAMES] = controller_on_names,
};

static void
open_parent(struct controller *ctl)
{
	const struct link_setup setup = {
		.loop = ctl->net.loop,
		.fd = LINK_FD_CTL,
		.in = &ctl_to_net,
		.out = &net_to_ctl,
		.handlers = handlers,
		.ended = on_parent_ended,
		.drained = on_parent_drained,
		.arg = ctl,
	};

	ctl->net.parent = link_open(&setup, CTL_UNCONFIGURED);
	report_open(&ctl->net.report, ctl->net.parent, N2C_LOG);
}

/* The end of it: the reason is the last frame, and must get through. */

static void
on_leave_timer(void *arg)
{
	struct controller *ctl = arg;

	if (link_empty(ctl->net.parent) ||
	    clock_monotonic_ms() >= ctl->leave_ms)
		loop_stop(ctl->net.loop, 1);
	else
		loop_timer_set(ctl->net.loop, &ctl->leave, LEAVE_STEP_MS);
}

static void
fail(struct controller *ctl, const char *why)
{
	size_t len = strlen(why);

	if (ctl->over)
		return;
	if (len > LOG_LINE_MAX)
		len = LOG_LINE_MAX;
	ctl->over = true;
	if (ctl->commands != NULL && ctl->reader != NULL) {
		conn_pause(ctl->commands, CONN_PAUSE_LINK, true);
		conn_pause(ctl->reader, CONN_PAUSE_LINK, true);
	}
	if (!link_send_bytes(ctl->net.parent, N2C_FAILED, why, len))
		log_error("%s", why);
	ctl->leave_ms = clock_monotonic_ms() + LEAVE_MS;
	loop_timer_set(ctl->net.loop, &ctl->leave, 0);
}

/* Redis */

static void
on_lost(const char *why, void *arg)
{
	struct controller *ctl = arg;
	char text[LOG_LINE_MAX];

	snprintf(text, sizeof text, "connection to Redis at %.400s: %s",
	    ctl->net.config.url_text, why);
	fail(ctl, text);
}

static void
on_commands_drained(void *arg)
{
	struct controller *ctl = arg;

	link_pause(ctl->net.parent, false);
}

void
controller_send_off(struct controller *ctl)
{
	conn_flush(ctl->commands);
	if (conn_full(ctl->commands))
		link_pause(ctl->net.parent, true);
}

static struct conn *
open_connection(struct controller *ctl, int fd)
{
	const struct net_config *config = &ctl->net.config;
	const struct conn_setup setup = {
		.loop = ctl->net.loop,
		.fd = fd,
		.lost = on_lost,
		.drained = on_commands_drained,
		.arg = ctl,
	};
	struct conn *c = conn_open(&setup);

	conn_greet(c, config->url.user, config->password, config->url.db);
	return c;
}

static void
on_alarm(int signal)
{
	static const struct {
		uint8_t type;
		char text[sizeof NET_LATE - 1];
	} frame = { N2C_FAILED, NET_LATE };

	(void)signal;
	net_last_words(&frame, sizeof frame);
}

static bool
connect_to_redis(struct controller *ctl)
{
	char error[NET_ERROR_MAX];
	int fds[2];

	if (!net_dial(&ctl->net.config, on_alarm, fds, error)) {
		fail(ctl, error);
		return false;
	}
	ctl->commands = open_connection(ctl, fds[0]);
	ctl->reader = open_connection(ctl, fds[1]);
	explicit_bzero(
	    ctl->net.config.password, sizeof ctl->net.config.password);
	return true;
}

static void
say_connected(struct controller *ctl)
{
	if (!ctl->over &&
	    !link_send_bytes(ctl->net.parent, N2C_CONNECTED, NULL, 0))
		fatal("no room for CONNECTED");
}

static void
end(struct controller *ctl)
{
	report_flush(&ctl->net.report);
	conn_close(ctl->reader);
	conn_close(ctl->commands);
	free(ctl->frame);
	link_close(ctl->net.parent);
	loop_free(ctl->net.loop);
}

static void
begin(struct controller *ctl)
{
	net_begin(&ctl->net);
	ctl->frame = malloc(LINK_BODY_MAX);
	if (ctl->frame == NULL)
		fatal("out of memory");
	memcpy(ctl->position, STREAM_START, sizeof STREAM_START);
	ctl->leave = (struct loop_timer){ .fn = on_leave_timer, .arg = ctl };
}

int
controller_run(void)
{
	struct controller ctl = { .over = false };
	int status;

	begin(&ctl);
	open_parent(&ctl);
	net_await_config(&ctl.net);
	if (connect_to_redis(&ctl)) {
		/* An operator who is root keeps the uid, and nothing else. */
		drop_root_directory(open("/", O_PATH | O_CLOEXEC), false);
		net_lock_in();
		/* From here on bytes of Redis may be read. */
		say_connected(&ctl);
	}
	status = loop_run(ctl.net.loop);
	end(&ctl);
	return status;
}
