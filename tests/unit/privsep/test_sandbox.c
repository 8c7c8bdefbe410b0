/*
 * The filters, by making the calls: each in a process of its own, which must
 * then be dead, or alive with the result that the row says.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"
#include "privsep/sandbox.h"

#define PAGE 4096

/* What is there before the filter is: as in net and gate. */
struct props {
	int pair[2];
	int file;
	int wait; /* nothing ever comes */
	char *memory;
	struct sockaddr_un address;
	pid_t parent;
};

/* 0 if the call did what it is there for. */
typedef long attempt(const struct props *);

struct row {
	const char *name;
	attempt *run;
};

/* Calls that neither net nor gate may make */

#define CALL(name, expression)                                                 \
	static long name(const struct props *p)                                \
	{                                                                      \
		(void)p;                                                       \
		return (long)(expression);                                     \
	}

CALL(try_open, open("/", O_RDONLY))
CALL(try_open_raw, syscall(SYS_open, "/", O_RDONLY))
CALL(try_openat2, syscall(SYS_openat2, AT_FDCWD, "/", NULL, 0))
CALL(try_stat, syscall(SYS_newfstatat, AT_FDCWD, "/", NULL, 0))
CALL(try_unlink, unlink("/absent/absent"))
CALL(try_mkdir, mkdir("/absent/absent", 0))
CALL(try_getdents, syscall(SYS_getdents64, p->file, NULL, 0))
CALL(try_chdir, chdir("/"))
CALL(try_chroot, chroot("/"))
CALL(try_execve, execl("/bin/true", "true", (char *)NULL))
CALL(try_execveat, syscall(SYS_execveat, p->file, "", NULL, NULL, 0))
CALL(try_fork, fork())
CALL(try_vfork, syscall(SYS_vfork))
CALL(try_clone3, syscall(SYS_clone3, NULL, 0))
CALL(try_socket_unix, socket(AF_UNIX, SOCK_STREAM, 0))
CALL(try_socket_inet, socket(AF_INET, SOCK_STREAM, 0))
CALL(try_socket_udp, socket(AF_INET, SOCK_DGRAM, 0))
CALL(try_socket_netlink, socket(AF_NETLINK, SOCK_RAW, 0))
CALL(try_socketpair, socketpair(AF_UNIX, SOCK_STREAM, 0, (int[2]){ 0 }))
CALL(try_connect, connect(p->pair[0], (const struct sockaddr *)&p->address,
		      sizeof p->address))
CALL(try_bind,
    bind(p->pair[0], (const struct sockaddr *)&p->address, sizeof p->address))
CALL(try_listen, listen(p->pair[0], 1))
CALL(try_accept, accept(p->pair[0], NULL, NULL))
CALL(try_setsockopt,
    setsockopt(p->pair[0], SOL_SOCKET, SO_RCVBUF, &(int){ 1 }, 4))
CALL(try_sendto_address,
    sendto(p->pair[0], "x", 1, 0, (const struct sockaddr *)&p->address,
	sizeof p->address))
CALL(try_sendto_fastopen, sendto(p->pair[0], "x", 1, MSG_FASTOPEN, NULL, 0))
CALL(try_sendmsg_fastopen,
    sendmsg(p->pair[0], &(struct msghdr){ 0 }, MSG_FASTOPEN))
CALL(try_sendmmsg, syscall(SYS_sendmmsg, p->pair[0], NULL, 0, 0))
CALL(try_recvmmsg, syscall(SYS_recvmmsg, p->pair[0], NULL, 0, 0, NULL))
CALL(try_kill_parent, kill(p->parent, 0))
CALL(try_kill_self, kill(getpid(), 0))
CALL(try_tgkill_other, syscall(SYS_tgkill, p->parent, p->parent, 0))
CALL(try_tkill, syscall(SYS_tkill, p->parent, 0))
CALL(try_pidfd_open, syscall(SYS_pidfd_open, p->parent, 0))
CALL(try_ptrace, syscall(SYS_ptrace, 0, 0, 0, 0))
CALL(try_process_vm_readv,
    syscall(SYS_process_vm_readv, p->parent, NULL, 0, NULL, 0, 0))
CALL(try_mmap_exec,
    mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
CALL(try_mprotect_exec, mprotect(p->memory, PAGE, PROT_READ | PROT_EXEC))
CALL(try_pkey_mprotect,
    syscall(SYS_pkey_mprotect, p->memory, PAGE, PROT_EXEC, -1))
CALL(try_memfd, memfd_create("x", 0))
CALL(try_pipe, pipe((int[2]){ 0 }))
CALL(try_dup, dup(p->file))
CALL(try_dupfd, fcntl(p->file, F_DUPFD, 9))
CALL(try_setown, fcntl(p->file, F_SETOWN, p->parent))
CALL(try_ioctl, ioctl(p->file, TIOCSTI, "x"))
CALL(try_epoll, epoll_create1(0))
CALL(try_setuid, syscall(SYS_setuid, 0))
CALL(try_setresuid, syscall(SYS_setresuid, -1, 0, -1))
CALL(try_unshare, unshare(CLONE_NEWUSER))
CALL(try_prctl, prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
CALL(try_seccomp, syscall(SYS_seccomp, 0, 0, NULL))
CALL(try_rlimit, syscall(SYS_prlimit64, 0, RLIMIT_CORE, NULL, NULL))
CALL(try_bpf, syscall(SYS_bpf, 0, NULL, 0))
CALL(try_io_uring, syscall(SYS_io_uring_setup, 1, NULL))
CALL(try_userfaultfd, syscall(SYS_userfaultfd, 0))
CALL(try_keyctl, syscall(SYS_keyctl, 0, 0, 0, 0, 0))
CALL(try_perf, syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0))
CALL(try_sigaction, sigaction(SIGUSR1, &(struct sigaction){ 0 }, NULL))
CALL(try_futex_requeue, syscall(SYS_futex, p->memory, 3, 1, 1, p->memory, 0))
CALL(try_readv, syscall(SYS_readv, p->file, &(struct iovec){ p->memory, 1 }, 1))
CALL(try_thread_exit, syscall(SYS_exit, 0))
CALL(try_sigreturn, syscall(SYS_rt_sigreturn))
CALL(try_unknown, syscall(1023))

#ifdef __x86_64__
CALL(try_x32, syscall(0x40000000 | SYS_getpid))
/* The numbers of the 32-bit sister: 20 is getpid, 39 mkdir (64: getpid). */
static long
try_int80(const struct props *p)
{
	long result = 20;

	(void)p;
	__asm__ volatile("int $0x80" : "+a"(result) : : "memory");
	return result;
}
#endif

/* clang-format off */
#define ROW(name) { #name, name }
/* clang-format on */

static const struct row deadly[] = {
	ROW(try_open),
	ROW(try_open_raw),
	ROW(try_openat2),
	ROW(try_stat),
	ROW(try_unlink),
	ROW(try_mkdir),
	ROW(try_getdents),
	ROW(try_chdir),
	ROW(try_chroot),
	ROW(try_execve),
	ROW(try_execveat),
	ROW(try_fork),
	ROW(try_vfork),
	ROW(try_clone3),
	ROW(try_socket_unix),
	ROW(try_socket_inet),
	ROW(try_socket_udp),
	ROW(try_socket_netlink),
	ROW(try_socketpair),
	ROW(try_connect),
	ROW(try_bind),
	ROW(try_listen),
	ROW(try_accept),
	ROW(try_setsockopt),
	ROW(try_sendto_address),
	ROW(try_sendto_fastopen),
	ROW(try_sendmsg_fastopen),
	ROW(try_sendmmsg),
	ROW(try_recvmmsg),
	ROW(try_kill_parent),
	ROW(try_kill_self),
	ROW(try_tgkill_other),
	ROW(try_tkill),
	ROW(try_pidfd_open),
	ROW(try_ptrace),
	ROW(try_process_vm_readv),
	ROW(try_mmap_exec),
	ROW(try_mprotect_exec),
	ROW(try_pkey_mprotect),
	ROW(try_memfd),
	ROW(try_pipe),
	ROW(try_dup),
	ROW(try_dupfd),
	ROW(try_setown),
	ROW(try_ioctl),
	ROW(try_epoll),
	ROW(try_setuid),
	ROW(try_setresuid),
	ROW(try_unshare),
	ROW(try_prctl),
	ROW(try_seccomp),
	ROW(try_rlimit),
	ROW(try_bpf),
	ROW(try_io_uring),
	ROW(try_userfaultfd),
	ROW(try_keyctl),
	ROW(try_perf),
	ROW(try_sigaction),
	ROW(try_futex_requeue),
	ROW(try_readv),
	ROW(try_thread_exit),
	ROW(try_sigreturn),
	ROW(try_unknown),
#ifdef __x86_64__
	ROW(try_x32),
	ROW(try_int80),
#endif
};

/* Calls that both need */

static long
use_read_write(const struct props *p)
{
	char byte;

	if (write(p->pair[0], "x", 1) != 1 || read(p->pair[1], &byte, 1) != 1)
		return -1;
	return byte == 'x' ? 0 : -1;
}

static long
use_vectors(const struct props *p)
{
	char bytes[2];
	struct iovec out = { (char[]){ "yz" }, 2 };

	if (writev(p->pair[0], &out, 1) != 2 || read(p->pair[1], bytes, 2) != 2)
		return -1;
	return memcmp(bytes, "yz", 2);
}

static long
use_messages(const struct props *p)
{
	char byte = 'm';
	struct iovec piece = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &piece, .msg_iovlen = 1 };

	if (sendmsg(p->pair[0], &msg, MSG_DONTWAIT | MSG_NOSIGNAL) != 1)
		return -1;
	return recvmsg(p->pair[1], &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) == 1
		   ? 0
		   : -1;
}

CALL(use_poll, syscall(SYS_poll, NULL, 0, 1))
CALL(use_ppoll, syscall(SYS_ppoll, NULL, 0, &(struct timespec){ 0 }, NULL, 0))
CALL(use_close, close(p->file))
CALL(use_clock,
    syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &(struct timespec){ 0 }))
CALL(use_getrandom, getrandom(p->memory, 16, 0) == 16 ? 0 : -1)
CALL(use_mprotect, mprotect(p->memory, PAGE, PROT_READ))
CALL(use_madvise, madvise(p->memory, PAGE, MADV_DONTDUMP))
CALL(use_futex,
    syscall(SYS_futex, p->memory, 129 /* WAKE, private */, 1, 0, 0, 0))

static long
use_memory(const struct props *p)
{
	char *small = malloc(100), *large = malloc(8 * 1024 * 1024);

	(void)p;
	if (small == NULL || large == NULL)
		return -1;
	memset(large, 1, 8 * 1024 * 1024);
	large = realloc(large, 32 * 1024 * 1024);
	free(small);
	free(large);
	return large == NULL ? -1 : 0;
}

static long
use_time(const struct props *p)
{
	time_t now = time(NULL);
	struct tm parts;

	(void)p;
	return gmtime_r(&now, &parts) == NULL ? -1 : 0;
}

static const struct row needed[] = {
	ROW(use_read_write),
	ROW(use_vectors),
	ROW(use_messages),
	ROW(use_poll),
	ROW(use_ppoll),
	ROW(use_close),
	ROW(use_clock),
	ROW(use_getrandom),
	ROW(use_mprotect),
	ROW(use_madvise),
	ROW(use_futex),
	ROW(use_memory),
	ROW(use_time),
};

/* Calls of net alone */

CALL(net_send, send(p->pair[0], "s", 1, MSG_NOSIGNAL) == 1 ? 0 : -1)

static long
net_recv(const struct props *p)
{
	char byte;

	if (write(p->pair[0], "x", 1) != 1)
		return -1;
	return recv(p->pair[1], &byte, 1, 0) == 1 ? 0 : -1;
}

static const struct row nets_own[] = {
	ROW(net_send),
	ROW(net_recv),
};

/* Calls of the gate alone */

CALL(gate_pread, pread(p->file, p->memory, 1, 0) == 1 ? 0 : -1)
CALL(gate_mlock, mlock(p->memory, PAGE))
CALL(gate_munlock, munlock(p->memory, PAGE))
CALL(gate_getfl, fcntl(p->file, F_GETFL) == -1)
CALL(gate_setfl, fcntl(p->file, F_SETFL, O_NONBLOCK))

static int
compare_bytes(const void *a, const void *b)
{
	return *(const unsigned char *)a - *(const unsigned char *)b;
}

/* Over what qsort(3) sorts on the stack. */
static long
gate_qsort(const struct props *p)
{
	qsort(p->memory, PAGE, 1, compare_bytes);
	return 0;
}

static const struct row gates_own[] = {
	ROW(gate_pread),
	ROW(gate_mlock),
	ROW(gate_munlock),
	ROW(gate_getfl),
	ROW(gate_setfl),
	ROW(gate_qsort),
};

/* Running them */

static void
props_make(struct props *p)
{
	int pipe_fds[2];

	*p = (struct props){ .parent = getppid(),
		.address = { .sun_family = AF_UNIX, .sun_path = "/absent" } };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, p->pair) == -1 ||
	    (p->file = open("/proc/self/exe", O_RDONLY)) == -1 ||
	    pipe(pipe_fds) == -1)
		_exit(100);
	p->wait = pipe_fds[0];
	p->memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p->memory == MAP_FAILED)
		_exit(100);
}

static _Noreturn void
run_inside(enum sandbox kind, attempt *run)
{
	const struct rlimit no_core = { 0, 0 };
	struct props p;

	props_make(&p);
	setrlimit(RLIMIT_CORE, &no_core);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (!sandbox_enter(kind))
		_exit(101);
	_exit(run(&p) == 0 ? 0 : 1);
}

static int
status_of(enum sandbox kind, attempt *run)
{
	int status;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0)
		run_inside(kind, run);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
expect_death(enum sandbox kind, const struct row *row)
{
	int status = status_of(kind, row->run);

	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
		fail_msg(
		    "%s under filter %d: status %#x", row->name, kind, status);
}

static void
expect_success(enum sandbox kind, const struct row *row)
{
	int status = status_of(kind, row->run);

	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg(
		    "%s under filter %d: status %#x", row->name, kind, status);
}

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static void
net_dies(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(deadly); i++)
		expect_death(SANDBOX_NET, &deadly[i]);
	for (size_t i = 0; i < COUNT(gates_own); i++)
		expect_death(SANDBOX_NET, &gates_own[i]);
}

static void
net_lives(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(needed); i++)
		expect_success(SANDBOX_NET, &needed[i]);
	for (size_t i = 0; i < COUNT(nets_own); i++)
		expect_success(SANDBOX_NET, &nets_own[i]);
}

static void
gate_dies(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(deadly); i++)
		expect_death(SANDBOX_GATE, &deadly[i]);
	for (size_t i = 0; i < COUNT(nets_own); i++)
		expect_death(SANDBOX_GATE, &nets_own[i]);
}

static void
gate_lives(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(needed); i++)
		expect_success(SANDBOX_GATE, &needed[i]);
	for (size_t i = 0; i < COUNT(gates_own); i++)
		expect_success(SANDBOX_GATE, &gates_own[i]);
}

static long
do_abort(const struct props *p)
{
	(void)p;
	abort();
}

static void
abort_is_sigabrt(void **state)
{
	(void)state;
	assert_int_equal(WTERMSIG(status_of(SANDBOX_NET, do_abort)), SIGABRT);
	assert_int_equal(WTERMSIG(status_of(SANDBOX_GATE, do_abort)), SIGABRT);
}

/* Says that it is there, then waits; the stop interrupts poll(2). */
static long
do_wait(const struct props *p)
{
	struct pollfd fds = { .fd = p->wait, .events = POLLIN };

	if (write(STDOUT_FILENO, "r", 1) != 1)
		return -1;
	return syscall(SYS_poll, &fds, 1, 300);
}

static void
stopping_is_survived(void **state)
{
	int pipe_fds[2], status;
	pid_t pid;
	char byte;

	(void)state;
	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		dup2(pipe_fds[1], STDOUT_FILENO);
		run_inside(SANDBOX_NET, do_wait);
	}
	assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(kill(pid, SIGSTOP), 0);
		assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
		assert_true(WIFSTOPPED(status));
		assert_int_equal(kill(pid, SIGCONT), 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

/* The deny-list */

struct denied {
	const char *name;
	long number;
};

/* clang-format off */
#define DENIED(name) { #name, SYS_##name }
/* clang-format on */

/* Of every descendant. */
static const struct denied denied[] = {
	DENIED(init_module),
	DENIED(finit_module),
	DENIED(delete_module),
	DENIED(kexec_load),
	DENIED(kexec_file_load),
	DENIED(bpf),
	DENIED(ptrace),
	DENIED(process_vm_readv),
	DENIED(process_vm_writev),
	DENIED(process_madvise),
	DENIED(pidfd_getfd),
	DENIED(kcmp),
	DENIED(add_key),
	DENIED(request_key),
	DENIED(keyctl),
	DENIED(io_uring_setup),
	DENIED(io_uring_enter),
	DENIED(io_uring_register),
	DENIED(userfaultfd),
	DENIED(perf_event_open),
	DENIED(open_by_handle_at),
#ifdef SYS_iopl
	DENIED(iopl),
	DENIED(ioperm),
#endif
};

/* Of strict providers too; where they have no network, the second part. */
static const struct denied denied_strictly[] = {
#ifdef SYS_fork
	DENIED(fork),
	DENIED(vfork),
#endif
	DENIED(clone),
	DENIED(clone3),
};
static const struct denied denied_sockets[] = {
	DENIED(socket),
	DENIED(socketpair),
#ifdef SYS_socketcall
	DENIED(socketcall),
#endif
};

/* Arguments that do nothing. */
static long
try_list(const struct denied *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		errno = 0;
		if (syscall(list[i].number, -1, -1, -1, -1, -1, -1) != -1 ||
		    errno != EPERM) {
			fprintf(stderr, "%s: errno %d\n", list[i].name, errno);
			return -1;
		}
	}
	return 0;
}

/* What every descendant of amirald lives under. */
static long
try_denied(const struct props *p)
{
	(void)p;
	return try_list(denied, COUNT(denied));
}

static long
try_denied_strictly(const struct props *p)
{
	(void)p;
	return try_list(denied_strictly, COUNT(denied_strictly));
}

static long
try_denied_sockets(const struct props *p)
{
	(void)p;
	return try_list(denied_sockets, COUNT(denied_sockets));
}

/* An administrator's programs: a shell that starts another. */
static long
run_shell(const struct props *p)
{
	(void)p;
	return system("test \"$(echo $(uname) | cat)\" = Linux");
}

#ifdef __x86_64__
static long
sister_lives(const struct props *p)
{
	return try_int80(p) == getpid() ? 0 : -1;
}
#endif

static void
descendants_are_denied(void **state)
{
	const struct row rows[] = {
		ROW(try_denied),
		ROW(run_shell),
#ifdef __x86_64__
		ROW(sister_lives),
#endif
	};
	const enum sandbox kinds[] = { SANDBOX_EXECUTOR,
		SANDBOX_SERVICE_NETWORK };

	(void)state;
	for (size_t kind = 0; kind < COUNT(kinds); kind++)
		for (size_t i = 0; i < COUNT(rows); i++)
			expect_success(kinds[kind], &rows[i]);
	expect_success(SANDBOX_SERVICE, &rows[0]);
	expect_success(SANDBOX_SERVICE, &rows[1]);
}

static void
strict_ones_are_denied_more(void **state)
{
	const struct row denials[] = { ROW(try_denied),
		ROW(try_denied_strictly) };
	const struct row sockets = ROW(try_denied_sockets);

	(void)state;
	for (size_t i = 0; i < COUNT(denials); i++) {
		expect_success(SANDBOX_STRICT, &denials[i]);
		expect_success(SANDBOX_STRICT_NETWORK, &denials[i]);
	}
	expect_success(SANDBOX_STRICT, &sockets);
}

/* A compiled program does what a loaded one does. */
static void
programs_are_filters(void **state)
{
	struct sock_fprog program;
	int status;
	pid_t pid;

	(void)state;
	for (int kind = 0; kind < SANDBOX_KINDS; kind++) {
		assert_int_equal(
		    sandbox_compile((enum sandbox)kind, &program), 0);
		assert_in_range(program.len, 10, 200);
		free(program.filter);
	}
	assert_int_equal(sandbox_compile(SANDBOX_STRICT, &program), 0);
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (sandbox_apply(&program) == -1)
			_exit(1);
		_exit(fork() == -1 && errno == EPERM ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	free(program.filter);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(net_dies),
		cmocka_unit_test(net_lives),
		cmocka_unit_test(gate_dies),
		cmocka_unit_test(gate_lives),
		cmocka_unit_test(abort_is_sigabrt),
		cmocka_unit_test(stopping_is_survived),
		cmocka_unit_test(descendants_are_denied),
		cmocka_unit_test(strict_ones_are_denied_more),
		cmocka_unit_test(programs_are_filters),
	};

	/* Sanitizers make calls of their own: they are built without. */
	if (!AMIRAL_SANDBOX_KILL) {
		printf("1..0 # SKIP built without filters that kill\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
