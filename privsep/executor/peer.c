/* Part of amirald. */
#include "privsep/executor/peer.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "privsep/executor/backoff.h"

#define WINDOW_MS  1000
#define HEALTHY_MS 60000 /* who ran that long starts without a penalty */

static void
look_whether_gone(struct peer *peer)
{
	if (!peer->up || peer->pid != 0 || peer->link != NULL)
		return;
	peer->up = false;
	relay_flush(&peer->relay);
	if (clock_monotonic_ms() - peer->started_ms >= HEALTHY_MS)
		peer->failures = 0;
	peer->gone(peer);
}

static void
peer_kill(struct peer *peer)
{
	if (peer->pid != 0)
		kill(peer->pid, SIGKILL);
}

static void
close_link(struct peer *peer)
{
	struct link *link = peer->link;

	peer->link = NULL;
	loop_timer_clear(peer->loop, &peer->resume);
	if (link != NULL)
		link_close(link);
}

void
peer_stop(struct peer *peer)
{
	peer_kill(peer);
	peer_dismiss(peer);
}

void
peer_dismiss(struct peer *peer)
{
	peer->unwanted = true;
	loop_timer_clear(peer->loop, &peer->timer);
	close_link(peer);
	look_whether_gone(peer);
}

void
peer_broken(struct peer *peer, const char *why)
{
	log_error("%s ended: %s", peer->relay.process, why);
	peer_stop(peer);
}

static void
read_on(void *arg)
{
	struct peer *peer = arg;

	if (peer->link != NULL)
		link_pause(peer->link, false);
}

/* Its own queue fills then, and it waits: no more of our time, or disk. */
void
peer_spend(struct peer *peer, size_t len)
{
	int64_t now = clock_monotonic_ms();

	if (now - peer->budget_ms >= WINDOW_MS) {
		peer->budget_ms = now;
		peer->budget_spent = 0;
	}
	peer->budget_spent += PEER_FRAME_COST + len;
	if (peer->budget_spent < PEER_BUDGET || peer->link == NULL)
		return;
	link_pause(peer->link, true);
	peer->resume.fn = read_on;
	peer->resume.arg = peer;
	loop_timer_set(
	    peer->loop, &peer->resume, peer->budget_ms + WINDOW_MS - now);
}

/* Of the peers' links; what it wrote last has been read by then. */
static void
link_is_over(enum link_end end, const char *why, void *arg)
{
	struct peer *peer = arg;

	if (end == LINK_VIOLATION)
		log_error("%s broke a rule: %s", peer->relay.process, why);
	peer_kill(peer);
	close_link(peer);
	look_whether_gone(peer);
}

/* Without an environment, a core, or a way to more than its ids. */
static pid_t
run(const struct peer_start *start, int link, const char **step)
{
	char *envp[] = { NULL };
	const struct drop_limit no_core = { RLIMIT_CORE, 0 };
	const struct child_plan plan = {
		.path = start->path,
		.argv = start->argv,
		.envp = envp,
		.fds = { start->null, start->null, start->error, link,
		    start->extra },
		.fd_count = start->extra == -1 ? 4 : 5,
		.limits = &no_core,
		.limit_count = 1,
		.ids = start->ids,
		.no_new_privs = true,
		.umask = 077,
	};

	return child_start(&plan, step);
}

/* Our end of the link to what runs now; -1 with errno and the step. */
static int
start_process(
    struct peer *peer, const struct peer_start *start, const char **step)
{
	int link[2], saved;
	pid_t pid;

	*step = "socketpair";
	if (link_pair(link) == -1)
		return -1;
	pid = run(start, link[1], step);
	saved = errno;
	close(link[1]);
	if (pid == -1)
		close(link[0]);
	else
		peer->pid = pid;
	errno = saved;
	return pid == -1 ? -1 : link[0];
}

void
peer_begin(struct peer *peer, const struct peer_start *start)
{
	struct link_setup setup = { .loop = peer->loop,
		.in = start->in,
		.out = start->out,
		.handlers = start->handlers,
		.ended = link_is_over,
		.arg = peer };
	const char *step;

	peer->up = true;
	peer->unwanted = false;
	peer->started_ms = clock_monotonic_ms();
	if ((setup.fd = start_process(peer, start, &step)) == -1) {
		log_error("%s: cannot start %s: %s: %s", peer->relay.process,
		    start->path, step, strerror(errno));
		look_whether_gone(peer);
		return;
	}
	peer->link = link_open(&setup, start->state);
	log_debug("%s started, pid %d", peer->relay.process, (int)peer->pid);
}

static void
log_end(const struct peer *peer, int status)
{
	const char *name = peer->relay.process;

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		log_error("%s ended: it made a system call that its filter "
			  "forbids",
		    name);
	else if (peer->unwanted || (peer->brief && status == 0))
		log_debug("%s ended, as wanted", name);
	else if (WIFSIGNALED(status))
		log_error("%s ended: signal %d", name, WTERMSIG(status));
	else
		log_info("%s ended: exit status %d", name, WEXITSTATUS(status));
}

bool
peer_reaped(struct peer *peer, pid_t pid, int status)
{
	if (peer->pid != pid)
		return false;
	log_end(peer, status);
	peer->pid = 0;
	/* What it said last is still to be read: the link ends by itself. */
	look_whether_gone(peer);
	return true;
}

static void
start_now(void *arg)
{
	struct peer *peer = arg;

	peer->start(peer);
}

/* Not a secret. */
static uint16_t
noise(void)
{
	uint16_t value;

	if (getrandom(&value, sizeof value, GRND_NONBLOCK) != sizeof value)
		return (uint16_t)getpid();
	return value;
}

void
peer_restart(struct peer *peer, int64_t at_least_ms)
{
	int64_t wait_ms = backoff_ms(peer->failures, noise());

	peer->timer.fn = start_now;
	peer->timer.arg = peer;
	if (wait_ms < at_least_ms)
		wait_ms = at_least_ms;
	loop_timer_set(peer->loop, &peer->timer, wait_ms);
	peer->failures++;
}

bool
peer_is_up(const struct peer *peer)
{
	return peer->up;
}

void
peer_send(struct peer *peer, unsigned type, const struct iovec *pieces, int n,
    const int *fds)
{
	if (peer->link != NULL && !link_send(peer->link, type, pieces, n, fds))
		peer_broken(peer, "it does not read what it is sent");
}
