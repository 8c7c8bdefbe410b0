/* Part of amirald; child_main() runs in the child. */
#include "privsep/executor/child.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "privsep/sandbox.h"

#define STACK_SIZE 16384

/* Shared with the child until it executes its program or ends. */
struct launch {
	const struct child_plan *plan;
	pid_t parent;
	const char *volatile step;
	volatile int error;
};

/* Handlers, ignored signals: nothing of ours. Some numbers are libc's own. */
static int
step_signals(const struct launch *launch)
{
	const struct sigaction plain = { .sa_handler = SIG_DFL };

	(void)launch;
	for (int number = 1; number < NSIG; number++)
		sigaction(number, &plain, NULL);
	return 0;
}

static int
step_session(const struct launch *launch)
{
	(void)launch;
	return setsid() == -1 ? -1 : 0;
}

/* By way of copies above all of them: a source may be another's place. */
static int
step_descriptors(const struct launch *launch)
{
	const struct child_plan *plan = launch->plan;
	int copies[CHILD_FDS_MAX];

	for (unsigned i = 0; i < plan->fd_count; i++) {
		copies[i] = fcntl(plan->fds[i], F_DUPFD, CHILD_FDS_MAX);
		if (copies[i] == -1)
			return -1;
	}
	for (unsigned i = 0; i < plan->fd_count; i++)
		if (dup2(copies[i], (int)i) == -1)
			return -1;
	return (int)syscall(SYS_close_range, plan->fd_count, ~0U, 0U);
}

static int
step_directory(const struct launch *launch)
{
	umask(launch->plan->umask);
	return chdir("/");
}

static int
step_limits(const struct launch *launch)
{
	return drop_limits(launch->plan->limits, launch->plan->limit_count);
}

static int
step_ids(const struct launch *launch)
{
	return launch->plan->ids == NULL ? 0 : drop_to(launch->plan->ids);
}

/* After the change of ids, which clears it; and amirald may be gone by now. */
static int
step_parent(const struct launch *launch)
{
	if (prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL) ==
	    -1)
		return -1;
	errno = ESRCH;
	return getppid() == launch->parent ? 0 : -1;
}

static int
step_filter(const struct launch *launch)
{
	const struct child_plan *plan = launch->plan;

	if (plan->no_new_privs &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) == -1)
		return -1;
	return plan->filter == NULL ? 0 : sandbox_apply(plan->filter);
}

static int
step_exec(const struct launch *launch)
{
	sigset_t none;

	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) == -1)
		return -1;
	return execve(
	    launch->plan->path, launch->plan->argv, launch->plan->envp);
}

static const struct {
	const char *name;
	int (*run)(const struct launch *);
} steps[] = {
	{ "signals", step_signals },
	{ "session", step_session },
	{ "descriptors", step_descriptors },
	{ "directory", step_directory },
	{ "limits", step_limits },
	{ "user", step_ids },
	{ "parent", step_parent },
	{ "filter", step_filter },
	{ "exec", step_exec },
};

static int
child_main(void *arg)
{
	struct launch *launch = arg;

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		launch->step = steps[i].name;
		if (steps[i].run(launch) == -1) {
			launch->error = errno;
			_exit(127);
		}
	}
	_exit(127); /* never: exec does not return */
}

/*
 * Memory is shared and we wait, as with vfork(2), but on a stack of its own.
 * Signals wait too: none may be handled in there.
 */
static pid_t
clone_and_wait(struct launch *launch)
{
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	sigset_t all, before;
	pid_t pid;

	if (stack == MAP_FAILED)
		return -1;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = clone(child_main, stack + STACK_SIZE,
	    CLONE_VM | CLONE_VFORK | SIGCHLD, launch);
	if (pid == -1)
		launch->error = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	munmap(stack, STACK_SIZE);
	errno = launch->error;
	return pid;
}

pid_t
child_start(const struct child_plan *plan, const char **step)
{
	struct launch launch = {
		.plan = plan, .parent = getpid(), .step = "clone"
	};
	pid_t pid = clone_and_wait(&launch);

	if (pid != -1 && launch.error == 0)
		return pid;
	if (pid != -1) {
		waitpid(pid, NULL, 0);
		errno = launch.error;
	}
	*step = launch.step;
	return -1;
}
