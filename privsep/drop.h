/*
 * Giving up privilege, by system calls alone (fit for a vfork child: no
 * allocation, no libc state), each step fatal or -1 where it cannot be
 * proved. Facts behind the order: security notes in HACKING.md.
 */
#ifndef AMIRAL_PRIVSEP_DROP_H
#define AMIRAL_PRIVSEP_DROP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#define DROP_KEEP_ALL UINT64_MAX

/*
 * For root's child between vfork and exec. The bounding set is cut to
 * keep_bounding, groups, gid and uid are set and proved (the way back to
 * uid 0 must be closed), only the capabilities of keep are left, as ambient
 * ones that survive exec. keep DROP_KEEP_ALL, for uid 0 only: capabilities
 * stay as they are. 0, or -1 with errno. groups may be NULL with n 0.
 */
struct drop_ids {
	uid_t uid;
	gid_t gid;
	const gid_t *groups;
	size_t n;
	uint64_t keep; /* ambient capabilities, bits */
	uint64_t keep_bounding;
};
int drop_to(const struct drop_ids *);

/* One rlimit; soft = hard = value, or the present hard limit if lower. */
struct drop_limit {
	int resource;
	rlim_t value;
};
int drop_limits(const struct drop_limit *, size_t n);

/*
 * For amirald: capabilities that are not in keep are gone,
 * for every later child too. 0, or -1 with errno.
 */
int drop_rights(uint64_t keep);
/*
 * For root's reader: nobody may look into it who has less than it had, and
 * then no capability is left. 0, or -1 with errno.
 */
int drop_capabilities(void);
/* The bounding set, bits. */
uint64_t drop_held(void);

/*
 * The rest, in a jailed process itself (net, gate) after exec: not dumpable,
 * no_new_privs, parent-death signal (and a look whether the parent lives:
 * parent is its pid, 0 for no look).
 */
void drop_prepare(pid_t parent);
/*
 * Into the empty directory dirfd (fchdir, chroot "."), then every capability
 * set emptied; proves that neither can be undone. Closes dirfd. Fatal.
 * jailed false (not started by root): closes dirfd, does the rest.
 */
void drop_root_directory(int dirfd, bool jailed);
/*
 * Proof: no capability in any set, and no way back to uid 0 (where that is
 * not the uid: an operator may be root). Fatal.
 */
void drop_prove(void);

#endif
