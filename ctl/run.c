#include "ctl/run.h"

#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "ctl/engine.h"
#include "ctl/rotations.h"

#define LOOP_FDS 4

struct engine *
run_open(const struct settings *settings, const struct options *options,
    char error[static CTL_ERROR_MAX])
{
	struct engine *e = calloc(1, sizeof *e);

	if (e == NULL ||
	    (e->items = calloc(VERIFY_BATCH_MAX, sizeof *e->items)) == NULL)
		fatal("out of memory");
	if (!settings_password(settings, e->password, error)) {
		free(e->items);
		free(e);
		return NULL;
	}
	e->config = (struct net_config){ settings->redis, e->password,
		settings->fleet, options->verbose };
	strcpy(e->position, "0-0");
	e->window = (struct loop_timer){ .fn = engine_window, .arg = e };
	e->deadline = (struct loop_timer){ .fn = engine_deadline, .arg = e };
	e->respawn = (struct loop_timer){ .fn = engine_respawn, .arg = e };
	e->loop = loop_new(LOOP_FDS);
	e->net = net_start(e->loop, &e->config, &engine_events, e, error);
	if (e->net == NULL) {
		run_close(e);
		return NULL;
	}
	return e;
}

void
run_close(struct engine *e)
{
	if (e == NULL)
		return;
	net_stop(e->net);
	loop_free(e->loop);
	ask_clear(&e->cancel);
	free(e->items);
	sodium_memzero(e->password, sizeof e->password);
	free(e);
}

/* ^C is an event like any other, as long as the loop runs. */
static int
run_loop(struct engine *e, char error[static CTL_ERROR_MAX])
{
	sigset_t set;
	int signals, result;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	engine_hold_interrupts(true);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals == -1)
		fatal_errno("signalfd");
	loop_watch(e->loop, signals, POLLIN, engine_signal, e);
	e->error = error;
	loop_timer_set(e->loop, &e->deadline, RUN_CONNECT_MS);
	result = loop_run(e->loop);
	loop_unwatch(e->loop, signals);
	close(signals);
	engine_hold_interrupts(false);
	return result;
}

bool
run_hellos(
    struct engine *e, struct hellos *hellos, char error[static CTL_ERROR_MAX])
{
	fetch_init(&e->fetch, hellos);
	return run_loop(e, error) == STOP_DONE;
}

static void
prepare(struct engine *e, struct run *run, const struct ask *ask,
    const struct seal_pair *pair)
{
	verdicts_init(&run->verdicts, run->known);
	e->run = run;
	e->ask = ask;
	e->verify = (struct verify_context){ .known = run->known,
		.reply_to = run->request->reply_to,
		.pair = pair,
		.count = 1 };
	memcpy(e->verify.requests[0], ask->digest, sizeof ask->digest);
	progress_init(&e->progress, run->options);
	if (run->targets->by_name) {
		engine_expect(e);
		return;
	}
	hellos_init(
	    &e->hellos, run->known, run->settings->cache, run->settings->fleet);
	fetch_init(&e->fetch, &e->hellos);
}

/* After the answers are shown: nobody waits for the disk. */
static void
save_hellos(struct engine *e)
{
	char error[CTL_ERROR_MAX];

	if (e->fetch.hellos == NULL)
		return;
	if (!hellos_save(&e->hellos, error))
		log_warning("%s", error);
	rotations_follow(&e->hellos, e->run->settings->known_hosts);
	hellos_clear(&e->hellos);
	e->fetch.hellos = NULL;
}

enum run_end
run_perform(struct engine *e, struct run *run, const struct view *view,
    const struct ask *ask, const struct seal_pair *pair, struct signer *signer,
    char error[static CTL_ERROR_MAX])
{
	static const enum run_end ends[] = {
		[STOP_DONE] = RUN_DONE,
		[STOP_FAILED] = RUN_FAILED,
		[STOP_ABANDONED] = RUN_ABANDONED,
	};
	int stop;

	e->view = view;
	e->signer = signer;
	prepare(e, run, ask, pair);
	stop = run_loop(e, error);
	progress_clear(&e->progress);
	if (stop == STOP_DONE && !e->publish_confirmed &&
	    run->verdicts.acknowledged == 0)
		log_warning("Redis has not confirmed that it took the request");
	if (stop == STOP_DONE && view->finished != NULL)
		view->finished(run);
	fflush(stdout);
	save_hellos(e);
	return ends[stop];
}

void
run_clear(struct run *run)
{
	verdicts_clear(&run->verdicts);
}

int64_t
run_elapsed_ms(const struct run *run)
{
	return clock_monotonic_ms() - run->started_ms;
}
