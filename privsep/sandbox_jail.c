/*
 * What net and gate may still do once they are locked in: everything else
 * kills. A new row needs a reason, and a row in the test of the filters.
 *
 * The links, poll(2) and Redis's two connections are open by then. Neither
 * process can make a descriptor, except that the gate receives some.
 */
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <fcntl.h>

#include "privsep/sandbox_rules.h"

/* On open descriptors; a message never opens a TCP connection by itself. */
static const struct sandbox_rule input_output[] = {
	ANY(read),
	ANY(readv),
	ANY(write),
	ANY(writev),
	ANY(recvmsg),
	ANY(recvfrom),
	ONE(sendmsg, ARG_LACKS(2, MSG_FASTOPEN)),
	TWO(sendto, ARG_LACKS(3, MSG_FASTOPEN), ARG_IS(4, 0)),
	ANY(close),
};

/* restart_syscall: a poll(2) that SIGSTOP or a debugger interrupted. */
static const struct sandbox_rule waiting[] = {
	ANY(poll),
	ANY(ppoll),
	ANY(ppoll_time64),
	ANY(restart_syscall),
};

/* Where the vDSO cannot tell the time by itself. */
static const struct sandbox_rule clocks[] = {
	ANY(clock_gettime),
	ANY(clock_gettime64),
	ANY(gettimeofday),
};

static const struct sandbox_rule memory[] = {
	ANY(brk),
	ANY(munmap),
	ANY(mremap),
	ANY(madvise),
	ONE(mmap, ARG_LACKS(2, PROT_EXEC)),
	ONE(mmap2, ARG_LACKS(2, PROT_EXEC)),
	ONE(mprotect, ARG_LACKS(2, PROT_EXEC)),
};

/* Ending, and abort(3) as SIGABRT: it signals its own thread. */
static const struct sandbox_rule ending[] = {
	ANY(exit),
	ANY(exit_group),
	ANY(getpid),
	ANY(gettid),
	ANY(rt_sigprocmask),
	ANY(rt_sigreturn),
	OF_SELF(tgkill),
};

/* libsodium's generator; pthread_once(3) wakes whether or not one waits. */
static const struct sandbox_rule libraries[] = {
	ANY(getrandom),
	ONE(futex, ARG_BITS(1, (uint32_t)FUTEX_CMD_MASK, FUTEX_WAIT)),
	ONE(futex, ARG_BITS(1, (uint32_t)FUTEX_CMD_MASK, FUTEX_WAKE)),
};

/* Files as descriptors from amirald (base/slurp.h), pipes of providers. */
static const struct sandbox_rule handed_over[] = {
	ANY(pread64),
	ONE(fcntl, ARG_IS(1, F_GETFL)),
	ONE(fcntl, ARG_IS(1, F_SETFL)),
	ONE(fcntl64, ARG_IS(1, F_GETFL)),
	ONE(fcntl64, ARG_IS(1, F_SETFL)),
};

/* Secrets in memory that is never swapped: sodium_malloc(3), sodium_free(3). */
static const struct sandbox_rule locked_memory[] = {
	ANY(mlock),
	ANY(munlock),
};

/* qsort(3) asks once how much memory there is; jansson sorts. */
static const struct sandbox_rule sorting[] = {
	ANY(sysinfo),
};

static const struct sandbox_topic net_topics[] = {
	ALLOWED(input_output),
	ALLOWED(waiting),
	ALLOWED(clocks),
	ALLOWED(memory),
	ALLOWED(ending),
	ALLOWED(libraries),
};

static const struct sandbox_topic gate_topics[] = {
	ALLOWED(input_output),
	ALLOWED(waiting),
	ALLOWED(clocks),
	ALLOWED(memory),
	ALLOWED(ending),
	ALLOWED(libraries),
	ALLOWED(handed_over),
	ALLOWED(locked_memory),
	ALLOWED(sorting),
};

const struct sandbox_policy sandbox_policy_net =
    POLICY(SCMP_ACT_KILL_PROCESS, false, net_topics);
const struct sandbox_policy sandbox_policy_gate =
    POLICY(SCMP_ACT_KILL_PROCESS, false, gate_topics);
