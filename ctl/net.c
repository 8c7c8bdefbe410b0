#include "ctl/net.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "config.h"

#define NET_PROGRAM AMIRAL_LIBEXECDIR "/amiral-net"
#define REPLY_TO_AT 16 /* bytes in front of reply_to in PUBLISH */
#define KEY_MAX     (1 + 4 + CTL_NAME_MAX)

struct net {
	struct link *link;
	pid_t pid;
	bool verbose;
	const struct net_events *events;
	void *arg;
};

/* What nobody waits for has no handler. */
static _Noreturn void
unasked(void)
{
	fatal("amiral-net answered what it was not asked");
}

static void
on_connected(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct net *net = arg;

	(void)body;
	(void)len;
	(void)fds;
	net->events->connected(net->arg);
}

static void
on_failed(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct net *net = arg;
	char why[LOG_LINE_MAX + 1];

	(void)fds;
	memcpy(why, body, len);
	why[len] = '\0';
	net->events->ended(why, net->arg);
}

static void
on_published(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct net *net = arg;

	(void)fds;
	if (net->events->published == NULL)
		unasked();
	net->events->published(
	    body[0] == 1, (const char *)body + 1, len - 1, net->arg);
}

static void
on_entries(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct net *net = arg;
	char position[NET_POSITION_MAX + 1];
	struct cursor c;

	(void)fds;
	if (net->events->entries == NULL)
		unasked();
	cursor_init(&c, body, len);
	if (!cursor_text(&c, position, sizeof position))
		fatal("amiral-net sent a malformed position");
	net->events->entries(position, &c, net->arg);
}

static void
on_hellos(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct net *net = arg;
	struct cursor c;

	(void)fds;
	if (net->events->hellos == NULL)
		unasked();
	cursor_init(&c, body + 1, len - 1);
	net->events->hellos(body[0] == 1, &c, net->arg);
}

static void
on_value(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct net *net = arg;

	(void)fds;
	if (net->events->value == NULL)
		unasked();
	net->events->value(body[0] == 1, body + 1, len - 1, net->arg);
}

static void
on_set(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct net *net = arg;

	(void)fds;
	if (net->events->set == NULL)
		unasked();
	net->events->set(
	    body[0] == 1, (const char *)body + 1, len - 1, net->arg);
}

static void
on_list(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct net *net = arg;
	struct cursor c;

	(void)fds;
	if (net->events->list == NULL)
		unasked();
	cursor_init(&c, body + 1, len - 1);
	net->events->list(body[0] != 0, body[0] == 2, &c, net->arg);
}

static void
on_names(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct net *net = arg;
	struct cursor c;

	(void)fds;
	if (net->events->names == NULL)
		unasked();
	cursor_init(&c, body + 1, len - 1);
	net->events->names(body[0] == 1, &c, net->arg);
}

static void
on_log(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct net *net = arg;
	enum log_level level =
	    body[0] > LOG_LEVEL_DEBUG ? LOG_LEVEL_ERROR : body[0];

	(void)fds;
	if (net->verbose || level <= LOG_LEVEL_WARNING)
		log_relay("amiral-net", level, (const char *)body + 1, len - 1);
}

static link_handler *const handlers[N2C_COUNT] = {
	[N2C_CONNECTED] = on_connected,
	[N2C_FAILED] = on_failed,
	[N2C_PUBLISHED] = on_published,
	[N2C_ENTRIES] = on_entries,
	[N2C_HELLOS] = on_hellos,
	[N2C_VALUE] = on_value,
	[N2C_SET] = on_set,
	[N2C_LIST] = on_list,
	[N2C_LOG] = on_log,
	[N2C_NAMES] = on_names,
};

static void
on_ended(enum link_end end, const char *why, void *arg)
{
	struct net *net = arg;

	net->events->ended(
	    end == LINK_EOF ? "amiral-net has ended" : why, net->arg);
}

/*
 * 0, 1 and 2 are /dev/null and 3 the link, nothing else; a session of its
 * own, so that ^C is ours alone.
 */
static int
prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attr, int link)
{
	sigset_t none, defaults;
	int error = 0;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	for (int fd = 0; fd <= 2 && error == 0; fd++)
		error = posix_spawn_file_actions_addopen(
		    actions, fd, "/dev/null", O_RDWR, 0);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(
		    actions, link, LINK_FD_CTL);
	if (error == 0)
		error = posix_spawn_file_actions_addclosefrom_np(
		    actions, LINK_FD_CTL + 1);
	if (error == 0)
		error = posix_spawnattr_setsigmask(attr, &none);
	if (error == 0)
		error = posix_spawnattr_setsigdefault(attr, &defaults);
	if (error == 0)
		error = posix_spawnattr_setflags(
		    attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
			      POSIX_SPAWN_SETSIGDEF);
	return error;
}

static int
spawn(pid_t *pid, int link)
{
	static char program[] = NET_PROGRAM, role[] = NET_ROLE_CONTROLLER;
	char *argv[] = { program, role, NULL }, *environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int error;

	if ((error = posix_spawn_file_actions_init(&actions)) != 0)
		return error;
	if ((error = posix_spawnattr_init(&attr)) == 0) {
		error = prepare(&actions, &attr, link);
		if (error == 0)
			error = posix_spawn(
			    pid, program, &actions, &attr, argv, environment);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* Descriptors 0 to 2 are there, or ours would land on one of them. */
static bool
send_config(struct net *net, const struct net_config *config)
{
	uint8_t body[4096];
	struct writer w;

	writer_init(&w, body, sizeof body);
	writer_text(&w, config->url);
	writer_text(&w, config->password);
	writer_text(&w, config->fleet);
	return writer_done(&w) &&
	       link_send_bytes(net->link, C2N_CONFIG, body, w.used);
}

static struct net *
net_open(struct loop *loop, int fd, pid_t pid)
{
	struct net *net = calloc(1, sizeof *net);
	struct link_setup setup = {
		.loop = loop,
		.fd = fd,
		.in = &net_to_ctl,
		.out = &ctl_to_net,
		.handlers = handlers,
		.ended = on_ended,
		.arg = net,
	};

	if (net == NULL)
		fatal("out of memory");
	net->pid = pid;
	net->link = link_open(&setup, 1);
	return net;
}

struct net *
net_start(struct loop *loop, const struct net_config *config,
    const struct net_events *events, void *arg,
    char error[static CTL_ERROR_MAX])
{
	struct net *net;
	int fds[2], failure;
	pid_t pid = -1;

	if (link_pair(fds) == -1) {
		snprintf(
		    error, CTL_ERROR_MAX, "socketpair: %s", strerror(errno));
		return NULL;
	}
	failure = spawn(&pid, fds[1]);
	close(fds[1]);
	if (failure != 0) {
		close(fds[0]);
		snprintf(error, CTL_ERROR_MAX, "%s: %s: install it there",
		    NET_PROGRAM, strerror(failure));
		return NULL;
	}
	net = net_open(loop, fds[0], pid);
	net->verbose = config->verbose;
	net->events = events;
	net->arg = arg;
	if (!send_config(net, config)) {
		net_stop(net);
		snprintf(error, CTL_ERROR_MAX,
		    "Redis's address or password is too long (4096 bytes)");
		return NULL;
	}
	return net;
}

void
net_stop(struct net *net)
{
	if (net == NULL)
		return;
	link_close(net->link);
	/* It ends by itself; whoever is left is init's to reap. */
	waitpid(net->pid, NULL, WNOHANG);
	free(net);
}

bool
net_publish(struct net *net, const struct net_publication *p)
{
	size_t size =
	    REPLY_TO_AT + UUID_LEN + 1 + p->n * (4 + HOSTNAME_MAX) + p->len;
	uint8_t *body = malloc(size);
	struct writer w;
	bool sent;

	if (body == NULL)
		fatal("out of memory");
	writer_init(&w, body, size);
	writer_u64(&w, (uint64_t)p->stream_expires);
	writer_u64(&w, (uint64_t)p->oldest);
	writer_bytes(&w, p->reply_to, UUID_LEN);
	writer_u8(&w, (uint8_t)p->n);
	for (size_t i = 0; i < p->n; i++)
		writer_text(&w, p->hosts[i]);
	writer_bytes(&w, p->envelope, p->len);
	if (!writer_done(&w))
		fatal("a publication does not fit its own size");
	sent = link_send_bytes(net->link, C2N_PUBLISH, body, w.used);
	free(body);
	return sent;
}

bool
net_read(struct net *net, const char *reply_to, const char *position)
{
	uint8_t body[UUID_LEN + 4 + NET_POSITION_MAX];
	struct writer w;

	writer_init(&w, body, sizeof body);
	writer_bytes(&w, reply_to, UUID_LEN);
	writer_text(&w, position);
	if (!writer_done(&w))
		fatal("a stream position does not fit");
	return link_send_bytes(net->link, C2N_READ, body, w.used);
}

bool
net_hellos(struct net *net, const char *const *names, size_t n)
{
	static const size_t name_size = 4 + HOSTNAME_MAX;
	uint8_t *body = malloc(n * name_size);
	struct writer w;
	bool sent;

	if (body == NULL || n > CTL_HELLOS_MAX)
		fatal("no room for the names of %zu hosts", n);
	writer_init(&w, body, n * name_size);
	for (size_t i = 0; i < n; i++)
		writer_text(&w, names[i]);
	if (!writer_done(&w))
		fatal("a host's name does not fit");
	sent = link_send_bytes(net->link, C2N_HELLOS, body, w.used);
	free(body);
	return sent;
}

static void
put_key(struct writer *w, enum ctl_key kind, const char *name)
{
	writer_u8(w, (uint8_t)kind);
	writer_text(w, name);
}

bool
net_get(struct net *net, enum ctl_key kind, const char *name)
{
	uint8_t body[KEY_MAX];
	struct writer w;

	writer_init(&w, body, sizeof body);
	put_key(&w, kind, name);
	if (!writer_done(&w))
		fatal("a key's name does not fit");
	return link_send_bytes(net->link, C2N_GET, body, w.used);
}

bool
net_set(struct net *net, enum ctl_key kind, const char *name,
    uint32_t expiry_ms, const void *value, size_t len)
{
	uint8_t body[KEY_MAX + 4 + CTL_VALUE_MAX];
	struct writer w;

	writer_init(&w, body, sizeof body);
	put_key(&w, kind, name);
	writer_u32(&w, expiry_ms);
	writer_bytes(&w, value, len);
	if (!writer_done(&w))
		fatal("a key's value does not fit");
	return link_send_bytes(net->link, C2N_SET, body, w.used);
}

bool
net_list(struct net *net, enum ctl_key kind)
{
	const uint8_t body = (uint8_t)kind;

	return link_send_bytes(net->link, C2N_LIST, &body, 1);
}

bool
net_names(struct net *net)
{
	return link_send_bytes(net->link, C2N_NAMES, NULL, 0);
}
