/*
 * Part of the provider facts: an executable of facts.d, with nothing in its
 * environment, in a process group that ends when it or its time does.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "providers/facts.h"

#define EXIT_NOT_RUN 127

struct run {
	const char *name; /* for messages */
	const char *path;
	pid_t pid;
	int out, pidfd;
	char *dst;
	size_t used, size;
	int64_t deadline_ms;
};

static _Noreturn void
become(const char *path, int out, pid_t parent)
{
	char search[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char language[] = "LANG=C.UTF-8";
	char *const environment[] = { search, language, NULL };
	char *const arguments[] = { strdupa(path), NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null == -1 || dup2(null, STDIN_FILENO) == -1 ||
	    dup2(out, STDOUT_FILENO) == -1 || setpgid(0, 0) == -1 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent)
		_exit(EXIT_NOT_RUN);
	execve(path, arguments, environment);
	_exit(EXIT_NOT_RUN);
}

static bool
start(struct run *run)
{
	pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) == -1) {
		log_warning("%s: skipped: %s", run->name, strerror(errno));
		return false;
	}
	run->pid = fork();
	if (run->pid == 0)
		become(run->path, ends[1], parent);
	close(ends[1]);
	if (run->pid == -1) {
		log_warning("%s: skipped: %s", run->name, strerror(errno));
		close(ends[0]);
		return false;
	}
	/* On both sides, so that it holds whoever comes first. */
	setpgid(run->pid, run->pid);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	run->out = ends[0];
	run->pidfd = pidfd_open(run->pid, 0);
	return true;
}

/* NULL, or why no more will be read. */
static const char *
drain(struct run *run, bool *end)
{
	ssize_t n;

	while ((n = read(run->out, run->dst + run->used,
		    run->size - run->used)) > 0) {
		run->used += (size_t)n;
		if (run->used == run->size)
			return "prints too much";
	}
	*end = n == 0;
	if (n == -1 && errno != EAGAIN && errno != EINTR)
		return strerror(errno);
	return NULL;
}

/*
 * Until the program itself has ended, whoever closes or keeps the pipe: what
 * it wrote is in there by then, and a descendant is not waited for.
 */
static const char *
read_until_end(struct run *run)
{
	bool end = false;

	for (;;) {
		struct pollfd fds[] = {
			{ .fd = run->pidfd, .events = POLLIN },
			{ .fd = end ? -1 : run->out, .events = POLLIN },
		};
		int64_t left = run->deadline_ms - clock_monotonic_ms();
		int n = left > 0 ? poll(fds, 2, (int)left) : 0;
		const char *why;

		if (n == 0)
			return "takes too long";
		if (n == -1 && errno != EINTR)
			return strerror(errno);
		why = drain(run, &end);
		if (why != NULL)
			return why;
		if (n > 0 && fds[0].revents != 0)
			return NULL;
	}
}

/* Takes down what is left of the group. NULL, or why nothing it said counts. */
static const char *
finish(const struct run *run)
{
	int status;

	kill(-run->pid, SIGKILL);
	kill(run->pid, SIGKILL);
	while (waitpid(run->pid, &status, 0) == -1)
		if (errno != EINTR)
			return strerror(errno);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_RUN)
		return "cannot be run";
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return "failed";
	return NULL;
}

bool
facts_run(const char *name, const char *path, int64_t deadline_ms, char *dst,
    size_t size, size_t *len)
{
	struct run run = {
		.name = name,
		.path = path,
		.dst = dst,
		.size = size,
		.deadline_ms = deadline_ms,
	};
	const char *why, *end;

	if (!start(&run))
		return false;
	why =
	    run.pidfd == -1 ? "the kernel has no pidfd" : read_until_end(&run);
	end = finish(&run);
	close(run.out);
	if (run.pidfd != -1)
		close(run.pidfd);
	if (why == NULL)
		why = end;
	if (why != NULL) {
		log_warning("%s: skipped: %s", name, why);
		return false;
	}
	*len = run.used;
	return true;
}
