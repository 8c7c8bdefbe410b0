/* amiral: the commands that ask the hosts something. */
#include "ctl/commands.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "ctl/certified.h"
#include "ctl/cosign.h"
#include "ctl/local.h"
#include "ctl/question.h"
#include "ctl/render_text.h"
#include "ctl/rotations.h"

static bool
refuse_words(const struct call *call, unsigned most)
{
	if (call->word_count <= most)
		return true;
	log_error("%s takes no '%s': amiral %s --help tells what it takes",
	    call->name, call->words[most], call->name);
	return false;
}

/* What can be wrong without asking anybody. */
static bool
read_provider(
    struct question *q, unsigned first, char error[static CTL_ERROR_MAX])
{
	const struct call *call = q->call;

	if (!name_is_provider(q->provider)) {
		snprintf(error, CTL_ERROR_MAX,
		    "'%.100s' is no provider's name (a-z, 0-9 and '-')",
		    q->provider);
		return false;
	}
	if (!description_load(&q->description, q->provider, error))
		return false;
	q->args = arguments_read(
	    call->words + first, call->word_count - first, error);
	return q->args != NULL &&
	       arguments_check(&q->description, q->args, error) &&
	       confirm_has_targets(&q->description, call->options, error);
}

bool
question_known(struct question *q, char error[static CTL_ERROR_MAX])
{
	q->known = local_known_hosts(&q->settings, error);
	return q->known != NULL &&
	       certified_add(&q->known, &q->settings, q->call->options, error);
}

static bool
read_hosts(struct question *q, char error[static CTL_ERROR_MAX])
{
	return question_known(q, error) &&
	       targets_build(q->call->options, q->known,
		   q->settings.known_hosts, &q->targets, error);
}

bool
question_signer(struct question *q, char error[static CTL_ERROR_MAX])
{
	const char *name;

	q->signer = signer_open(q->settings.key, error);
	if (q->signer == NULL)
		return false;
	name = q->settings.operator_ != NULL ? q->settings.operator_
					     : signer_comment(q->signer);
	if (!name_is_principal(name)) {
		snprintf(error, CTL_ERROR_MAX,
		    "the comment of %.200s, '%.100s', is no operator's name: "
		    "say -O PRINCIPAL",
		    q->settings.key, name);
		return false;
	}
	snprintf(q->operator_, sizeof q->operator_, "%s", name);
	return true;
}

/* A fresh pair each time: a recording of the wire stays closed. */
static void
fill_request(struct question *q)
{
	const struct options *o = q->call->options;
	struct request *r = &q->request;

	snprintf(r->fleet, sizeof r->fleet, "%s", q->settings.fleet);
	snprintf(r->provider, sizeof r->provider, "%s", q->provider);
	memcpy(r->operator_, q->operator_, sizeof r->operator_);
	ask_uuid(r->reply_to);
	r->signatures = 1;
	if (o->cosign != NULL)
		r->signatures =
		    o->signatures > 0 ? o->signatures : COSIGN_LEAST;
	r->match = q->targets.match;
	r->args = q->args;
	r->reply_via = REPLY_VIA_STREAM;
	seal_pair_new(&q->pair);
	r->sealed = true;
	memcpy(r->seal_to, q->pair.public_key, sizeof r->seal_to);
	r->timeout_s = (o->timeout_ms + 999) / 1000;
	r->stream = o->live;
	r->issued = clock_wall_ms();
	r->expires = r->issued + o->ttl_ms;
}

static bool
sign_request(struct question *q, char error[static CTL_ERROR_MAX])
{
	struct confirm_what what = {
		.options = q->call->options,
		.settings = &q->settings,
		.description = &q->description,
		.args = q->args,
		.targets = &q->targets,
		.known = known_hosts_count(q->known),
	};

	if (!confirm_all(&what, error))
		return false;
	if (!question_signer(q, error))
		return false;
	confirm_announce(&what);
	fill_request(q);
	return ask_sign(&q->ask, &q->request, q->signer, error);
}

int
question_nobody(const struct question *q)
{
	char *match =
	    json_dumps(q->targets.match, JSON_COMPACT | JSON_ENSURE_ASCII);

	fflush(stdout);
	if (json_array_size(json_object_get(q->targets.match, "hosts")) == 0 &&
	    json_object_get(q->targets.match, "hosts") != NULL)
		log_error("nothing matched: no name in %s fits --host or "
			  "--nodes; amiral hosts list shows them",
		    q->settings.known_hosts);
	else
		log_error("nothing matched %s: amiral facts shows what there "
			  "is",
		    match != NULL ? match : "");
	free(match);
	return EXIT_NOBODY;
}

/* After the run: what its view could not say with an exit status. */
static int
conclude(const struct question *q, const struct run *run)
{
	struct tally tally;
	int status;

	verdicts_tally(&run->verdicts, run->oddities.total, &tally);
	status = tally_exit_status(&tally);
	if (status == EXIT_NOBODY)
		return question_nobody(q);
	if (status == EXIT_OK && run->fact_missing) {
		log_error("no host has a fact '%s': amiral facts lists them",
		    q->fact);
		return EXIT_LOCAL;
	}
	return status;
}

int
question_perform(struct question *q, char error[static CTL_ERROR_MAX])
{
	struct run run = {
		.settings = &q->settings,
		.options = q->call->options,
		.known = q->known,
		.request = &q->request,
		.targets = &q->targets,
		.operator_ = q->operator_,
		.summary = description_summary(&q->description),
		.fact = q->fact,
		.started_ms = q->call->started_ms,
	};
	enum run_end end =
	    run_perform(q->engine, &run, view_choose(q->kind, q->call->options),
		&q->ask, &q->pair, q->signer, error);
	int status = EXIT_LOCAL;

	if (end == RUN_DONE)
		status = conclude(q, &run);
	else if (end == RUN_ABANDONED)
		status = run.oddities.total > 0 ? EXIT_UNVERIFIED : EXIT_SILENT;
	else
		log_error("%s", error);
	run_clear(&run);
	return status;
}

void
question_clear(struct question *q)
{
	run_close(q->engine);
	ask_clear(&q->ask);
	signer_free(q->signer);
	targets_clear(&q->targets);
	known_hosts_free(q->known);
	json_decref(q->args);
	description_clear(&q->description);
	settings_clear(&q->settings);
	sodium_memzero(&q->pair, sizeof q->pair);
}

/* The first of those who sign: nothing is sent. */
static int
make_file(struct question *q, unsigned first)
{
	const char *path = q->call->options->cosign;
	char error[CTL_ERROR_MAX] = "";
	int status = EXIT_LOCAL;
	bool good;

	good = cosign_is_free(path, error) &&
	       settings_read(&q->settings, q->call->options, error) &&
	       read_provider(q, first, error) && read_hosts(q, error);
	if (good && q->targets.by_name && q->targets.count == 0) {
		status = question_nobody(q);
	} else if (good && sign_request(q, error) &&
		   cosign_create(path, &q->ask, &q->pair, error)) {
		cosign_say_next(path, 1, q->request.signatures, stdout);
		status = EXIT_OK;
	} else {
		log_error("%s", error);
	}
	question_clear(q);
	return status;
}

/* Net connects while keys and hosts are read. */
static int
ask_hosts(struct question *q, unsigned first)
{
	char error[CTL_ERROR_MAX] = "";
	int status = EXIT_LOCAL;
	bool good;

	if (q->call->options->cosign != NULL)
		return make_file(q, first);
	good = settings_read(&q->settings, q->call->options, error) &&
	       read_provider(q, first, error) &&
	       (q->engine = run_open(&q->settings, q->call->options, error)) !=
		   NULL &&
	       read_hosts(q, error);
	if (good && q->targets.by_name && q->targets.count == 0)
		status = question_nobody(q);
	else if (good && sign_request(q, error))
		status = question_perform(q, error);
	else
		log_error("%s", error);
	if (status == EXIT_OK && q->targets.by_name)
		rotations_look(q->known, &q->settings, q->call->options);
	question_clear(q);
	return status;
}

int
command_ping(const struct call *call)
{
	struct question q = {
		.call = call, .kind = VIEW_PING, .provider = "ping"
	};

	return refuse_words(call, 0) ? ask_hosts(&q, 0) : EXIT_LOCAL;
}

int
command_find(const struct call *call)
{
	struct question q = {
		.call = call, .kind = VIEW_FIND, .provider = "ping"
	};

	return refuse_words(call, 0) ? ask_hosts(&q, 0) : EXIT_LOCAL;
}

int
command_facts(const struct call *call)
{
	struct question q = { .call = call,
		.kind = VIEW_FACTS,
		.provider = "facts",
		.fact = call->word_count > 0 ? call->words[0] : NULL };

	return refuse_words(call, 1) ? ask_hosts(&q, call->word_count)
				     : EXIT_LOCAL;
}

int
command_run(const struct call *call)
{
	struct question q = { .call = call, .kind = VIEW_RUN };

	if (call->word_count == 0 && call->options->cosign != NULL)
		return command_cosign(call);
	if (call->word_count == 0) {
		log_error("run needs a provider: amiral run PROVIDER "
			  "[KEY=VALUE ...]");
		return EXIT_LOCAL;
	}
	q.provider = call->words[0];
	return ask_hosts(&q, 1);
}

int
command_provider(const struct call *call)
{
	struct question q = {
		.call = call, .kind = VIEW_RUN, .provider = call->name
	};

	if (!name_is_provider(call->name)) {
		log_error("unknown command '%s': amiral --help lists them",
		    call->name);
		return EXIT_LOCAL;
	}
	return ask_hosts(&q, 0);
}
