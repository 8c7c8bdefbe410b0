/*
 * Giving up privilege: linked into every process of ours. The C library's
 * set*id() would signal threads and share state with the parent of a vfork;
 * everything here is a system call on this task alone.
 */
#include "privsep/drop.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

#define CAP_BIT(cap) ((uint64_t)1 << (cap))

/* On 32-bit machines the short names mean 16-bit ids. */
#ifdef SYS_setresuid32
#define NR_SETRESUID SYS_setresuid32
#define NR_SETRESGID SYS_setresgid32
#define NR_SETGROUPS SYS_setgroups32
#else
#define NR_SETRESUID SYS_setresuid
#define NR_SETRESGID SYS_setresgid
#define NR_SETGROUPS SYS_setgroups
#endif

/* prctl(2) reads whole registers: no int may reach its variable arguments. */
static int
task_control(int option, unsigned long a, unsigned long b)
{
	return prctl(option, a, b, 0UL, 0UL);
}

struct capabilities {
	uint64_t effective, permitted, inheritable;
};

static int
caps_get(struct capabilities *out)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) == -1)
		return -1;
	out->effective = (uint64_t)data[1].effective << 32 | data[0].effective;
	out->permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
	out->inheritable =
	    (uint64_t)data[1].inheritable << 32 | data[0].inheritable;
	return 0;
}

static int
caps_set(const struct capabilities *caps)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct data[2] = {
		{ (uint32_t)caps->effective, (uint32_t)caps->permitted,
		    (uint32_t)caps->inheritable },
		{ (uint32_t)(caps->effective >> 32),
		    (uint32_t)(caps->permitted >> 32),
		    (uint32_t)(caps->inheritable >> 32) },
	};

	return (int)syscall(SYS_capset, &header, data);
}

static int
caps_equal(uint64_t keep)
{
	struct capabilities now;

	if (caps_get(&now) == -1)
		return -1;
	if (now.effective == keep && now.permitted == keep &&
	    now.inheritable == keep)
		return 0;
	errno = EPERM;
	return -1;
}

static int
bounding_cut(uint64_t keep)
{
	for (unsigned cap = 0; cap < 64; cap++) {
		if (keep & CAP_BIT(cap))
			continue;
		if (task_control(PR_CAPBSET_DROP, cap, 0) == 0)
			continue;
		/* EINVAL: the kernel knows no more of them. */
		return errno == EINVAL ? 0 : -1;
	}
	return 0;
}

static int
ambient_raise(uint64_t keep)
{
	for (unsigned cap = 0; cap < 64; cap++)
		if ((keep & CAP_BIT(cap)) &&
		    task_control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap) ==
			-1)
			return -1;
	return 0;
}

/*
 * While every capability is still there. Inheritable first: what the
 * bounding set has lost cannot be made inheritable any more. NOROOT: a later
 * exec as uid 0 gives nothing by itself (where all may be had again, by way
 * of a set-user-ID program, that is meant).
 */
static int
caps_prepare(const struct drop_ids *ids)
{
	unsigned long bits = 0;
	struct capabilities caps;

	if (caps_get(&caps) == -1)
		return -1;
	caps.inheritable = ids->keep;
	if (ids->keep_bounding != DROP_KEEP_ALL)
		bits |= SECBIT_NOROOT | SECBIT_NOROOT_LOCKED;
	if (ids->keep == 0)
		bits |= SECBIT_NO_CAP_AMBIENT_RAISE |
			SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
	else
		bits |= SECBIT_KEEP_CAPS;
	if (caps_set(&caps) == -1 || bounding_cut(ids->keep_bounding) == -1)
		return -1;
	return task_control(PR_SET_SECUREBITS, bits, 0);
}

static int
caps_reduce(uint64_t keep)
{
	struct capabilities caps = { keep, keep, keep };

	if (caps_set(&caps) == -1 || caps_equal(keep) == -1)
		return -1;
	return ambient_raise(keep);
}

static int
ids_set(const struct drop_ids *ids)
{
	if (syscall(NR_SETGROUPS, ids->n, ids->groups) == -1)
		return -1;
	if (syscall(NR_SETRESGID, ids->gid, ids->gid, ids->gid) == -1)
		return -1;
	return (int)syscall(NR_SETRESUID, ids->uid, ids->uid, ids->uid);
}

/* 0 if uid 0 is out of reach. */
static int
way_back_closed(void)
{
	if (syscall(NR_SETRESUID, -1, 0, -1) != -1) {
		errno = EPERM;
		return -1;
	}
	return 0;
}

int
drop_to(const struct drop_ids *ids)
{
	bool all = ids->keep == DROP_KEEP_ALL;

	if (all && ids->uid != 0) {
		errno = EINVAL;
		return -1;
	}
	if (!all && caps_prepare(ids) == -1)
		return -1;
	if (ids_set(ids) == -1)
		return -1;
	if (all)
		return 0;
	if (caps_reduce(ids->keep) == -1)
		return -1;
	/* Who keeps CAP_SETUID is meant to be able to. */
	if (ids->uid == 0 || (ids->keep & CAP_BIT(CAP_SETUID)))
		return 0;
	return way_back_closed();
}

int
drop_limits(const struct drop_limit *limits, size_t n)
{
	struct rlimit limit;

	for (size_t i = 0; i < n; i++) {
		if (getrlimit(limits[i].resource, &limit) == -1)
			return -1;
		if (limit.rlim_max > limits[i].value)
			limit.rlim_max = limits[i].value;
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(limits[i].resource, &limit) == -1)
			return -1;
	}
	return 0;
}

void
drop_prepare(pid_t parent)
{
	if (task_control(PR_SET_DUMPABLE, 0, 0) == -1)
		fatal_errno("PR_SET_DUMPABLE");
	if (task_control(PR_SET_NO_NEW_PRIVS, 1, 0) == -1)
		fatal_errno("PR_SET_NO_NEW_PRIVS");
	if (task_control(PR_SET_PDEATHSIG, SIGKILL, 0) == -1)
		fatal_errno("PR_SET_PDEATHSIG");
	/* It may have died before we asked to be told. */
	if (parent != 0 && getppid() != parent)
		fatal("started by a process that is gone");
}

static void
caps_empty(void)
{
	if (task_control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0) == -1)
		fatal_errno("PR_CAP_AMBIENT_CLEAR_ALL");
	if (caps_set(&(struct capabilities){ 0 }) == -1)
		fatal_errno("capset");
}

static void
ids_prove_unprivileged(void)
{
	uid_t real, effective, saved;

	if (getresuid(&real, &effective, &saved) == -1)
		fatal_errno("getresuid");
	if (real == 0 || effective == 0 || saved == 0)
		fatal("still root: amirald must start this process");
	for (unsigned cap = 0; cap < 64; cap++)
		if (task_control(PR_CAPBSET_READ, cap, 0) == 1)
			fatal("capability %u is left in the bounding set", cap);
}

void
drop_root_directory(int dirfd, bool jailed)
{
	if (jailed) {
		ids_prove_unprivileged();
		if (fchdir(dirfd) == -1)
			fatal_errno("fchdir into the empty directory");
		if (chroot(".") == -1)
			fatal_errno("chroot into the empty directory");
	}
	if (close(dirfd) == -1)
		fatal_errno("close of the empty directory");
	caps_empty();
	drop_prove();
	if (jailed && chroot("/") != -1)
		fatal("chroot is still allowed");
}

void
drop_prove(void)
{
	if (caps_equal(0) == -1)
		fatal("capabilities are left");
	for (unsigned cap = 0; cap < 64; cap++)
		if (task_control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap) ==
		    1)
			fatal("ambient capability %u is left", cap);
	if (geteuid() != 0 && way_back_closed() == -1)
		fatal("uid 0 is still within reach");
}
