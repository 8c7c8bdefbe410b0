/*
 * A provider that looks around and says what it finds, a line for each
 * finding; then what it was given on stdin.
 */
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void
show_ids(void)
{
	uid_t uids[3];
	gid_t gids[3];

	getresuid(&uids[0], &uids[1], &uids[2]);
	getresgid(&gids[0], &gids[1], &gids[2]);
	printf("uid %u %u %u\n", uids[0], uids[1], uids[2]);
	printf("gid %u %u %u\n", gids[0], gids[1], gids[2]);
	printf("groups %d\n", getgroups(0, NULL));
	printf("leads %d\n", getsid(0) == getpid() && getpgrp() == getpid());
}

static void
show_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct data[2];
	unsigned bounding = 0;

	syscall(SYS_capget, &header, data);
	for (int cap = 0; cap < 64; cap++)
		bounding += prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1;
	printf("caps %x%08x\n", data[1].effective | data[1].permitted,
	    data[0].effective | data[0].permitted);
	printf("bounding %u\n", bounding);
	printf(
	    "inheritable %x%08x\n", data[1].inheritable, data[0].inheritable);
	printf("no_new_privs %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	printf(
	    "securebits %#x\n", (unsigned)prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
}

static void
show_death_signal(void)
{
	int number = -1;

	prctl(PR_GET_PDEATHSIG, (unsigned long)&number, 0, 0, 0);
	printf("death signal %d\n", number);
}

/* Every way back to ids that are not one's own: 0 where one is open. */
static void
show_ways_back(void)
{
	printf("way back %d %d %d %d %d\n", setuid(0) == -1 ? errno : 0,
	    setreuid((uid_t)-1, 0) == -1 ? errno : 0,
	    setresuid((uid_t)-1, (uid_t)-1, 0) == -1 ? errno : 0,
	    setgid(0) == -1 ? errno : 0,
	    setgroups(1, (gid_t[]){ 0 }) == -1 ? errno : 0);
}

static void
show_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	const struct dirent *entry;

	printf("fds");
	while ((entry = readdir(directory)) != NULL)
		if (entry->d_name[0] != '.' &&
		    atoi(entry->d_name) != dirfd(directory))
			printf(" %s", entry->d_name);
	printf("\n");
	closedir(directory);
}

static void
show_signals(void)
{
	struct sigaction action;
	sigset_t mask;
	int odd = 0;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int number = 1; number < NSIG; number++) {
		if (sigismember(&mask, number) == 1)
			odd++;
		if (sigaction(number, NULL, &action) == 0 &&
		    action.sa_handler != SIG_DFL)
			odd++;
	}
	printf("odd signals %d\n", odd);
}

static void
show_limits(void)
{
	static const struct {
		const char *name;
		int resource;
	} limits[] = {
		{ "as", RLIMIT_AS },
		{ "core", RLIMIT_CORE },
		{ "nofile", RLIMIT_NOFILE },
		{ "rttime", RLIMIT_RTTIME },
	};
	struct rlimit limit;

	for (size_t i = 0; i < 4; i++) {
		getrlimit(limits[i].resource, &limit);
		printf("%s %lld %d\n", limits[i].name,
		    (long long)limit.rlim_cur,
		    limit.rlim_cur == limit.rlim_max);
	}
}

static void
show_attempts(void)
{
	pid_t pid;

	printf("inet %d\n", socket(AF_INET, SOCK_STREAM, 0) == -1 ? errno : 0);
	printf(
	    "netlink %d\n", socket(AF_NETLINK, SOCK_RAW, 0) == -1 ? errno : 0);
	printf("unix %d\n", socket(AF_UNIX, SOCK_STREAM, 0) == -1 ? errno : 0);
	printf("bpf %d\n", syscall(SYS_bpf, 0, NULL, 0) == -1 ? errno : 0);
	fflush(stdout);
	if ((pid = fork()) == 0)
		_exit(0);
	printf("fork %d\n", pid == -1 ? errno : 0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

int
main(int argc, char **argv)
{
	char here[64], text[256];
	mode_t mask = umask(0);
	ssize_t n;

	umask(mask);
	printf("argv %d %s\n", argc, argv[0]);
	for (char **at = environ; *at != NULL; at++)
		printf("env %s\n", *at);
	printf("cwd %s\n", getcwd(here, sizeof here));
	printf("umask %o\n", (unsigned)mask);
	show_ids();
	show_capabilities();
	show_death_signal();
	show_ways_back();
	show_descriptors();
	show_signals();
	show_limits();
	show_attempts();
	fflush(stdout);
	while ((n = read(STDIN_FILENO, text, sizeof text)) > 0)
		printf("stdin %.*s\n", (int)n, text);
	return 7;
}
