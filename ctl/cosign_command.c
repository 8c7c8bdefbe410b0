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

/* This command's question is the file's, with options of its own. */
struct signing {
	struct question q;
	struct cosign cosign;
	struct options options;
	struct call call;
};

static bool
read_file(struct signing *s, char error[static CTL_ERROR_MAX])
{
	const char *path = s->options.cosign;

	return settings_read(&s->q.settings, &s->options, error) &&
	       cosign_read(&s->cosign, path, error) &&
	       cosign_is_live(&s->cosign, path, s->q.settings.fleet,
		   clock_wall_ms(), error) &&
	       description_load(
		   &s->q.description, s->cosign.request.provider, error) &&
	       question_known(&s->q, error);
}

/* As if it had been asked here, with the first one's wishes. */
static void
take_over(struct signing *s)
{
	struct question *q = &s->q;

	q->request = s->cosign.request;
	q->provider = q->request.provider;
	q->pair = s->cosign.pair;
	targets_of(
	    &q->targets, json_object_get(q->request.root, "match"), q->known);
	s->options.timeout_ms = q->request.timeout_s * 1000;
	s->options.live = q->request.stream;
}

/* Kept in the file first: what cannot be sent from here, others can send. */
static bool
sign(struct signing *s, char error[static CTL_ERROR_MAX])
{
	return question_signer(&s->q, error) &&
	       cosign_confirm(&s->cosign, &s->options, s->q.operator_, error) &&
	       (cosign_complete(&s->cosign) ||
		   cosign_add(&s->cosign, s->options.cosign, s->q.signer,
		       s->q.operator_, error));
}

static int
send_request(struct signing *s, char error[static CTL_ERROR_MAX])
{
	struct question *q = &s->q;
	int status;

	q->ask = s->cosign.ask;
	s->cosign.ask.envelope = NULL; /* transferred */
	q->engine = run_open(&q->settings, &s->options, error);
	if (q->engine == NULL) {
		log_error("%s", error);
		return EXIT_LOCAL;
	}
	status = question_perform(q, error);
	if (status == EXIT_OK && q->targets.by_name)
		rotations_look(q->known, &q->settings, &s->options);
	return status;
}

static int
sign_and_send(struct signing *s, char error[static CTL_ERROR_MAX])
{
	if (!sign(s, error)) {
		log_error("%s", error);
		return EXIT_LOCAL;
	}
	if (cosign_complete(&s->cosign) && !s->options.no_send)
		return send_request(s, error);
	cosign_say_next(s->options.cosign, s->cosign.envelope.signatures,
	    s->cosign.request.signatures, stdout);
	return EXIT_OK;
}

int
command_cosign(const struct call *call)
{
	struct signing s = { .options = *call->options, .call = *call };
	char error[CTL_ERROR_MAX] = "";
	int status = EXIT_LOCAL;

	s.call.options = &s.options;
	s.q.call = &s.call;
	s.q.kind = VIEW_RUN;
	if (!refuse_more(&s.options, error) || !read_file(&s, error)) {
		log_error("%s", error);
	} else {
		take_over(&s);
		if (s.q.targets.by_name && s.q.targets.count == 0)
			status = question_nobody(&s.q);
		else
			status = sign_and_send(&s, error);
	}
	question_clear(&s.q);
	cosign_clear(&s.cosign);
	return status;
}
