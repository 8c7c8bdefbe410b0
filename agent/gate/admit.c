/* Part of the gate: see admit.h. */
#include "agent/gate/admit.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/gate/builtin.h"
#include "agent/gate/jobs.h"
#include "agent/gate/policy.h"
#include "agent/gate/timetext.h"
#include "base/log.h"
#include "wire/json.h"
#include "wire/match.h"

struct admitted {
	struct admitted_terms terms;
	struct gate_answer answer;
	struct audit_subject subject;
	char *args;
	json_t *arguments;
};

/* One request on its way through the steps. */
struct admission {
	const struct gate_admit *gate;
	struct admit_result *result;
	const uint8_t *bytes;
	size_t len;
	int64_t now;
	struct envelope envelope;
	/* Line by line, the first one asks; owned by the store. */
	const char *principals[ENVELOPE_LINES_MAX];
	struct request request; /* cleared at the end */
	json_t *arguments;      /* of the request, or NULL */
	char *args;             /* the same, compact; freed at the end */
	size_t args_len;
	const struct builtin *builtin;
	bool any_jobs; /* it may be about another operator's request */
};

enum verdict {
	GO_ON,
	DROP, /* result->drop says why */
	KNOWN,
	REFUSE, /* result->reason and detail */
};

static enum verdict
drop(struct admission *admission, unsigned cause)
{
	admission->result->drop = cause;
	return DROP;
}

__attribute__((format(printf, 3, 4))) static enum verdict
refuse(
    struct admission *admission, enum reply_reason reason, const char *fmt, ...)
{
	struct admit_result *result = admission->result;
	va_list ap;

	result->reason = reason;
	va_start(ap, fmt);
	vsnprintf(result->detail, sizeof(result->detail), fmt, ap);
	va_end(ap);
	return REFUSE;
}

static enum verdict
step_envelope(struct admission *admission)
{
	enum status status = envelope_read(admission->bytes, admission->len,
	    ENVELOPE_REQUEST, &admission->envelope);

	return status == STATUS_OK ? GO_ON : drop(admission, status);
}

static enum verdict
step_signers(struct admission *admission)
{
	const struct operators *operators = admission->gate->trust->operators;

	for (unsigned i = admission->envelope.signatures; i-- > 0;) {
		enum status status = operators_check(operators,
		    &admission->envelope.signature[i].key, ENVELOPE_REQUEST,
		    admission->now, &admission->principals[i]);

		if (status != STATUS_OK)
			return drop(admission, status);
	}
	return GO_ON;
}

/* Known keys alone: the store has judged their points. */
static enum verdict
step_signatures(struct admission *admission)
{
	enum status status =
	    envelope_verify(&admission->envelope, ENVELOPE_REQUEST);

	return status == STATUS_OK ? GO_ON : drop(admission, status);
}

/* Last before anything reads what was signed: that may end this process. */
static enum verdict
step_poison(struct admission *admission)
{
	uint8_t digest[ENVELOPE_DIGEST_SIZE];

	envelope_digest(&admission->envelope, digest);
	if (!poison_take(admission->gate->poison, digest))
		return drop(admission, DROP_POISONED);
	return GO_ON;
}

static enum verdict
step_request(struct admission *admission)
{
	struct request *request = &admission->request;
	enum status status = request_parse(admission->envelope.payload,
	    admission->envelope.payload_len, request);

	if (status != STATUS_OK)
		return drop(admission, status);
	admission->arguments =
	    json_object_get(json_object_get(request->root, "command"), "args");
	return GO_ON;
}

/* The payload says who asks and how many sign: the lines must agree. */
static enum verdict
step_lines(struct admission *admission)
{
	const struct request *request = &admission->request;

	if (request->signatures != admission->envelope.signatures)
		return drop(admission, STATUS_LINES);
	if (strcmp(request->operator_, admission->principals[0]) != 0)
		return drop(admission, STATUS_OPERATOR);
	return GO_ON;
}

static enum verdict
step_fleet(struct admission *admission)
{
	const struct agent_conf *conf = admission->gate->trust->conf;

	if (strcmp(admission->request.fleet, conf->fleet) != 0)
		return drop(admission, STATUS_FLEET);
	return GO_ON;
}

static enum verdict
step_match(struct admission *admission)
{
	const struct gate_trust *trust = admission->gate->trust;
	struct match_host host = {
		.hostname = trust->hostname,
		.fleet = trust->conf->fleet,
		.groups = trust->conf->groups,
		.facts = *admission->gate->facts,
	};

	if (!match_test(admission->request.match, &host))
		return drop(admission, STATUS_NOT_MATCHED);
	return GO_ON;
}

static void
identify_signers(const struct admission *admission)
{
	struct audit_subject *subject = &admission->result->subject;
	const struct envelope *envelope = &admission->envelope;

	snprintf(subject->operator_, sizeof(subject->operator_), "%s",
	    admission->principals[0]);
	sign_fingerprint(&envelope->signature[0].key, subject->fingerprint);
	for (unsigned i = 1; i < envelope->signatures; i++) {
		struct audit_signer *at =
		    &subject->cosigners[subject->cosigner_count++];

		snprintf(at->operator_, sizeof(at->operator_), "%s",
		    admission->principals[i]);
		sign_fingerprint(&envelope->signature[i].key, at->fingerprint);
	}
}

/* From here on the request has a name: for the records and for the answer. */
static enum verdict
step_identify(struct admission *admission)
{
	struct audit_subject *subject = &admission->result->subject;
	const struct request *request = &admission->request;

	envelope_digest(&admission->envelope, subject->request);
	admission->args =
	    admission->arguments == NULL
		? strdup("{}")
		: json_compact(admission->arguments, &admission->args_len);
	if (admission->args == NULL)
		return drop(admission, STATUS_MEMORY);
	admission->args_len = strlen(admission->args);
	crypto_hash_sha256(subject->args, (const uint8_t *)admission->args,
	    admission->args_len);
	identify_signers(admission);
	memcpy(subject->provider, request->provider, sizeof(subject->provider));
	memcpy(subject->on_behalf_of, request->on_behalf_of,
	    sizeof(subject->on_behalf_of));
	answer_init(&admission->result->answer, request, subject->request);
	return GO_ON;
}

static bool
cancelled_by(const struct admission *admission, const char *by)
{
	uint8_t cancel[ENVELOPE_DIGEST_SIZE];

	replay_cancel_digest(admission->result->subject.request, by, cancel);
	return replay_find(admission->gate->replay, cancel) != NULL;
}

/* Whoever signed may have taken it back: each was told that he had. */
static bool
is_cancelled(const struct admission *admission)
{
	for (unsigned i = 0; i < admission->envelope.signatures; i++)
		if (cancelled_by(admission, admission->principals[i]))
			return true;
	return cancelled_by(admission, REPLAY_ANYBODY);
}

static enum verdict
step_known(struct admission *admission)
{
	struct gate_replay *replay = admission->gate->replay;
	const struct audit_subject *subject = &admission->result->subject;

	if (replay_find(replay, subject->request) != NULL)
		return KNOWN;
	if (!replay_room(replay, subject->operator_, admission->now))
		return drop(admission, DROP_REPLAY_FULL);
	if (is_cancelled(admission))
		return refuse(
		    admission, REASON_CANCELLED, "cancelled before it arrived");
	return GO_ON;
}

/*
 * One from far ahead is on record until its time comes: whoever has an
 * operator's key could fill the share of his name for good.
 */
static bool
is_too_far(const struct admission *admission)
{
	const char *asker = admission->principals[0];

	return admission->request.issued >
		   admission->now + REQUEST_TTL_MAX_MS &&
	       replay_owned(admission->gate->replay, asker) >= REPLAY_RESERVE;
}

static enum verdict
fresh_begun(struct admission *admission)
{
	char now[TIMETEXT_SIZE];

	if (admission->request.issued - REQUEST_SKEW_MS <= admission->now)
		return GO_ON;
	if (is_too_far(admission))
		return drop(admission, DROP_REPLAY_FULL);
	timetext(admission->now, now);
	return refuse(admission, REASON_CLOCK,
	    "the host's clock says %s (%" PRId64 ")", now, admission->now);
}

static enum verdict
fresh_expired(struct admission *admission)
{
	int64_t expires = admission->request.expires;

	if (expires <= admission->now - REPLAY_LATE_MS)
		return drop(admission, DROP_LATE);
	/* It may have been answered in another way, and been forgotten. */
	if (expires <= admission->now &&
	    expires <= admission->gate->replay->early)
		return drop(admission, DROP_LATE);
	if (expires <= admission->now)
		return refuse(admission, REASON_EXPIRED,
		    "it came %" PRId64 " ms too late",
		    admission->now - expires);
	return GO_ON;
}

static enum verdict
fresh_lifetime(struct admission *admission)
{
	const struct request *request = &admission->request;
	uint32_t max_ttl_s = admission->gate->trust->conf->max_ttl_s;

	if (request->expires - request->issued <= (int64_t)max_ttl_s * 1000)
		return GO_ON;
	return refuse(admission, REASON_DENIED,
	    "lifetime over the host's max_ttl of %" PRIu32 " s", max_ttl_s);
}

/* Where the clock went back, the window must not open again. */
static enum verdict
fresh_floor(struct admission *admission)
{
	if (admission->request.expires > admission->gate->replay->floor)
		return GO_ON;
	return refuse(admission, REASON_EXPIRED,
	    "the host has seen later requests expire");
}

static enum verdict
fresh_journal(struct admission *admission)
{
	if (admission->request.issued >= admission->gate->started)
		return GO_ON;
	return refuse(admission, REASON_NO_JOURNAL,
	    "issued before the agent started, which remembers nothing older");
}

/* Whether some section allows it, here and now; others: as policy.h has it. */
static enum reply_reason
ask_policy(const struct admission *admission, bool others,
    char detail[static REPLY_DETAIL_MAX + 1])
{
	const struct policy_question question = {
		.trust = admission->gate->trust,
		.facts = *admission->gate->facts,
		.request = &admission->request,
		.signers = admission->principals,
		.lines = admission->envelope.signatures,
		.now = admission->now,
		.others = others,
	};

	return policy_judge(&question, detail);
}

static enum verdict
step_policy(struct admission *admission)
{
	struct admit_result *result = admission->result;

	result->reason = ask_policy(admission, false, result->detail);
	return result->reason == REASON_NONE ? GO_ON : REFUSE;
}

static enum verdict
step_provider(struct admission *admission)
{
	const char *provider = admission->request.provider;

	admission->builtin = builtin_find(provider);
	if (admission->builtin != NULL ||
	    trust_provider(admission->gate->trust, provider) != NULL)
		return GO_ON;
	return refuse(admission, REASON_UNKNOWN_PROVIDER,
	    "the host has no provider %s", provider);
}

static enum verdict
step_arguments(struct admission *admission)
{
	struct admit_result *result = admission->result;
	const struct description *description =
	    admission->builtin != NULL ? builtin_description(admission->builtin)
				       : trust_provider(admission->gate->trust,
					     admission->request.provider);

	result->reason = REASON_BAD_ARGS;
	if (!description_check(
		description, admission->arguments, result->detail))
		return REFUSE;
	return GO_ON;
}

/* What a built-in provider has to say of its arguments, and of whose job. */
static enum verdict
step_builtin(struct admission *admission)
{
	struct admit_result *result = admission->result;
	char detail[REPLY_DETAIL_MAX + 1];

	if (admission->builtin == NULL)
		return GO_ON;
	admission->any_jobs =
	    ask_policy(admission, true, detail) == REASON_NONE;
	result->reason =
	    builtin_may(admission->builtin, admission->gate->replay,
		admission->any_jobs ? NULL : result->subject.operator_,
		admission->arguments, admission->now, result->detail);
	return result->reason == REASON_NONE ? GO_ON : REFUSE;
}

static enum verdict
step_seal(struct admission *admission)
{
	const struct request *request = &admission->request;

	if (!request->sealed || request_seal_ok(request))
		return GO_ON;
	return refuse(admission, REASON_BAD_SEAL,
	    "seal_to is no public key that keeps a secret");
}

static enum verdict
step_capacity(struct admission *admission)
{
	const struct gate_admit *gate = admission->gate;
	const char *operator_ = admission->result->subject.operator_;

	if (replay_owned(gate->replay, operator_) >=
	    REPLAY_SHARE - REPLAY_RESERVE)
		return refuse(admission, REASON_BUSY,
		    "as many live requests of one operator as the host "
		    "remembers");
	if (admission->builtin == NULL && !jobs_room(gate->jobs, operator_))
		return refuse(admission, REASON_BUSY,
		    "as many providers run as may, for everyone or for one "
		    "operator");
	return GO_ON;
}

/* The order is the contract (architecture section 2): first refusal wins. */
static enum verdict (*const steps[])(struct admission *) = {
	step_envelope,
	step_signers,
	step_signatures,
	step_poison,
	step_request,
	step_lines,
	step_fleet,
	step_match,
	step_identify,
	step_known,
	fresh_begun,
	fresh_expired,
	fresh_lifetime,
	fresh_floor,
	fresh_journal,
	step_policy,
	step_provider,
	step_arguments,
	step_builtin,
	step_seal,
	step_capacity,
};

static enum verdict
admission_judge(struct admission *admission)
{
	enum verdict verdict = GO_ON;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		verdict = steps[i](admission);
		if (verdict != GO_ON)
			break;
	}
	return verdict;
}

/* Nothing is answered that is not on record. */
static bool
admission_record(struct admission *admission, enum replay_state state)
{
	const struct audit_subject *subject = &admission->result->subject;

	return replay_add(admission->gate->replay, subject->request,
	    subject->operator_, admission->request.expires, state);
}

static struct admitted *
admitted_new(const struct gate_admit *gate, const char *provider, char *args,
    json_t *arguments)
{
	struct admitted *admitted = calloc(1, sizeof(*admitted));
	struct provider_conf row;

	if (admitted == NULL || args == NULL || arguments == NULL)
		fatal("out of memory");
	agent_conf_provider(gate->trust->conf, provider, &row);
	snprintf(admitted->subject.provider, sizeof(admitted->subject.provider),
	    "%s", provider);
	admitted->args = args;
	admitted->arguments = arguments;
	admitted->terms = (struct admitted_terms){
		.provider = admitted->subject.provider,
		.args = args,
		.args_len = strlen(args),
		.arguments = arguments,
		.timeout_ms = row.timeout_s * 1000,
		.max_output = row.max_output,
		.operator_ = admitted->subject.operator_,
		.subject = &admitted->subject,
	};
	return admitted;
}

static struct admitted *
admission_grant(struct admission *admission)
{
	const struct request *request = &admission->request;
	json_t *arguments = admission->arguments == NULL
				? json_object()
				: json_incref(admission->arguments);
	struct admitted *admitted = admitted_new(
	    admission->gate, request->provider, admission->args, arguments);
	struct admitted_terms *terms = &admitted->terms;

	admission->args = NULL; /* transferred */
	admitted->subject = admission->result->subject;
	admitted->answer = admission->result->answer;
	terms->builtin = admission->builtin;
	terms->any_jobs = admission->any_jobs;
	terms->stream = request->stream;
	terms->issued = request->issued;
	if (request->timeout_s > 0 &&
	    request->timeout_s * 1000 < terms->timeout_ms)
		terms->timeout_ms = (uint32_t)request->timeout_s * 1000;
	return admitted;
}

static void
admission_conclude(struct admission *admission, enum verdict verdict)
{
	struct admit_result *result = admission->result;
	bool runs = verdict == GO_ON;

	if (verdict == DROP) {
		result->outcome = ADMIT_DROPPED;
	} else if (verdict == KNOWN) {
		result->outcome = ADMIT_KNOWN;
	} else if (!admission_record(
		       admission, runs ? REPLAY_RUNNING : REPLAY_REFUSED)) {
		result->outcome = ADMIT_DROPPED;
		result->drop = STATUS_MEMORY;
	} else if (runs) {
		result->outcome = ADMIT_ADMITTED;
		result->admitted = admission_grant(admission);
	} else {
		result->outcome = ADMIT_REFUSED;
	}
}

void
admit(const struct gate_admit *gate, const uint8_t *bytes, size_t len,
    int64_t now, struct admit_result *result)
{
	struct admission admission = {
		.gate = gate,
		.result = result,
		.bytes = bytes,
		.len = len,
		.now = now,
	};

	*result = (struct admit_result){ .outcome = ADMIT_DROPPED };
	admission_conclude(&admission, admission_judge(&admission));
	free(admission.args);
	request_clear(&admission.request);
}

struct admitted *
admit_facts_refresh(const struct gate_admit *gate)
{
	return admitted_new(
	    gate, ADMIT_FACTS_PROVIDER, strdup("{}"), json_object());
}

const struct admitted_terms *
admitted_terms(const struct admitted *admitted)
{
	return &admitted->terms;
}

struct gate_answer *
admitted_answer(struct admitted *admitted)
{
	return &admitted->answer;
}

void
admitted_free(struct admitted *admitted)
{
	json_decref(admitted->arguments);
	free(admitted->args);
	free(admitted);
}
