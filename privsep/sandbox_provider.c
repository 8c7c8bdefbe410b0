/*
 * What amirald forbids itself, hence every provider and everything that one
 * starts (puppet, apt, systemctl, a restarted daemon): calls that no
 * administration of a host needs and that hand out the kernel or other
 * processes. Then the profiles of the provider table. Refusals are errors,
 * not death: a program that probes for a feature goes on without it.
 */
#include <errno.h>
#include <sys/socket.h>

#include "privsep/sandbox_rules.h"

/* Another kernel, or more of it: the administrator's, at the console. */
static const struct sandbox_rule kernel_code[] = {
	ANY(init_module),
	ANY(finit_module),
	ANY(delete_module),
	ANY(kexec_load),
	ANY(kexec_file_load),
	ANY(bpf),
};

/* The gate's keys and net's connections lie in other processes' memory. */
static const struct sandbox_rule other_processes[] = {
	ANY(ptrace),
	ANY(process_vm_readv),
	ANY(process_vm_writev),
	ANY(process_madvise),
	ANY(pidfd_getfd),
	ANY(kcmp),
};

/* Kernel keyrings are shared by user, not by process. */
static const struct sandbox_rule keyrings[] = {
	ANY(add_key),
	ANY(request_key),
	ANY(keyctl),
};

/* Large, young, or the usual help of an exploit; all have a plain twin. */
static const struct sandbox_rule large_surfaces[] = {
	ANY(io_uring_setup),
	ANY(io_uring_enter),
	ANY(io_uring_register),
	ANY(userfaultfd),
	ANY(perf_event_open),
};

/* Around the permissions of directories, and of devices. */
static const struct sandbox_rule around_permissions[] = {
	ANY(open_by_handle_at),
	ANY(ioperm),
	ANY(iopl),
};

/* No network: every family but the local one, which names no host. */
static const struct sandbox_rule foreign_sockets[] = {
	ONE(socket, ARG_IS_NOT(0, AF_UNIX)),
	ONE(socketpair, ARG_IS_NOT(0, AF_UNIX)),
};

/*
 * strict: one process, which stays one. execve(2) is not here: the filter is
 * there before the provider's own exec, and cannot count. So a strict
 * provider can still replace itself by another program, in the same jail.
 */
static const struct sandbox_rule new_processes[] = {
	ANY(clone),
	ANY(clone3),
	ANY(fork),
	ANY(vfork),
};

static const struct sandbox_rule all_sockets[] = {
	ANY(socket),
	ANY(socketpair),
	ANY(socketcall),
};

#define EVERYWHERE                                                             \
	DENIED(kernel_code), DENIED(other_processes), DENIED(keyrings),        \
	    DENIED(large_surfaces), DENIED(around_permissions)

static const struct sandbox_topic executor_topics[] = { EVERYWHERE };

static const struct sandbox_topic service_topics[] = {
	EVERYWHERE,
	TOPIC(SCMP_ACT_ERRNO(EAFNOSUPPORT), foreign_sockets),
};

static const struct sandbox_topic strict_topics[] = {
	EVERYWHERE,
	DENIED(new_processes),
	DENIED(all_sockets),
};

static const struct sandbox_topic strict_network_topics[] = {
	EVERYWHERE,
	DENIED(new_processes),
};

/*
 * Programs of the 32-bit sister architecture run where a deny-list can speak
 * for them. Their socketcall(2) hides the family in memory, so a provider
 * without network is native, or killed.
 */
const struct sandbox_policy sandbox_policy_executor =
    POLICY(SCMP_ACT_ALLOW, true, executor_topics);
const struct sandbox_policy sandbox_policy_service =
    POLICY(SCMP_ACT_ALLOW, false, service_topics);
const struct sandbox_policy sandbox_policy_service_network =
    POLICY(SCMP_ACT_ALLOW, true, executor_topics);
const struct sandbox_policy sandbox_policy_strict =
    POLICY(SCMP_ACT_ALLOW, false, strict_topics);
const struct sandbox_policy sandbox_policy_strict_network =
    POLICY(SCMP_ACT_ALLOW, false, strict_network_topics);
