/* Part of amiral-net: from exec to locked in, as far as both roles share it. */
#include "agent/net/net.h"

#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "privsep/drop.h"
#include "privsep/messages.h"
#include "privsep/sandbox.h"

#define NET_FDS_MAX 8 /* two links, two connections */
#define MEBI        (1024 * 1024)

#if defined(__SANITIZE_ADDRESS__)
#define NET_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NET_SANITIZED 1
#endif
#endif

static const struct drop_limit net_limits[] = {
#ifndef NET_SANITIZED
	{ RLIMIT_AS, 256 * MEBI }, /* makes any excess a clean failure */
#endif
	{ RLIMIT_NPROC, 0 },
	{ RLIMIT_NOFILE, 16 },
	{ RLIMIT_FSIZE, 0 },
	{ RLIMIT_CORE, 0 },
	{ RLIMIT_MEMLOCK, 65536 },
};

static bool
net_is_link(int fd)
{
	int type = 0;
	socklen_t len = sizeof type;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       type == SOCK_SEQPACKET;
}

void
net_begin(struct net *net)
{
	if (!net_is_link(LINK_FD_EXECUTOR))
		fatal("started by amirald or amiral, never by hand");
	/* The parent's end of file on the link tells that it is gone. */
	drop_prepare(0);
	if (drop_limits(net_limits, sizeof net_limits / sizeof net_limits[0]) ==
	    -1)
		fatal_errno("setrlimit");
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		fatal_errno("signal");
	if (sodium_init() == -1)
		fatal("libsodium does not start");
	net->loop = loop_new(NET_FDS_MAX);
}

void
net_read_config(struct net_config *config, struct cursor *body)
{
	if (!cursor_text(body, config->url_text, sizeof config->url_text) ||
	    !cursor_text(body, config->password, sizeof config->password) ||
	    !cursor_text(body, config->fleet, sizeof config->fleet) ||
	    !name_is_fleet(config->fleet))
		fatal("CONFIG is ill-formed");
}

void
net_await_config(struct net *net)
{
	loop_run(net->loop);
	if (net->orphaned)
		exit(0);
}

bool
net_dial(struct net_config *config, void (*late)(int), int fds[static 2],
    char error[static NET_ERROR_MAX])
{
	bool connected;

	if (!url_parse(&config->url, config->url_text, error))
		return false;
	signal(SIGALRM, late);
	alarm(NET_DIAL_MS / 1000 + 1);
	connected =
	    dial(&config->url, clock_monotonic_ms() + NET_DIAL_MS, fds, error);
	alarm(0);
	signal(SIGALRM, SIG_DFL);
	return connected;
}

void
net_last_words(const void *frame, size_t len)
{
	ssize_t n = write(LINK_FD_EXECUTOR, frame, len);

	_exit(n == -1 ? 2 : 1);
}

void
net_lock_in(void)
{
	drop_prove();
	if (!sandbox_enter(SANDBOX_NET))
		fatal_errno("the kernel refuses the system call filter");
}
