/* Part of the gate: see facts.h. */
#include "agent/gate/facts.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "agent/gate/object.h"
#include "base/log.h"
#include "wire/json.h"

static void
facts_due(void *arg)
{
	facts_refresh(arg);
}

void
facts_init(struct gate_facts *facts, struct loop *loop, struct gate_jobs *jobs,
    const struct gate_admit *admit, facts_done_fn *done, void *arg)
{
	*facts = (struct gate_facts){
		.loop = loop,
		.jobs = jobs,
		.admit = admit,
		.done = done,
		.arg = arg,
		.object = json_object(),
		.timer = { .fn = facts_due, .arg = facts },
	};
	if (facts->object == NULL)
		fatal("out of memory");
}

static void
identity_set(json_t *object, const struct gate_trust *trust)
{
	json_t *groups = json_array();

	for (char *const *group = trust->conf->groups; *group != NULL; group++)
		json_array_append_new(groups, json_string(*group));
	json_object_set_new(object, "hostname", json_string(trust->hostname));
	json_object_set_new(object, "fleet", json_string(trust->conf->fleet));
	json_object_set_new(object, "groups", groups);
}

void
facts_identify(struct gate_facts *facts)
{
	identity_set(facts->object, facts->admit->trust);
}

static const char *
largest_member(const json_t *object)
{
	struct json_each each = { 0 };
	const char *name = NULL;
	size_t largest = 0;

	while (json_each(object, &each)) {
		size_t size = object_size(each.value);

		if (size > largest) {
			largest = size;
			name = each.name;
		}
	}
	return name;
}

/* The same name, as long-lived as object. */
static const char *
name_in(const json_t *object, const char *name)
{
	struct json_each each = { 0 };

	while (json_each(object, &each) && strcmp(each.name, name) != 0)
		;
	return each.at == NULL ? NULL : each.name;
}

json_t *
facts_fitting(json_t *facts, size_t max, const char **left_out)
{
	json_t *fitting = json_copy(facts);

	*left_out = NULL;
	while (object_size(fitting) > max) {
		const char *name = largest_member(fitting);

		*left_out = name_in(facts, name);
		json_object_del(fitting, name);
	}
	return fitting;
}

static void
facts_data(void *arg, enum job_stream stream, const uint8_t *bytes, size_t len)
{
	struct gate_facts *facts = arg;

	if (stream != JOB_STDOUT)
		return;
	if (facts->output == NULL)
		facts->output = malloc(FACTS_READ_MAX);
	if (facts->output == NULL || len > FACTS_READ_MAX - facts->used) {
		facts->over = true;
		return;
	}
	memcpy(facts->output + facts->used, bytes, len);
	facts->used += len;
}

/* The provider's object, or NULL after a failed run. */
static json_t *
facts_result(const struct gate_facts *facts, const struct job_exit *result)
{
	int status = (int)result->code;

	if (result->end != JOB_ENDED || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != 0 || result->truncated || facts->over)
		return NULL;
	return object_read(facts->output, facts->used);
}

/* What becomes of it here: with the host's identity, and not too large. */
static json_t *
facts_complete(const struct gate_facts *facts, json_t *object)
{
	const char *left_out;
	json_t *fitting;

	identity_set(object, facts->admit->trust);
	fitting = facts_fitting(object, FACTS_MAX, &left_out);
	if (left_out != NULL)
		log_warning(
		    "facts over %d bytes: %s is left out", FACTS_MAX, left_out);
	json_decref(object);
	if (fitting == NULL)
		fatal("out of memory");
	return fitting;
}

static void
run_forget(struct gate_facts *facts)
{
	free(facts->output);
	facts->output = NULL;
	facts->used = 0;
	facts->over = false;
	admitted_free(facts->admitted);
	facts->admitted = NULL;
}

static void
facts_ended(void *arg, const struct job_exit *result)
{
	struct gate_facts *facts = arg;
	json_t *object = facts_result(facts, result), *old = facts->object;
	bool changed = false;

	run_forget(facts);
	if (object == NULL && !facts->failed)
		log_warning("the provider facts %s: the host keeps the facts "
			    "that it had",
		    result->end == JOB_NOT_STARTED ? "did not start"
						   : "gave no JSON object");
	facts->failed = object == NULL;
	if (object != NULL) {
		facts->object = facts_complete(facts, object);
		changed = !json_equal(facts->object, old);
		json_decref(old);
	}
	loop_timer_set(facts->loop, &facts->timer,
	    FACTS_EVERY_MS + (int64_t)randombytes_uniform(FACTS_JITTER_MS));
	facts->done(changed, facts->arg);
}

static const struct job_hooks facts_hooks = {
	.data = facts_data,
	.ended = facts_ended,
};

void
facts_refresh(struct gate_facts *facts)
{
	if (facts->admitted != NULL)
		return;
	facts->admitted = admit_facts_refresh(facts->admit);
	if (jobs_launch(facts->jobs, facts->admitted, &facts_hooks, facts) !=
	    -1)
		return;
	run_forget(facts);
	loop_timer_set(facts->loop, &facts->timer, FACTS_AGAIN_MS);
}
