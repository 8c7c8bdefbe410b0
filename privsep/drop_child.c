/*
 * Giving up privilege on the way to a child, and amirald's own: everything
 * is a system call on this task alone.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "privsep/caps.h"
#include "privsep/drop.h"

/* What is gone already needs no CAP_SETPCAP; what is unknown reads as -1. */
static int
bounding_cut(uint64_t keep)
{
	for (unsigned cap = 0; cap < 64; cap++)
		if ((keep & CAP_BIT(cap)) == 0 &&
		    caps_control(PR_CAPBSET_READ, cap, 0) == 1 &&
		    caps_control(PR_CAPBSET_DROP, cap, 0) == -1)
			return -1;
	return 0;
}

static int
ambient_raise(uint64_t keep)
{
	for (unsigned cap = 0; cap < 64; cap++)
		if ((keep & CAP_BIT(cap)) &&
		    caps_control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap) ==
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
	return caps_control(PR_SET_SECUREBITS, bits, 0);
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
	return caps_way_back_closed();
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

/* The bounding set first: that takes CAP_SETPCAP. */
int
drop_rights(uint64_t keep)
{
	struct capabilities caps;

	if (bounding_cut(keep) == -1 || caps_get(&caps) == -1)
		return -1;
	caps.effective &= keep;
	caps.permitted &= keep;
	caps.inheritable = 0;
	return caps_set(&caps);
}

int
drop_capabilities(void)
{
	if (caps_control(PR_SET_DUMPABLE, 0, 0) == -1)
		return -1;
	return caps_set(&(struct capabilities){ 0 });
}

uint64_t
drop_held(void)
{
	uint64_t held = 0;

	for (unsigned cap = 0; cap < 64; cap++)
		if (caps_control(PR_CAPBSET_READ, cap, 0) == 1)
			held |= CAP_BIT(cap);
	return held;
}
