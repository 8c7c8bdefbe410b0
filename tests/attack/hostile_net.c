/*
 * amiral-net, agent role, as an attacker would have it: the real links, the
 * real connections, the real jail, and then what the test orders.
 */
#include <string.h>
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

/* As agent_run() does it. */
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
	char **words;

	(void)argc;
	log_open("hostile net", LOG_LEVEL_INFO);
	standin_begin(argv);
	words = standin_words();
	read_config();
	if (strcmp(words[0], "outside") == 0)
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
