/* amiral run --cosign FILE: what another operator asks, signed and sent. */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ctl/cosign.h"
#include "ctl/question.h"
#include "ctl/rotations.h"

/* The request is in the file: nothing else may say what is asked. */
static bool
refuse_more(const struct options *o, char error[static CTL_ERROR_MAX])
{
	if (!options_have_targets(o) && o->timeout_ms == 0 &&
	    o->signatures == 0)
		return true;
	snprintf(error, CTL_ERROR_MAX,
	    "%.300s says which hosts, for how long and how many sign: leave "
	    "targets, --timeout and --signatures out; with a provider a new "
	    "file is made",
	    o->cosign);
	return false;
}

/* As if it had been asked here. */
static void
take_over(struct question *q, const struct cosign *c)
{
	q->request = c->request;
	q->provider = q->request.provider;
	q->pair = c->pair;
	targets_of(
	    &q->targets, json_object_get(c->request.root, "match"), q->known);
}

static bool
read_file(struct question *q, struct cosign *c, const char *path,
    char error[static CTL_ERROR_MAX])
{
	return cosign_read(c, path, error) &&
	       cosign_is_live(
		   c, path, q->settings.fleet, clock_wall_ms(), error) &&
	       description_load(&q->description, c->request.provider, error) &&
	       question_known(q, error);
}

/* Kept in the file first: what cannot be sent from here, others can send. */
static bool
sign(struct question *q, struct cosign *c, char error[static CTL_ERROR_MAX])
{
	const struct options *o = q->call->options;

	return question_signer(q, error) &&
	       cosign_confirm(c, o, q->operator_, error) &&
	       (cosign_complete(c) ||
		   cosign_add(c, o->cosign, q->signer, q->operator_, error));
}

/* The first one's timeout and wish for live output hold here as well. */
static int
send_request(
    struct question *q, struct cosign *c, char error[static CTL_ERROR_MAX])
{
	struct options options = *q->call->options;
	struct call call = *q->call;
	int status = EXIT_LOCAL;

	options.timeout_ms = c->request.timeout_s * 1000;
	options.live = c->request.stream;
	call.options = &options;
	q->call = &call;
	q->ask = c->ask;
	c->ask.envelope = NULL; /* transferred */
	q->engine = run_open(&q->settings, &options, error);
	if (q->engine != NULL)
		status = question_perform(q, error);
	else
		log_error("%s", error);
	if (status == EXIT_OK && q->targets.by_name)
		rotations_look(q->known, &q->settings, &options);
	question_clear(q);
	return status;
}

static int
finish(struct question *q, struct cosign *c, char error[static CTL_ERROR_MAX])
{
	const struct options *o = q->call->options;

	if (!sign(q, c, error)) {
		log_error("%s", error);
	} else if (cosign_complete(c) && !o->no_send) {
		return send_request(q, c, error);
	} else {
		cosign_say_next(o->cosign, c->envelope.signatures,
		    c->request.signatures, stdout);
		question_clear(q);
		return EXIT_OK;
	}
	question_clear(q);
	return EXIT_LOCAL;
}

int
command_cosign(const struct call *call)
{
	struct question q = { .call = call, .kind = VIEW_RUN };
	struct cosign cosign = { .ask = { .envelope = NULL } };
	char error[CTL_ERROR_MAX] = "";
	int status = EXIT_LOCAL;

	if (!refuse_more(call->options, error) ||
	    !settings_read(&q.settings, call->options, error) ||
	    !read_file(&q, &cosign, call->options->cosign, error)) {
		log_error("%s", error);
		question_clear(&q);
	} else {
		take_over(&q, &cosign);
		if (q.targets.by_name && q.targets.count == 0) {
			status = question_nobody(&q);
			question_clear(&q);
		} else {
			status = finish(&q, &cosign, error);
		}
	}
	cosign_clear(&cosign);
	return status;
}
