/* See probes.h. */
#include "tests/attack/probes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/attack/standin.h"

static const char name_of_root[] = "/", passwd[] = "/etc/passwd";
static const struct sockaddr_un somebody = { .sun_family = AF_UNIX };

/* Arguments are long: the kernel reads whole registers. */
/* clang-format off */
#define CALL(name, ...) { #name, SYS_##name, { __VA_ARGS__ } }
/* clang-format on */
#define AT(pointer) ((long)(uintptr_t)(pointer))

struct probe {
	const char *name;
	long number;
	long args[6];
};

static char page[4096] __attribute__((aligned(4096)));

/* clang-format off */
static const struct probe probes[] = {
	CALL(openat, AT_FDCWD, AT(passwd), O_RDONLY),
	CALL(openat2, AT_FDCWD, AT(passwd), AT(page), 24),
	CALL(name_to_handle_at, AT_FDCWD, AT(passwd), AT(page), AT(page)),
	CALL(execve, AT(passwd), 0, 0),
	CALL(execveat, AT_FDCWD, AT(passwd), 0, 0, 0),
	CALL(clone, SIGCHLD, 0, 0, 0, 0),
	CALL(clone3, AT(page), 64),
	CALL(socket, AF_INET, SOCK_STREAM, 0),
	CALL(socket, AF_INET, SOCK_DGRAM, 0),
	CALL(socket, AF_INET6, SOCK_STREAM, 0),
	CALL(socket, AF_UNIX, SOCK_STREAM, 0),
	CALL(socket, AF_NETLINK, SOCK_RAW, 0),
	CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, AT(page)),
	CALL(connect, 3, AT(&somebody), sizeof somebody),
	CALL(bind, 3, AT(&somebody), sizeof somebody),
	CALL(listen, 3, 1),
	CALL(accept4, 3, 0, 0, 0),
	CALL(sendto, 3, AT(page), 1, 0, AT(&somebody), sizeof somebody),
	CALL(sendmmsg, 3, AT(page), 1, 0),
	CALL(setsockopt, 3, SOL_SOCKET, SO_SNDBUF, AT(page), 4),
	CALL(ptrace, PTRACE_TRACEME, 0, 0, 0),
	CALL(process_vm_readv, 1, AT(page), 1, AT(page), 1, 0),
	CALL(process_vm_writev, 1, AT(page), 1, AT(page), 1, 0),
	CALL(kcmp, 1, 1, 0, 0, 0),
	CALL(pidfd_open, 1, 0),
	CALL(pidfd_getfd, 3, 0, 0),
	CALL(pidfd_send_signal, 3, 0, 0, 0),
	CALL(kill, 1, SIGCONT),
	CALL(tkill, 1, SIGCONT),
	CALL(tgkill, 1, 1, SIGCONT),
	CALL(rt_sigqueueinfo, 1, SIGCONT, AT(page)),
	CALL(mmap, 0, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	CALL(mmap, 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	CALL(mprotect, AT(page), 4096, PROT_READ | PROT_EXEC),
	CALL(pkey_mprotect, AT(page), 4096, PROT_READ | PROT_EXEC, -1),
	CALL(memfd_create, AT(name_of_root), 0),
	CALL(userfaultfd, 0),
	CALL(unshare, 0x10000000),
	CALL(setns, 3, 0),
	CALL(chroot, AT(name_of_root)),
	CALL(chdir, AT(name_of_root)),
	CALL(mount, AT(name_of_root), AT(name_of_root), 0, 0, 0),
	CALL(umount2, AT(name_of_root), 0),
	CALL(pivot_root, AT(name_of_root), AT(name_of_root)),
	CALL(setuid, 0),
	CALL(setresuid, 0, 0, 0),
	CALL(setresgid, 0, 0, 0),
	CALL(setgroups, 0, 0),
	CALL(capset, AT(page), AT(page)),
	CALL(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0),
	CALL(seccomp, 0, 0, 0),
	CALL(prlimit64, 0, RLIMIT_CORE, 0, AT(page)),
	CALL(setrlimit, RLIMIT_NPROC, AT(page)),
	CALL(io_uring_setup, 1, AT(page)),
	CALL(bpf, 0, AT(page), 64),
	CALL(perf_event_open, AT(page), 0, -1, -1, 0),
	CALL(keyctl, 0, 0, 0, 0, 0),
	CALL(add_key, AT(passwd), AT(passwd), 0, 0, 0),
	CALL(ioctl, 0, TIOCSTI, AT(page)),
	CALL(init_module, AT(page), 0, AT(page)),
	CALL(finit_module, 3, AT(page), 0),
	CALL(kexec_load, 0, 0, 0, 0),
	CALL(reboot, 0, 0, 0, 0),
	CALL(syslog, 3, AT(page), 1),
	CALL(personality, 0xffffffff),
	CALL(newfstatat, AT_FDCWD, AT(passwd), AT(page), 0),
	CALL(readlinkat, AT_FDCWD, AT(passwd), AT(page), 1),
	CALL(getdents64, 0, AT(page), sizeof page),
	CALL(unlinkat, AT_FDCWD, AT(passwd), 0),
	CALL(renameat2, AT_FDCWD, AT(passwd), AT_FDCWD, AT(passwd), 0),
	CALL(linkat, AT_FDCWD, AT(passwd), AT_FDCWD, AT(passwd), 0),
	CALL(symlinkat, AT(passwd), AT_FDCWD, AT(passwd)),
	CALL(mkdirat, AT_FDCWD, AT(passwd), 0),
	CALL(mknodat, AT_FDCWD, AT(passwd), 0, 0),
	CALL(fchmodat, AT_FDCWD, AT(passwd), 0),
	CALL(fchownat, AT_FDCWD, AT(passwd), 0, 0, 0),
	CALL(dup, 3),
	CALL(dup3, 3, 9, 0),
	CALL(fcntl, 3, F_DUPFD, 9),
	CALL(fcntl, 3, F_SETOWN, 1),
	CALL(shmget, 1, 4096, 0),
	CALL(inotify_init1, 0),
	CALL(timer_create, 0, 0, AT(page)),
	CALL(setsid, 0),
	CALL(sched_setscheduler, 0, 1, AT(page)),
	CALL(futex, AT(page), FUTEX_REQUEUE, 1, 0, AT(page)),
#ifdef SYS_open
	CALL(open, AT(passwd), O_RDONLY),
	CALL(fork, 0),
	CALL(vfork, 0),
	CALL(iopl, 3),
	CALL(ioperm, 0, 1, 1),
	CALL(arch_prctl, 0x1001, AT(page)),
	/* The x32 twin of openat. */
	{ "x32", 0x40000000 + SYS_openat, { AT_FDCWD, AT(passwd), 0 } },
#endif
};
/* clang-format on */

static long
call(const struct probe *probe)
{
	const long *a = probe->args;

	return syscall(probe->number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* How a probe's process tells what happened where nothing killed it. */
enum { DONE = 200, REFUSED = 201 };

static void
report(const char *name, int status)
{
	if (WIFSIGNALED(status))
		standin_say("%s killed %d", name, WTERMSIG(status));
	else if (WEXITSTATUS(status) == DONE)
		standin_say("%s done", name);
	else
		standin_say("%s refused %d", name, WEXITSTATUS(status));
}

void
probes_run(void (*lock_in)(void))
{
	int status;
	pid_t pid;

	for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
		if ((pid = fork()) == -1)
			fatal_errno("fork");
		if (pid == 0) {
			lock_in();
			_exit(call(&probes[i]) == -1 ? errno : DONE);
		}
		if (waitpid(pid, &status, 0) == -1)
			fatal_errno("waitpid");
		report(probes[i].name, status);
	}
	standin_say("probed");
}

/* In a process each, locked in first. */
static void
probe_path(void (*lock_in)(void), const char *what, const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char name[300];
	int status, fd;
	pid_t pid;

	if ((pid = fork()) == -1)
		fatal_errno("fork");
	if (pid == 0) {
		lock_in();
		if (strcmp(what, "open") == 0)
			_exit(open(path, O_RDONLY) == -1 ? errno : DONE);
		snprintf(to.sun_path, sizeof to.sun_path, "%.100s", path);
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		_exit(connect(fd, (struct sockaddr *)&to, sizeof to) == -1
			  ? errno
			  : DONE);
	}
	if (waitpid(pid, &status, 0) == -1)
		fatal_errno("waitpid");
	snprintf(name, sizeof name, "%s %.250s", what, path);
	report(name, status);
}

void
probes_run_paths(void (*lock_in)(void), char **paths)
{
	for (; *paths != NULL; paths++) {
		probe_path(lock_in, "open", *paths);
		probe_path(lock_in, "connect", *paths);
	}
	standin_say("probed");
}

static void
outside(const char *name, long result)
{
	if (result == -1)
		standin_say("%s refused %d", name, errno);
	else
		standin_say("%s done", name);
}

static void
open_of(const char *name, const char *path, int flags)
{
	outside(name, open(path, flags | O_CLOEXEC));
}

void
probes_run_outside(const char *sibling, const char *secret)
{
	pid_t parent = getppid(), other = 0;
	struct iovec local = { page, 1 }, remote = { page, 1 };
	char path[64];

	for (int tries = 0; other == 0 && tries < 1000; tries++) {
		poll(NULL, 0, 10);
		other = standin_find(sibling, parent);
	}
	standin_say("sibling %d", other > 0);
	snprintf(path, sizeof path, "/proc/%d/mem", other);
	open_of("sibling mem", path, O_RDONLY);
	snprintf(path, sizeof path, "/proc/%d/environ", other);
	open_of("sibling environ", path, O_RDONLY);
	snprintf(path, sizeof path, "/proc/%d/fd/3", other);
	open_of("sibling descriptor", path, O_RDWR);
	snprintf(path, sizeof path, "/proc/%d/mem", parent);
	open_of("parent mem", path, O_RDONLY);
	open_of("secret", secret, O_RDONLY);
	outside("ptrace sibling", ptrace(PTRACE_ATTACH, other, NULL, NULL));
	outside("ptrace parent", ptrace(PTRACE_ATTACH, parent, NULL, NULL));
	outside(
	    "read sibling", process_vm_readv(other, &local, 1, &remote, 1, 0));
	outside("signal sibling", kill(other, SIGKILL));
	outside("signal parent", kill(parent, SIGKILL));
	outside("setuid", (long)syscall(SYS_setresuid, 0, 0, 0));
	standin_say("probed");
}
