/* Giving up privilege, each time in a child that has it to give. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "privsep/drop.h"
#include "tests/lib/place.h"

#define UID    65510
#define GID    65511
#define CHROOT ((uint64_t)1 << CAP_SYS_CHROOT)
#define FATAL  255

typedef bool deed(void);

/* The exit status of a child that does it: 0 for true. */
static int
in_child(deed *run)
{
	int status;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		_exit(run() ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool
caps_are(uint64_t wanted)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct data[2];
	uint64_t ambient = 0;

	if (syscall(SYS_capget, &header, data) == -1)
		return false;
	for (unsigned cap = 0; cap < 64; cap++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) ==
		    1)
			ambient |= (uint64_t)1 << cap;
	return ambient == wanted && data[0].effective == (uint32_t)wanted &&
	       data[0].permitted == (uint32_t)wanted &&
	       data[0].inheritable == (uint32_t)wanted &&
	       data[1].effective == 0 && data[1].permitted == 0 &&
	       data[1].inheritable == 0;
}

static unsigned
bounding(void)
{
	unsigned count = 0;

	for (unsigned cap = 0; cap < 64; cap++)
		count += prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1;
	return count;
}

static bool
ids_are(uid_t uid, gid_t gid)
{
	uid_t uids[3];
	gid_t gids[3];

	getresuid(&uids[0], &uids[1], &uids[2]);
	getresgid(&gids[0], &gids[1], &gids[2]);
	for (int i = 0; i < 3; i++)
		if (uids[i] != uid || gids[i] != gid)
			return false;
	return true;
}

/* With everything that could be a way back. */
static bool
root_is_out_of_reach(void)
{
	return setuid(0) == -1 && setresuid(-1, 0, -1) == -1 &&
	       setgid(0) == -1 && setgroups(0, NULL) == -1 &&
	       prctl(PR_SET_SECUREBITS, 0, 0, 0, 0) == -1;
}

static bool
drop_everything(void)
{
	const struct drop_ids ids = { .uid = UID, .gid = GID };

	return drop_to(&ids) == 0 && ids_are(UID, GID) &&
	       getgroups(0, NULL) == 0 && caps_are(0) && bounding() == 0 &&
	       root_is_out_of_reach();
}

static bool
drop_with_groups(void)
{
	const gid_t groups[] = { 7, 8, 65520 };
	const struct drop_ids ids = {
		.uid = UID, .gid = GID, .groups = groups, .n = 3
	};
	gid_t now[4];

	return drop_to(&ids) == 0 && getgroups(4, now) == 3 &&
	       memcmp(now, groups, sizeof groups) == 0;
}

static bool
keep_one(void)
{
	const struct drop_ids ids = { .uid = UID, .gid = GID, .keep = CHROOT };

	return drop_to(&ids) == 0 && ids_are(UID, GID) && caps_are(CHROOT) &&
	       bounding() == 0 && root_is_out_of_reach();
}

/* Ambient capabilities survive exec, here of a shell that looks. */
static bool
keep_one_over_exec(void)
{
	if (!keep_one())
		return false;
	execl("/bin/sh", "sh", "-c",
	    "grep -q 'CapEff:.*0000000000040000$' /proc/self/status && "
	    "grep -q 'CapBnd:.*0000000000000000$' /proc/self/status",
	    (char *)NULL);
	return false;
}

static bool
keep_root_whole(void)
{
	const struct drop_ids ids = { .keep = DROP_KEEP_ALL };
	unsigned before = bounding();

	return drop_to(&ids) == 0 && bounding() == before && setuid(0) == 0 &&
	       chroot("/") == 0;
}

static bool
keep_all_of_another(void)
{
	const struct drop_ids ids = { .uid = UID, .keep = DROP_KEEP_ALL };

	return drop_to(&ids) == -1 && errno == EINVAL;
}

static bool
root_with_a_list(void)
{
	const struct drop_ids ids = { .keep = CHROOT, .keep_bounding = CHROOT };

	if (drop_to(&ids) == -1 || !caps_are(CHROOT) || bounding() != 1)
		return false;
	execl("/bin/sh", "sh", "-c",
	    "grep -q 'CapEff:.*0000000000040000$' /proc/self/status",
	    (char *)NULL);
	return false;
}

static bool
drop_twice(void)
{
	const struct drop_ids ids = { .uid = UID + 1, .gid = GID };

	return drop_everything() && drop_to(&ids) == -1;
}

/* skip() of cmocka 1.1 is a failure to a reader of TAP. */
static bool
is_root(void)
{
	if (geteuid() != 0)
		print_message(
		    "# skipped: only root has privilege to give up\n");
	return geteuid() == 0;
}

static void
ids_and_capabilities_go(void **state)
{
	(void)state;
	if (!is_root())
		return;
	assert_int_equal(in_child(drop_everything), 0);
	assert_int_equal(in_child(drop_with_groups), 0);
	assert_int_equal(in_child(drop_twice), 0);
}

static void
what_is_kept_is_exact(void **state)
{
	(void)state;
	if (!is_root())
		return;
	assert_int_equal(in_child(keep_one), 0);
	assert_int_equal(in_child(keep_one_over_exec), 0);
	assert_int_equal(in_child(keep_root_whole), 0);
	assert_int_equal(in_child(keep_all_of_another), 0);
	assert_int_equal(in_child(root_with_a_list), 0);
}

/* Limits */

static bool
limits_are_set(void)
{
	const struct drop_limit limits[] = { { RLIMIT_NOFILE, 40 },
		{ RLIMIT_CORE, 0 } };
	struct rlimit limit;

	if (drop_limits(limits, 2) == -1)
		return false;
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur != 40 || limit.rlim_max != 40)
		return false;
	getrlimit(RLIMIT_CORE, &limit);
	return limit.rlim_cur == 0 && limit.rlim_max == 0;
}

static bool
limits_are_never_raised(void)
{
	const struct drop_limit low = { RLIMIT_NOFILE, 40 };
	const struct drop_limit high = { RLIMIT_NOFILE, 80 };
	struct rlimit limit;

	if (drop_limits(&low, 1) == -1 || drop_limits(&high, 1) == -1)
		return false;
	getrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_max == 40;
}

static bool
unknown_limit(void)
{
	const struct drop_limit limit = { 9999, 0 };

	return drop_limits(&limit, 1) == -1 && errno == EINVAL;
}

static void
limits_go_down_only(void **state)
{
	(void)state;
	assert_int_equal(in_child(limits_are_set), 0);
	assert_int_equal(in_child(limits_are_never_raised), 0);
	assert_int_equal(in_child(unknown_limit), 0);
}

/* The jail */

static bool
prepare(void)
{
	int signal_number = 0;

	drop_prepare(getppid());
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 &&
	       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
	       prctl(PR_GET_PDEATHSIG, &signal_number, 0, 0, 0) == 0 &&
	       signal_number == SIGKILL;
}

static bool
prepare_for_a_stranger(void)
{
	drop_prepare(getpid());
	return true;
}

static void
preparing_sets_all_three(void **state)
{
	(void)state;
	assert_int_equal(in_child(prepare), 0);
	assert_int_equal(in_child(prepare_for_a_stranger), FATAL);
}

static int
make_empty(void)
{
	char path[PLACE_MAX];
	int fd;

	place_name(path, "drop-test");
	if (mkdtemp(path) == NULL || chmod(path, 0555) == -1)
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY);
	rmdir(path); /* the descriptor keeps it */
	return fd;
}

static bool
root_is_empty(void)
{
	DIR *directory = opendir("/");
	int entries = 0;

	while (directory != NULL && readdir(directory) != NULL)
		entries++;
	if (directory != NULL)
		closedir(directory);
	return entries <= 2 && access("/..//etc", F_OK) == -1 &&
	       access("../../../etc", F_OK) == -1;
}

static bool
jail(void)
{
	int fd = make_empty();

	if (fd == -1 || !keep_one())
		return false;
	drop_prepare(getppid());
	drop_root_directory(fd, true);
	return root_is_empty() && fcntl(fd, F_GETFD) == -1 && caps_are(0) &&
	       chroot("/") == -1 && root_is_out_of_reach();
}

static bool
jail_as_root(void)
{
	drop_root_directory(make_empty(), true);
	return true;
}

static bool
jail_with_bounding_set(void)
{
	const struct drop_ids ids = {
		.uid = UID, .gid = GID, .keep = CHROOT, .keep_bounding = CHROOT
	};

	if (drop_to(&ids) == -1)
		return false;
	drop_root_directory(make_empty(), true);
	return true;
}

static bool
jail_without_capability(void)
{
	int fd = make_empty();

	if (fd == -1 || !drop_everything())
		return false;
	drop_root_directory(fd, true);
	return true;
}

static void
root_directory_is_left(void **state)
{
	(void)state;
	if (!is_root())
		return;
	assert_int_equal(in_child(jail), 0);
	assert_int_equal(in_child(jail_as_root), FATAL);
	assert_int_equal(in_child(jail_with_bounding_set), FATAL);
	assert_int_equal(in_child(jail_without_capability), FATAL);
}

/* Not started by root: the directory stays, every capability goes. */
static bool
no_jail(void)
{
	int fd = make_empty();

	drop_root_directory(fd, false);
	return fcntl(fd, F_GETFD) == -1 && access("/etc", F_OK) == 0 &&
	       caps_are(0);
}

static bool
prove_too_early(void)
{
	if (caps_are(0))
		_exit(FATAL); /* not root: nothing to be found */
	drop_prove();
	return true;
}

static bool
prove_with_a_saved_root(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct none[2] = { { 0 } };

	if (setresuid(UID, UID, 0) == -1)
		return false;
	syscall(SYS_capset, &header, none);
	drop_prove();
	return true;
}

static void
proof_finds_what_is_left(void **state)
{
	(void)state;
	assert_int_equal(in_child(no_jail), 0);
	assert_int_equal(in_child(prove_too_early), FATAL);
	if (!is_root())
		return;
	assert_int_equal(in_child(prove_with_a_saved_root), FATAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_and_capabilities_go),
		cmocka_unit_test(what_is_kept_is_exact),
		cmocka_unit_test(limits_go_down_only),
		cmocka_unit_test(preparing_sets_all_three),
		cmocka_unit_test(root_directory_is_left),
		cmocka_unit_test(proof_finds_what_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
