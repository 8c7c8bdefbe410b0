/*
 * amiral-net, in either role, as an attacker would have it: the real links,
 * the real connections, the real jail, and then what the test orders.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "agent/net/net.h"
#include "base/log.h"
#include "privsep/drop.h"
#include "privsep/messages.h"
#include "tests/attack/probes.h"
#include "tests/attack/standin.h"

static struct {
	struct net net;
	struct standin_frame config;
	bool jailed;
	int redis[2];
} self;

static void
on_alarm(int number)
{
	(void)number;
	_exit(1);
}

static void
read_config(void)
{
	char hostname[HOSTNAME_MAX + 1];
	struct cursor c;

	if (!standin_receive(LINK_FD_EXECUTOR, &self.config) ||
	    self.config.bytes[0] != E2N_CONFIG || self.config.fd_count != 1)
		fatal("no CONFIG");
	cursor_init(&c, self.config.bytes + 1, self.config.len - 1);
	self.jailed = cursor_u8(&c) != 0;
	net_read_config(&self.net.config, &c);
	if (!cursor_text(&c, hostname, sizeof hostname) || !cursor_done(&c))
		fatal("CONFIG is ill-formed");
}

static void
read_controllers_config(void)
{
	struct cursor c;

	if (!standin_receive(LINK_FD_CTL, &self.config) ||
	    self.config.bytes[0] != C2N_CONFIG)
		fatal("no CONFIG");
	cursor_init(&c, self.config.bytes + 1, self.config.len - 1);
	net_read_config(&self.net.config, &c);
	if (!cursor_done(&c))
		fatal("CONFIG is ill-formed");
	self.config.fds[0] = open("/", O_PATH | O_CLOEXEC);
}

/* As agent_run() and controller_run() do it. */
static void
lock_in(void)
{
	char error[NET_ERROR_MAX];

	net_begin(&self.net);
	if (!net_dial(&self.net.config, on_alarm, self.redis, error))
		fatal("%s", error);
	drop_root_directory(self.config.fds[0], self.jailed);
	net_lock_in();
}

/* PATH...: what it was given, and what of the user's it reaches. */
static void
look_around(char **words)
{
	char path[64], to[256];
	ssize_t len;

	for (int fd = 0; fd < 64; fd++) {
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		if ((len = readlink(path, to, sizeof to)) > 0)
			standin_say("fd %d %.*s", fd, (int)len, to);
	}
	for (char **at = environ; *at != NULL; at++)
		standin_say("env %s", *at);
	standin_say("leads %d", getsid(0) == getpid());
	standin_say("tty %d", open("/dev/tty", O_RDWR) == -1 ? errno : 0);
	probes_run_paths(lock_in, words);
}

/* Commands to Redis itself, which the honest one never sends. */
static void
attack_redis(char **words)
{
	static const char command[] = "CONFIG GET dir\r\nPING\r\n";

	(void)words;
	standin_say(
	    "wrote %zd", write(self.redis[0], command, sizeof command - 1));
	standin_wait_for_end(LINK_FD_EXECUTOR);
}

static const struct standin_attack attacks[] = {
	{ "frame", attack_frame },
	{ "flood", attack_flood },
	{ "silence", attack_silence },
	{ "spin", attack_spin },
	{ "redis", attack_redis },
	{ NULL, NULL },
};

int
main(int argc, char **argv)
{
	bool controller = argc > 1 && strcmp(argv[1], NET_ROLE_CONTROLLER) == 0;
	char **words;

	log_open("hostile net", LOG_LEVEL_INFO);
	standin_begin(argv);
	words = standin_words();
	/* Unlike the honest one it locks in its children alone, or never. */
	if (controller && prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
		fatal_errno("PR_SET_PDEATHSIG");
	if (controller)
		read_controllers_config();
	else
		read_config();
	if (strcmp(words[0], "around") == 0)
		look_around(words + 1);
	else if (strcmp(words[0], "outside") == 0)
		probes_run_outside("amirald-gate", words[1]);
	else if (strcmp(words[0], "probe") == 0)
		probes_run(lock_in);
	else {
		lock_in();
		standin_attack(attacks, words);
	}
	/* Until amirald ends it: one life is enough for a test. */
	attack_silence(NULL);
}
