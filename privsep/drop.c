/* Giving up privilege in a jailed process itself: part of gate and net. */
#include "privsep/drop.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "privsep/caps.h"

void
drop_prepare(pid_t parent)
{
	if (caps_control(PR_SET_DUMPABLE, 0, 0) == -1)
		fatal_errno("PR_SET_DUMPABLE");
	if (caps_control(PR_SET_NO_NEW_PRIVS, 1, 0) == -1)
		fatal_errno("PR_SET_NO_NEW_PRIVS");
	if (caps_control(PR_SET_PDEATHSIG, SIGKILL, 0) == -1)
		fatal_errno("PR_SET_PDEATHSIG");
	/* It may have died before we asked to be told. */
	if (parent != 0 && getppid() != parent)
		fatal("started by a process that is gone");
}

static void
caps_empty(void)
{
	if (caps_control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0) == -1)
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
		if (caps_control(PR_CAPBSET_READ, cap, 0) == 1)
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
		if (caps_control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap) ==
		    1)
			fatal("ambient capability %u is left", cap);
	if (geteuid() != 0 && caps_way_back_closed() == -1)
		fatal("uid 0 is still within reach");
}
