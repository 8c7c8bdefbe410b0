#include "ctl/engine.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "ctl/expected.h"

static int64_t
stream_expiry(const struct request *request)
{
	int64_t timeout_ms =
	    request->timeout_s > 0 ? request->timeout_s * 1000 : RUN_TIMEOUT_MS;

	return request->expires + timeout_ms + RUN_STREAM_EXTRA_MS;
}

/* How long the run may take. */
static int64_t
run_timeout(const struct run *run)
{
	return run->options->timeout_ms > 0
		   ? run->options->timeout_ms + RUN_MARGIN_MS / 5
		   : RUN_TIMEOUT_MS + RUN_MARGIN_MS;
}

/* A list of up to 64 names goes to those hosts' channels alone. */
static size_t
channels(const struct run *run, const char *names[REQUEST_CHANNELS_MAX])
{
	const json_t *hosts = json_object_get(run->targets->match, "hosts");
	size_t n = json_array_size(hosts);

	if (n > REQUEST_CHANNELS_MAX)
		return 0;
	for (size_t i = 0; i < n; i++)
		names[i] = json_string_value(json_array_get(hosts, i));
	return n;
}

static void
publish(struct engine *e, const struct ask *ask)
{
	const char *names[REQUEST_CHANNELS_MAX];
	const struct request *request = e->run->request;
	struct net_publication p = {
		.stream_expires = stream_expiry(request),
		.oldest = request->issued - REQUEST_TTL_MAX_MS,
		.reply_to = request->reply_to,
		.hosts = names,
		.n = channels(e->run, names),
		.envelope = ask->envelope,
		.len = ask->len,
	};

	if (!net_publish(e->net, &p))
		fatal("the queue to amiral-net is full at its start");
}

static void
fail(struct engine *e, const char *what, const char *why, size_t len)
{
	snprintf(e->error, CTL_ERROR_MAX, "%s%.*s", what, (int)len, why);
	loop_stop(e->loop, STOP_FAILED);
}

void
engine_expect(struct engine *e)
{
	if (e->expected_known)
		return;
	e->expected_known = true;
	expected_compute(e->run->targets->match, e->run->settings->fleet,
	    e->fetch.hellos, clock_wall_ms(), &e->run->verdicts);
}

static void
acknowledged(struct engine *e)
{
	engine_expect(e);
	loop_timer_clear(e->loop, &e->window);
	e->phase = PHASE_RUNNING;
	progress_clear(&e->progress);
	if (e->view->acknowledged != NULL)
		e->view->acknowledged(e->run);
}

/* Whether each host has said what became of the cancelled request. */
static bool
cancel_settled(const struct verdicts *v)
{
	for (size_t i = 0; i < v->count; i++) {
		const struct host *host = &v->hosts[i];

		if (host_counts(host) && !host->is_final &&
		    (host->acknowledged || !host->cancel_answered))
			return false;
	}
	return true;
}

/* Is there still somebody to wait for? */
static void
advance(struct engine *e)
{
	const struct verdicts *v = &e->run->verdicts;

	if (e->fetch.hellos != NULL && e->connected && fetch_done(&e->fetch))
		engine_expect(e);
	if (e->phase == PHASE_ACKNOWLEDGING && e->expected_known &&
	    v->expected > 0 && v->expected_acknowledged == v->expected)
		acknowledged(e);
	if ((e->phase == PHASE_RUNNING && v->finals == v->acknowledged) ||
	    (e->phase == PHASE_CANCELLING && cancel_settled(v)))
		loop_stop(e->loop, STOP_DONE);
	else
		progress_show(&e->progress, v->finals,
		    v->expected > v->acknowledged ? v->expected
						  : v->acknowledged);
}

void
engine_window(void *arg)
{
	struct engine *e = arg;

	acknowledged(e);
	advance(e);
}

void
engine_deadline(void *arg)
{
	struct engine *e = arg;

	if (e->phase == PHASE_CONNECTING) {
		fail(e, "", "no connection to Redis in 10 seconds",
		    CTL_ERROR_MAX);
		return;
	}
	if (e->phase == PHASE_ACKNOWLEDGING)
		acknowledged(e);
	loop_stop(e->loop, STOP_DONE);
}

static void
first_connection(struct engine *e)
{
	e->phase = PHASE_ACKNOWLEDGING;
	e->published_ms = clock_monotonic_ms();
	loop_timer_set(e->loop, &e->window, e->run->options->ack_timeout_ms);
	loop_timer_set(e->loop, &e->deadline, run_timeout(e->run));
	if (e->view->published != NULL)
		e->view->published(e->run);
}

/*
 * A request that Redis may have lost is published again: hosts know it by
 * its bytes, and only repeat themselves.
 */
static void
on_connected(void *arg)
{
	struct engine *e = arg;

	e->connected = true;
	if (e->run == NULL) {
		fetch_start(&e->fetch, e->net);
		return;
	}
	publish(e, e->ask);
	if (!net_read(e->net, e->run->request->reply_to, e->position))
		fatal("the queue to amiral-net is full at its start");
	if (e->cancel.envelope != NULL)
		publish(e, &e->cancel);
	if (!e->expected_known && e->fetch.hellos != NULL)
		fetch_start(&e->fetch, e->net);
	if (e->phase == PHASE_CONNECTING)
		first_connection(e);
}

static void
on_ended(const char *why, void *arg)
{
	struct engine *e = arg;

	if (e->lost)
		return;
	e->lost = true;
	e->connected = false;
	if (e->run == NULL || e->phase == PHASE_CONNECTING) {
		fail(e, "", why, strlen(why));
		return;
	}
	log_warning(
	    "the connection to Redis is lost (%s): connecting again", why);
	loop_timer_set(e->loop, &e->respawn, RUN_RESPAWN_MS);
}

static void
on_published(bool taken, const char *why, size_t len, void *arg)
{
	struct engine *e = arg;

	if (taken)
		e->publish_confirmed = true;
	else if (!e->publish_confirmed)
		fail(e, "Redis did not take the request: ", why, len);
	else
		log_warning(
		    "Redis did not take the request: %.*s", (int)len, why);
}

static void
note_oddity(struct engine *e, enum oddity kind, const struct verified *v,
    const char *name)
{
	oddities_add(
	    &e->run->oddities, kind, name, v->has_key ? &v->key : NULL);
}

/* A reply to the request itself. */
static void
take_reply(struct engine *e, struct verified *v)
{
	struct host *host = &e->run->verdicts.hosts[v->host];
	bool was_final = host->is_final;
	enum outcome outcome = verdicts_take(
	    &e->run->verdicts, v, clock_monotonic_ms() - e->published_ms);

	if (outcome == OUTCOME_CONTRADICTS)
		note_oddity(e, ODDITY_CONTRADICTS, v, host->name);
	else if (outcome == OUTCOME_CLONED)
		note_oddity(e, ODDITY_CLONED, v, host->name);
	else if (outcome == OUTCOME_NEW && e->view->reply != NULL)
		e->view->reply(e->run, host,
		    host->is_final && !was_final ? &host->final : &v->reply);
	reply_clear(&v->reply);
}

/* Once: what one host lacks, most of the others do. */
static void
take_cancel(struct engine *e, struct verified *v)
{
	struct host *host = &e->run->verdicts.hosts[v->host];

	if (v->reply.status == REPLY_NOOP && !e->cancel_refused) {
		e->cancel_refused = true;
		progress_clear(&e->progress);
		log_warning(
		    "%s does not cancel: %s", host->name, v->reply.detail);
	}
	host->cancel_answered = true;
	reply_clear(&v->reply);
}

static void
take_verified(struct engine *e, struct verified *v)
{
	if (v->oddity != ODDITY_NONE) {
		note_oddity(e, v->oddity, v, v->claimed);
		return;
	}
	if (v->request == 0)
		take_reply(e, v);
	else
		take_cancel(e, v);
}

/* The next of them; the marker that made the stream is empty. */
static size_t
next_batch(struct engine *e, struct cursor *entries)
{
	size_t n = 0;

	while (n < VERIFY_BATCH_MAX && !cursor_done(entries)) {
		struct verify_item *item = &e->items[n];

		item->bytes = cursor_string(entries, &item->len);
		if (item->bytes == NULL)
			fatal("amiral-net sent a malformed list of entries");
		if (item->len > 0)
			n++;
	}
	return n;
}

static void
on_entries(const char *position, struct cursor *entries, void *arg)
{
	struct engine *e = arg;
	size_t n;

	if (e->run == NULL)
		fatal("amiral-net read a stream that it was not asked for");
	snprintf(e->position, sizeof e->position, "%s", position);
	while ((n = next_batch(e, entries)) > 0) {
		verify_batch(&e->verify, e->items, n);
		for (size_t i = 0; i < n; i++)
			take_verified(e, &e->items[i].verified);
	}
	advance(e);
}

static void
on_hellos(bool last, struct cursor *hellos, void *arg)
{
	struct engine *e = arg;

	if (e->fetch.hellos == NULL)
		fatal("amiral-net sent hellos that it was not asked for");
	fetch_take(&e->fetch, e->net, last, hellos);
	if (e->run != NULL)
		advance(e);
	else if (fetch_done(&e->fetch))
		loop_stop(e->loop, STOP_DONE);
}

const struct net_events engine_events = {
	.connected = on_connected,
	.ended = on_ended,
	.published = on_published,
	.entries = on_entries,
	.hellos = on_hellos,
};

void
engine_respawn(void *arg)
{
	struct engine *e = arg;
	char error[CTL_ERROR_MAX];

	net_stop(e->net);
	e->lost = false;
	e->net = net_start(e->loop, &e->config, &engine_events, e, error);
	if (e->net != NULL)
		return;
	log_warning("%s", error);
	e->lost = true;
	loop_timer_set(e->loop, &e->respawn, RUN_RESPAWN_MS);
}

void
engine_hold_interrupts(bool hold)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	if (sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL) == -1)
		fatal_errno("sigprocmask");
}

/* The first ^C: asks the hosts to stop, and gives them a little time. */
static void
cancel(struct engine *e)
{
	char error[CTL_ERROR_MAX];
	bool signed_;

	if (e->phase == PHASE_ACKNOWLEDGING)
		acknowledged(e);
	e->phase = PHASE_CANCELLING;
	e->run->interrupted = true;
	loop_timer_set(e->loop, &e->deadline, RUN_CANCEL_MS);
	progress_clear(&e->progress);
	/* ssh-agent may ask somebody, who may not be there. */
	engine_hold_interrupts(false);
	signed_ = ask_cancel(&e->cancel, e->run->request, e->ask,
	    clock_wall_ms(), e->run->operator_, e->signer, error);
	engine_hold_interrupts(true);
	if (!signed_) {
		log_error("cannot cancel: %s", error);
		return;
	}
	memcpy(
	    e->verify.requests[1], e->cancel.digest, sizeof e->cancel.digest);
	e->verify.count = 2;
	log_warning("asked the hosts to cancel; ^C again leaves at once");
	if (e->connected)
		publish(e, &e->cancel);
	advance(e);
}

void
engine_signal(int fd, short ready, void *arg)
{
	struct engine *e = arg;
	struct signalfd_siginfo info;

	(void)ready;
	if (read(fd, &info, sizeof info) != sizeof info)
		return;
	if (e->run == NULL || e->phase == PHASE_CONNECTING)
		fail(e, "", "interrupted: nothing was sent", CTL_ERROR_MAX);
	else if (e->phase == PHASE_CANCELLING)
		loop_stop(e->loop, STOP_ABANDONED);
	else
		cancel(e);
}
