/* Part of the gate: see policy.h. */
#include "agent/gate/policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/log.h"
#include "wire/fact.h"
#include "wire/json.h"

#define SHOWN      96 /* bytes of an escaped title or name in a detail */
#define NUMBER     24 /* bytes of an integer's text */
#define MINUTE_MS  60000
#define DAY        1440 /* minutes */
#define CHECKS     (sizeof(checks) / sizeof(checks[0]))
#define DETAIL_END (REPLY_DETAIL_MAX + 1)

_Static_assert(POLICY_SIGNATURES == ENVELOPE_LINES_MAX &&
		   POLICY_HOSTS_MAX == REQUEST_HOSTS_MAX,
    "a section may demand what a request can hold");

typedef bool check_fn(
    const struct policy_conf *, const struct policy_question *);
typedef int complain_fn(const struct policy_conf *,
    const struct policy_question *, char *what, size_t size);

/* What globs are held against; NULL for what has no one text. */
static const char *
value_text(const json_t *value, char number[static NUMBER])
{
	if (json_is_string(value))
		return json_string_value(value);
	if (json_is_boolean(value))
		return json_is_true(value) ? "true" : "false";
	if (!json_is_integer(value))
		return NULL;
	snprintf(
	    number, NUMBER, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return number;
}

/* The first argument that the section does not take, or NULL. */
static const char *
unwanted_argument(
    const struct policy_conf *policy, const struct policy_question *question)
{
	struct json_each each = { 0 };
	char number[NUMBER];

	if (policy->args == NULL)
		return NULL;
	while (json_each(question->request->args, &each)) {
		const char *text = value_text(each.value, number);

		if (text == NULL || !policy_takes(policy, each.name, text))
			return each.name;
	}
	return NULL;
}

static bool
arguments_hold(
    const struct policy_conf *policy, const struct policy_question *question)
{
	return unwanted_argument(policy, question) == NULL;
}

static int
complain_arguments(const struct policy_conf *policy,
    const struct policy_question *question, char *what, size_t size)
{
	const char *name = unwanted_argument(policy, question);
	char shown[SHOWN];

	if (name == NULL)
		fatal("a policy refuses arguments that it takes");
	/* The name is the asker's own text. */
	escape_text(shown, sizeof(shown), name, strlen(name));
	return snprintf(what, size, "does not take this argument %s", shown);
}

static bool
jobs_hold(
    const struct policy_conf *policy, const struct policy_question *question)
{
	return !question->others || policy->any_jobs;
}

static int
complain_jobs(const struct policy_conf *policy,
    const struct policy_question *question, char *what, size_t size)
{
	(void)policy;
	(void)question;
	return snprintf(what, size, "is not for another operator's requests");
}

static bool
hosts_hold(
    const struct policy_conf *policy, const struct policy_question *question)
{
	const json_t *hosts =
	    json_object_get(question->request->match, "hosts");

	return policy->max_hosts == 0 ||
	       (hosts != NULL && json_array_size(hosts) <= policy->max_hosts);
}

static int
complain_hosts(const struct policy_conf *policy,
    const struct policy_question *question, char *what, size_t size)
{
	(void)question;
	return snprintf(what, size,
	    "wants the hosts by name, at most %" PRIu32 " of them",
	    policy->max_hosts);
}

static bool
facts_hold(
    const struct policy_conf *policy, const struct policy_question *question)
{
	const struct match_host host = {
		.hostname = question->trust->hostname,
		.fleet = question->trust->conf->fleet,
		.groups = question->trust->conf->groups,
		.facts = question->facts,
	};
	const struct fact_view view = { .host = &host };
	const struct policy_condition *at;

	for (at = policy->facts; at != NULL && at->name != NULL; at++) {
		struct fact fact = fact_find(&view, at->name);

		if (!fact_is_any(&fact, at->globs, GLOB_PATH))
			return false;
	}
	return true;
}

static int
complain_facts(const struct policy_conf *policy,
    const struct policy_question *question, char *what, size_t size)
{
	(void)policy;
	(void)question;
	return snprintf(what, size, "is not for this host, by its facts");
}

static unsigned
minute_of_day(int64_t now)
{
	return (unsigned)(now / MINUTE_MS % DAY);
}

static bool
hours_hold(
    const struct policy_conf *policy, const struct policy_question *question)
{
	unsigned now = minute_of_day(question->now);

	for (unsigned i = 0; i < policy->hour_count; i++) {
		const struct policy_hours *at = &policy->hours[i];

		if (at->from < at->until ? now >= at->from && now < at->until
					 : now >= at->from || now < at->until)
			return true;
	}
	return policy->hour_count == 0;
}

static int
complain_hours(const struct policy_conf *policy,
    const struct policy_question *question, char *what, size_t size)
{
	unsigned now = minute_of_day(question->now);

	(void)policy;
	return snprintf(what, size, "is not for this hour (%02u:%02u UTC here)",
	    now / 60, now % 60);
}

/* People, not keys: who signs with two counts once. */
static bool
is_counted(const struct policy_conf *policy,
    const struct policy_question *question, unsigned line)
{
	const char *signer = question->signers[line];

	for (unsigned i = 0; i < line; i++)
		if (strcmp(question->signers[i], signer) == 0)
			return false;
	return policy_lists(policy->operators, signer);
}

static unsigned
count_signers(
    const struct policy_conf *policy, const struct policy_question *question)
{
	unsigned count = 0;

	for (unsigned i = 0; i < question->lines; i++)
		count += is_counted(policy, question, i);
	return count;
}

static bool
signatures_hold(
    const struct policy_conf *policy, const struct policy_question *question)
{
	return count_signers(policy, question) >= policy->signatures;
}

static int
complain_signatures(const struct policy_conf *policy,
    const struct policy_question *question, char *what, size_t size)
{
	return snprintf(what, size,
	    "wants %" PRIu32 " of its operators to sign, %u did",
	    policy->signatures, count_signers(policy, question));
}

/*
 * What a section demands beside the names. The further down one fails, the
 * nearer the section came.
 */
static const struct {
	check_fn *holds;
	complain_fn *complain;
	enum reply_reason reason;
} checks[] = {
	{ arguments_hold, complain_arguments, REASON_DENIED },
	{ jobs_hold, complain_jobs, REASON_DENIED },
	{ hosts_hold, complain_hosts, REASON_DENIED },
	{ facts_hold, complain_facts, REASON_DENIED },
	{ hours_hold, complain_hours, REASON_DENIED },
	{ signatures_hold, complain_signatures, REASON_SIGNATURES },
};

/* How many of the checks hold, up to the first that does not. */
static size_t
checks_held(
    const struct policy_conf *policy, const struct policy_question *question)
{
	size_t n = 0;

	while (n < CHECKS && checks[n].holds(policy, question))
		n++;
	return n;
}

static enum reply_reason
refuse(const struct policy_conf *policy, size_t check,
    const struct policy_question *question, char detail[static DETAIL_END])
{
	char what[REPLY_DETAIL_MAX / 2], title[SHOWN];

	escape_text(title, sizeof(title), policy->title, strlen(policy->title));
	checks[check].complain(policy, question, what, sizeof(what));
	snprintf(detail, DETAIL_END, "policy '%s' %s", title, what);
	return checks[check].reason;
}

enum reply_reason
policy_judge(const struct policy_question *question,
    char detail[static REPLY_DETAIL_MAX + 1])
{
	const struct agent_conf *conf = question->trust->conf;
	const char *asker = question->signers[0];
	const char *provider = question->request->provider;
	const struct policy_conf *policy = NULL, *nearest = NULL;
	size_t held, most = 0;

	while ((policy = agent_conf_policy(conf, asker, provider, policy)) !=
	       NULL) {
		held = checks_held(policy, question);
		if (held == CHECKS)
			return REASON_NONE;
		if (nearest == NULL || held > most) {
			nearest = policy;
			most = held;
		}
	}
	if (nearest != NULL)
		return refuse(nearest, most, question, detail);
	snprintf(
	    detail, DETAIL_END, "no policy lets %s use %s", asker, provider);
	return REASON_DENIED;
}
