/* Part of amiral-net: connecting, once, with one deadline over all of it. */
#include "agent/net/dial.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

struct address {
	const struct sockaddr *at;
	socklen_t len;
};

/* On Linux a send timeout bounds connect(2) too, of TCP and of Unix sockets. */
static bool
dial_bound(int fd, int64_t until_ms)
{
	int64_t left = until_ms - clock_monotonic_ms();

	if (left <= 0) {
		errno = ETIMEDOUT;
		return false;
	}
	struct timeval wait = {
		.tv_sec = left / 1000,
		.tv_usec = left % 1000 * 1000,
	};
	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) == 0;
}

static bool
dial_finish(int fd, int family)
{
	int flags = fcntl(fd, F_GETFL), on = 1;

	if (family != AF_UNIX &&
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1)
		return false;
	return flags != -1 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

/* A connected descriptor, or -1 with errno. */
static int
dial_address(const struct address *to, int64_t until_ms)
{
	int saved, family = to->at->sa_family;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	if (dial_bound(fd, until_ms) && connect(fd, to->at, to->len) == 0 &&
	    dial_finish(fd, family))
		return fd;
	saved = errno;
	close(fd);
	errno = saved == EINPROGRESS || saved == EAGAIN ? ETIMEDOUT : saved;
	return -1;
}

static bool
dial_both(const struct address *to, int64_t until_ms, int fds[static 2])
{
	int first = dial_address(to, until_ms), second, saved;

	if (first == -1)
		return false;
	second = dial_address(to, until_ms);
	if (second == -1) {
		saved = errno;
		close(first);
		errno = saved;
		return false;
	}
	fds[0] = first;
	fds[1] = second;
	return true;
}

static bool
dial_local(const struct url *url, int64_t until_ms, int fds[static 2],
    char error[static DIAL_ERROR_MAX])
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct address to = { (const struct sockaddr *)&sun, sizeof sun };

	memcpy(sun.sun_path, url->path, sizeof sun.sun_path);
	if (dial_both(&to, until_ms, fds))
		return true;
	snprintf(error, DIAL_ERROR_MAX,
	    "cannot connect to Redis at unix://%s: %s; is it running, and may "
	    "this user open the socket?",
	    url->path, strerror(errno));
	return false;
}

static bool
dial_list(const struct url *url, const struct addrinfo *list, int64_t until_ms,
    int fds[static 2], char error[static DIAL_ERROR_MAX])
{
	unsigned left = 0;

	for (const struct addrinfo *i = list; i != NULL; i = i->ai_next)
		left++;
	for (const struct addrinfo *i = list; i != NULL; i = i->ai_next) {
		struct address to = { i->ai_addr, i->ai_addrlen };
		int64_t now = clock_monotonic_ms();

		/* One that swallows packets must not cost the others' time. */
		if (dial_both(&to, now + (until_ms - now) / left--, fds))
			return true;
	}
	snprintf(error, DIAL_ERROR_MAX,
	    "cannot connect to Redis at %s port %s: %s; is it running, and "
	    "does it listen there?",
	    url->host, url->port, strerror(errno));
	return false;
}

bool
dial(const struct url *url, int64_t until_ms, int fds[static 2],
    char error[static DIAL_ERROR_MAX])
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV,
	};
	struct addrinfo *list;
	bool connected;
	int result;

	if (url->local)
		return dial_local(url, until_ms, fds, error);
	result = getaddrinfo(url->host, url->port, &hints, &list);
	if (result != 0) {
		snprintf(error, DIAL_ERROR_MAX,
		    "cannot look up %s: %s; check the name and this machine's "
		    "resolver",
		    url->host, gai_strerror(result));
		return false;
	}
	connected = dial_list(url, list, until_ms, fds, error);
	freeaddrinfo(list);
	return connected;
}
