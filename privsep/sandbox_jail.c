/*
 * What net and gate may still do once they are locked in: everything else
 * kills. A new row needs a reason, and a row in the test of the filters. A row
 * that no test makes use of says beside it why it stays.
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
	ANY(write),
	ANY(writev), /* glibc says why it aborts */
	ANY(recvmsg),
	ONE(sendmsg, ARG_LACKS(2, MSG_FASTOPEN)),
	ANY(close),
};

/* As hiredis reads and writes from 1.0 on. */
static const struct sandbox_rule connections[] = {
	ANY(recvfrom), /* Debian 12 has hiredis 0.14 */
	/* the same */
	TWO(sendto, ARG_LACKS(3, MSG_FASTOPEN), ARG_IS(4, 0)),
};

static const struct sandbox_rule waiting[] = {
	ANY(ppoll),           /* poll(2) of arm64 */
	ANY(ppoll_time64),    /* poll(2) of 32 bits */
	ANY(restart_syscall), /* poll(2) after SIGSTOP, or a debugger */
	ANY(poll),
};

/* The processor's clock; and where the vDSO cannot tell the time by itself. */
static const struct sandbox_rule clocks[] = {
	ANY(clock_gettime),   /* net asks the vDSO alone, where there is one */
	ANY(clock_gettime64), /* of 32 bits */
	ANY(gettimeofday),    /* libraries without a vDSO */
};

static const struct sandbox_rule memory[] = {
	ANY(brk),
	ANY(munmap),
	ANY(mremap), /* realloc(3) of what is large */
	ANY(madvise),
	ONE(mmap, ARG_LACKS(2, PROT_EXEC)),
	ONE(mmap2, ARG_LACKS(2, PROT_EXEC)), /* of 32 bits */
	/* net: malloc(3) in an arena that is not the first */
	ONE(mprotect, ARG_LACKS(2, PROT_EXEC)),
};

/* Ending, and abort(3) as SIGABRT: it signals its own thread. */
static const struct sandbox_rule ending[] = {
	ANY(getpid),         /* abort(3) */
	ANY(gettid),         /* abort(3) */
	ANY(rt_sigprocmask), /* abort(3) */
	OF_SELF(tgkill),     /* abort(3) */
	ANY(exit_group),
};

/* libsodium's generator; pthread_once(3) wakes whether or not one waits. */
static const struct sandbox_rule libraries[] = {
	ANY(getrandom), /* net: malloc(3) of later glibcs */
	/* abort(3) of later glibcs, and who waits for a lock */
	ONE(futex, ARG_BITS(1, (uint32_t)FUTEX_CMD_MASK, FUTEX_WAIT)),
	/* the other side of it */
	ONE(futex, ARG_BITS(1, (uint32_t)FUTEX_CMD_MASK, FUTEX_WAKE)),
};

/* Files as descriptors from amirald (base/slurp.h), pipes of providers. */
static const struct sandbox_rule handed_over[] = {
	ONE(fcntl, ARG_IS(1, F_GETFL)),
	ONE(fcntl, ARG_IS(1, F_SETFL)),
	ONE(fcntl64, ARG_IS(1, F_GETFL)), /* of 32 bits */
	ONE(fcntl64, ARG_IS(1, F_SETFL)), /* of 32 bits */
	ANY(pread64),
};

/* Secrets in memory that is never swapped: sodium_malloc(3), sodium_free(3). */
static const struct sandbox_rule locked_memory[] = {
	ANY(mlock),
	ANY(munlock),
};

/* qsort(3) asks once how much memory there is; jansson sorts. */
static const struct sandbox_rule sorting[] = {
	ANY(sysinfo), /* for 1 KiB and more of what is sorted */
};

static const struct sandbox_topic net_topics[] = {
	ALLOWED(input_output),
	ALLOWED(connections),
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
