/* Part of amirald: its phases, and what happens to it at run time. */
#include "privsep/executor/executor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "config.h"
#include "privsep/executor/gate_link.h"
#include "privsep/executor/issued.h"
#include "privsep/executor/net_link.h"
#include "privsep/executor/notes.h"
#include "privsep/executor/reader_link.h"
#include "privsep/sandbox.h"

#define WATCHED_MAX   4 /* signals, gate, net, reader */
#define STOP_GRACE_MS 2000
#define STOP_LAST_MS  1000

/* What systemd, a shell or an attacker left to us ends here. */
void
executor_clean_up(void)
{
	const struct sigaction plain = { .sa_handler = SIG_DFL };
	int fd;

	do {
		if ((fd = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1)
			fatal_errno("/dev/null");
	} while (fd <= STDERR_FILENO);
	if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0U) == -1)
		fatal_errno("close_range");
	for (int number = 1; number < NSIG; number++)
		sigaction(number, &plain, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (clearenv() != 0)
		fatal("clearenv");
}

/* As a descriptor they come one at a time, between two other events. */
static int
open_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_SETMASK, &set, NULL) == -1)
		fatal_errno("sigprocmask");
	if ((fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)) == -1)
		fatal_errno("signalfd");
	return fd;
}

static void
log_what_is_off(const struct executor *ex)
{
	if (AMIRAL_SANDBOX_OFF)
		log_warning("built with sandbox=off: no system call filters");
	if (!ex->root)
		log_warning("not started by root, so not in force: users of "
			    "their own for gate, net and providers (all run as "
			    "uid %u), empty root directories, amirald's own "
			    "system call filter",
		    (unsigned)geteuid());
}

/* Ending */

static void
look_whether_over(struct executor *ex)
{
	if (ex->stopping && !peer_is_up(&ex->gate) && !peer_is_up(&ex->net) &&
	    !peer_is_up(&ex->reader) && jobs_are_over(ex->jobs))
		loop_stop(ex->loop, 0);
}

static void
stop_anyway(void *arg)
{
	struct executor *ex = arg;

	log_error("ending, although not every process has ended");
	loop_stop(ex->loop, 0);
}

static void
stop_hard(void *arg)
{
	struct executor *ex = arg;

	peer_stop(&ex->reader);
	peer_stop(&ex->gate);
	peer_stop(&ex->net);
	jobs_abandon(ex->jobs, true);
	ex->stop_timer.fn = stop_anyway;
	loop_timer_set(ex->loop, &ex->stop_timer, STOP_LAST_MS);
}

/* End of file on its link tells each to end; jobs get SIGTERM. */
static void
stop(struct executor *ex)
{
	if (ex->stopping)
		return;
	log_info("ending");
	ex->stopping = true;
	peer_stop(&ex->reader);
	peer_dismiss(&ex->net);
	peer_dismiss(&ex->gate);
	jobs_abandon(ex->jobs, false);
	ex->stop_timer.fn = stop_hard;
	ex->stop_timer.arg = ex;
	loop_timer_set(ex->loop, &ex->stop_timer, STOP_GRACE_MS);
	look_whether_over(ex);
}

static void
net_gone(struct peer *net)
{
	struct executor *ex = net->arg;

	if (ex->serving && !ex->stopping)
		peer_restart(net, cpu_watch_wait_ms(&ex->net_watch));
}

/* Nobody is left who could tell what the jobs are for. */
static void
gate_gone(struct peer *gate)
{
	struct executor *ex = gate->arg;

	ex->serving = false;
	/* The next gate begins with the former set, and is then asked again. */
	if (ex->offered != NULL)
		ex->reload_wanted = true;
	settings_free(ex->offered);
	ex->offered = NULL;
	if (ex->stopping)
		return;
	peer_stop(&ex->net);
	jobs_abandon(ex->jobs, true);
	peer_restart(gate, 0);
}

/* The first one is waited for; the others are offered to the gate. */
static void
reader_gone(struct peer *reader)
{
	struct executor *ex = reader->arg;
	struct settings *settings = reader_take(ex);

	if (ex->stopping) {
		settings_free(settings);
	} else if (ex->settings == NULL) {
		ex->settings = settings;
		loop_stop(ex->loop, settings != NULL ? 0 : 1);
	} else {
		gate_offer(ex, settings);
	}
}

/* Signals */

/* Looks before it reaps: until then the number cannot be another's. */
static bool
reap(struct executor *ex, idtype_t type, pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };
	struct rusage usage;
	int status;

	if (waitid(type, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == -1 ||
	    info.si_pid == 0)
		return false;
	jobs_dying(ex->jobs, info.si_pid);
	if (wait4(info.si_pid, &status, 0, &usage) == -1)
		fatal_errno("wait4");
	if (info.si_pid == ex->net.pid)
		cpu_watch_end(&ex->net_watch, &usage);
	if (!peer_reaped(&ex->gate, info.si_pid, status) &&
	    !peer_reaped(&ex->net, info.si_pid, status) &&
	    !peer_reaped(&ex->reader, info.si_pid, status))
		jobs_reaped(ex->jobs, info.si_pid, status, &usage);
	return true;
}

static void
reap_known(struct executor *ex)
{
	pid_t pids[JOBS_MAX + 3] = { 0 };
	size_t count = jobs_pids(ex->jobs, pids);

	pids[count++] = ex->gate.pid;
	pids[count++] = ex->net.pid;
	pids[count++] = ex->reader.pid;
	for (size_t i = 0; i < count; i++)
		if (pids[i] != 0)
			reap(ex, P_PID, pids[i]);
}

/*
 * A zombie counts as a process of its user. Those of a fork bomb stay until
 * nothing of it lives, so that what does cannot fork in their place.
 */
static void
reap_all(struct executor *ex)
{
	bool more = true;

	while (more) {
		reap_known(ex);
		if (jobs_sweep(ex->jobs,
			(pid_t[]){ ex->gate.pid, ex->net.pid, ex->reader.pid },
			3))
			break;
		for (more = false; reap(ex, P_ALL, 0);)
			more = true;
	}
	look_whether_over(ex);
}

static const struct {
	uint32_t number;
	void (*act)(struct executor *);
} signal_acts[] = {
	{ SIGCHLD, reap_all },
	{ SIGHUP, gate_reload },
	{ SIGINT, stop },
	{ SIGTERM, stop },
};

static void
on_signal(int fd, short events, void *arg)
{
	struct signalfd_siginfo info;
	struct executor *ex = arg;

	(void)events;
	while (read(fd, &info, sizeof info) == sizeof info)
		for (size_t i = 0;
		     i < sizeof signal_acts / sizeof signal_acts[0]; i++)
			if (signal_acts[i].number == info.ssi_signo)
				signal_acts[i].act(ex);
}

/* The phases */

static void
make_parts(struct executor *ex)
{
	ex->loop = loop_new(WATCHED_MAX);
	ex->jobs = jobs_new(ex->loop, ex->root, gate_send_exited, ex);
	ex->gate = (struct peer){ .loop = ex->loop,
		.relay.process = "gate",
		.gone = gate_gone,
		.start = gate_begin,
		.arg = ex };
	ex->net = (struct peer){ .loop = ex->loop,
		.relay.process = "net",
		.gone = net_gone,
		.start = net_begin,
		.arg = ex };
	ex->reader = (struct peer){ .loop = ex->loop,
		.relay.process = "reader",
		.brief = true,
		.gone = reader_gone,
		.arg = ex };
	cpu_watch_init(&ex->net_watch, &ex->net);
	loop_watch(ex->loop, ex->signals, POLLIN, on_signal, ex);
}

void
executor_prepare(struct executor *ex)
{
	int status;

	ex->root = geteuid() == 0;
	ex->rights = drop_held();
	log_what_is_off(ex);
	ex->notes = notes_open();
	if ((ex->null = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1)
		fatal_errno("/dev/null");
	if (chdir("/") == -1)
		fatal_errno("chdir /");
	ex->signals = open_signals();
	/* What a provider's processes leave behind comes back to us. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL) == -1)
		fatal_errno("PR_SET_CHILD_SUBREAPER");
	make_parts(ex);
	reader_begin(ex);
	status = loop_run(ex->loop);
	if (ex->settings == NULL || ex->stopping)
		exit(status);
	ex->issued = issued_read(&ex->settings->state);
}

void
executor_lock_down(const struct executor *ex)
{
	const struct table *table = ex->settings->table;
	const struct sock_fprog *program;
	struct sock_fprog filter;

	if (!ex->root)
		return;
	program = table_filter(table, TABLE_FILTER_EXECUTOR, &filter);
	if (program != NULL && sandbox_apply(program) == -1)
		log_warning("amirald's own system call filter is not in force: "
			    "%s; it needs CAP_SYS_ADMIN",
		    strerror(errno));
	/* The filter first: loading it takes what providers may not need. */
	if (drop_rights(table->rights) == -1)
		fatal_errno("cannot drop capabilities");
}

int
executor_serve(struct executor *ex)
{
	gate_begin(&ex->gate);
	return loop_run(ex->loop);
}

/* Passwords are wiped, and a leak is told from what was in use. */
void
executor_end(struct executor *ex)
{
	settings_free(ex->settings);
	settings_free(ex->offered);
	settings_free(ex->incoming);
	jobs_free(ex->jobs);
	loop_free(ex->loop);
}
