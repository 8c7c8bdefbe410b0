/*
 * amirald-gate as an attacker would have it: the real link, the real files
 * and keys, the real jail, and then what the test orders. An order that
 * begins with "ready" says READY first.
 */
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/gate/setup.h"
#include "base/cursor.h"
#include "base/log.h"
#include "base/name.h"
#include "privsep/drop.h"
#include "privsep/messages.h"
#include "tests/attack/probes.h"
#include "tests/attack/standin.h"
#include "wire/json.h"

#define HOARD_PACE_MS 6 /* below 200 launches a second */

static struct {
	struct gate_trust trust;
	struct gate_setup setup;
	struct standin_frame frame;
} self;

static void
set_done(bool first, void *arg)
{
	(void)first;
	(void)arg;
}

static void
set_failed(bool first, const char *why, void *arg)
{
	(void)why;
	set_done(first, arg);
}

/* Everything that amirald hands over before it waits for an answer. */
static void
take_set(void)
{
	const uint8_t *body = self.frame.bytes + 1;

	self.setup = (struct gate_setup){
		.trust = &self.trust, .done = set_done, .failed = set_failed
	};
	while (standin_receive(LINK_FD_EXECUTOR, &self.frame) &&
	       (self.frame.bytes[0] == E2G_FILE ||
		   self.frame.bytes[0] == E2G_ISSUED ||
		   self.frame.bytes[0] == E2G_NOTES))
		if (self.frame.bytes[0] == E2G_FILE)
			setup_on_file(&self.setup, body, self.frame.len - 1,
			    self.frame.fds[0]);
	if (self.frame.bytes[0] != E2G_COMMIT)
		fatal("no COMMIT");
}

/* As main() of the gate does it; the COMMIT is what locks in. */
static void
lock_in(void)
{
	drop_prepare(getppid());
	setup_on_commit(&self.setup, self.frame.bytes + 1, self.frame.len - 1,
	    self.frame.fds[0]);
}

static bool
send_launch(uint32_t id, uint32_t timeout_ms, const char *name, size_t len)
{
	uint8_t body[20 + 256];
	struct writer w;

	writer_init(&w, body, sizeof body);
	writer_u32(&w, id);
	writer_u32(&w, timeout_ms);
	writer_u32(&w, 0);
	writer_u64(&w, 0);
	writer_bytes(&w, name, len);
	return writer_done(&w) && standin_send(LINK_FD_EXECUTOR, G2E_LAUNCH,
				      body, w.used, NULL, 0);
}

struct tally {
	unsigned started, ended, timed_out, refused;
	uint32_t error;
	uint64_t longest_us;
};

/* False when the link is over. The pipes of what started are dropped. */
static bool
take_answer(struct tally *tally)
{
	uint32_t status;
	uint64_t wall_us;
	struct cursor c;
	uint8_t end;

	if (!standin_receive(LINK_FD_EXECUTOR, &self.frame))
		return false;
	for (unsigned i = 0; i < self.frame.fd_count; i++)
		close(self.frame.fds[i]);
	tally->started += self.frame.bytes[0] == E2G_STARTED;
	if (self.frame.bytes[0] != E2G_EXITED)
		return true;
	cursor_init(&c, self.frame.bytes + 1, self.frame.len - 1);
	(void)cursor_u32(&c);
	end = cursor_u8(&c);
	status = cursor_u32(&c);
	wall_us = cursor_u64(&c);
	if (end == JOB_NOT_STARTED) {
		tally->refused++;
		tally->error = status;
		return true;
	}
	tally->ended++;
	tally->timed_out += end == JOB_TIMEOUT;
	if (wall_us > tally->longest_us)
		tally->longest_us = wall_us;
	return true;
}

/* NAME...: each must be answered NOT_STARTED, or end this process. */
static void
attack_launch(char **words)
{
	for (uint32_t id = 0; words[id] != NULL; id++) {
		struct tally tally = { 0 };
		bool open = send_launch(id, 0, words[id], strlen(words[id]));

		while (open && tally.started + tally.refused == 0)
			open = take_answer(&tally);
		standin_say("%s %s %u", words[id],
		    tally.started > 0   ? "started"
		    : tally.refused > 0 ? "refused"
					: "ended",
		    tally.error);
	}
	standin_say("launched");
	standin_wait_for_end(LINK_FD_EXECUTOR);
}

/* NAME COUNT: asks for as many jobs as it likes, each for 49 days. */
static void
attack_many(char **words)
{
	unsigned long count = strtoul(words[1], NULL, 10);
	struct tally tally = { 0 };
	bool open = true;

	for (uint32_t id = 0; open && id < count; id++)
		open = send_launch(id, UINT32_MAX, words[0], strlen(words[0]));
	while (open && tally.started + tally.refused < count)
		open = take_answer(&tally);
	standin_say("started %u refused %u error %u", tally.started,
	    tally.refused, tally.error);
	while (open && tally.ended < tally.started)
		open = take_answer(&tally);
	standin_say("timed out %u longest %llu", tally.timed_out,
	    (unsigned long long)tally.longest_us);
	standin_wait_for_end(LINK_FD_EXECUTOR);
}

/* NAME SECONDS: one launch after the other, as fast as they are answered. */
static void
attack_rate(char **words)
{
	int64_t end = standin_now_ms() + 1000 * atol(words[1]);
	struct tally tally = { 0 };
	uint32_t id = 0;
	bool open = true;

	standin_say("flooding");
	while (open && standin_now_ms() < end) {
		unsigned before = tally.refused + tally.ended;

		open = send_launch(id++, 0, words[0], strlen(words[0]));
		while (open && tally.refused + tally.ended == before)
			open = take_answer(&tally);
	}
	standin_say("started %u refused %u", tally.started, tally.refused);
	standin_wait_for_end(LINK_FD_EXECUTOR);
}

/* NAME COUNT: at a pace that is let through, and never reads an answer. */
static void
attack_hoard(char **words)
{
	unsigned long count = strtoul(words[1], NULL, 10);
	bool open = true;

	for (uint32_t id = 0; open && id < count; id++) {
		open = send_launch(id, 0, words[0], strlen(words[0]));
		poll(NULL, 0, HOARD_PACE_MS);
	}
	standin_say("hoarded");
}

static const struct standin_attack attacks[] = {
	{ "frame", attack_frame },
	{ "flood", attack_flood },
	{ "silence", attack_silence },
	{ "launch", attack_launch },
	{ "many", attack_many },
	{ "rate", attack_rate },
	{ "hoard", attack_hoard },
	{ NULL, NULL },
};

static void
say_ready(void)
{
	standin_send(LINK_FD_EXECUTOR, G2E_READY, NULL, 0, NULL, 0);
}

/* amirald starts net once this process has said READY. */
static void
look_outside(char **words)
{
	say_ready();
	probes_run_outside("amiral-net", words[0]);
}

static void
attack(char **words)
{
	lock_in();
	if (strcmp(words[0], "ready") == 0) {
		say_ready();
		words++;
	}
	standin_attack(attacks, words);
}

int
main(int argc, char **argv)
{
	char **words;

	(void)argc;
	log_open("hostile gate", LOG_LEVEL_INFO);
	standin_begin(argv);
	words = standin_words();
	signal(SIGPIPE, SIG_IGN);
	if (sodium_init() == -1)
		fatal("libsodium does not start");
	json_prepare();
	take_set();
	if (strcmp(words[0], "outside") == 0)
		look_outside(words + 1);
	else if (strcmp(words[0], "probe") == 0)
		probes_run(lock_in);
	else
		attack(words);
	attack_silence(NULL);
}
