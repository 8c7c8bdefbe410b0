/* Part of the gate: see builtin.h. */
#include "agent/gate/builtin.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "config.h"
#include "wire/json.h"

/* What JSON adds around and inside an envelope that is quoted as a string. */
#define QUOTED_MAX (REPLY_OUTPUT_MAX - 256)

/* One request to a built-in provider. */
struct question {
	struct gate_builtins *builtins;
	const struct admitted_terms *terms;
	uint8_t digest[ENVELOPE_DIGEST_SIZE]; /* of the request asked about */
	const struct replay_entry *entry;     /* of that request, or NULL */
};

/* A new object, or NULL when out of memory. */
typedef json_t *builtin_answer(const struct question *);

struct builtin {
	struct description description;
	bool about; /* another request, by its digest */
	builtin_answer *answer;
};

static json_t *
answer_ping(const struct question *question)
{
	const struct gate_trust *trust = question->builtins->trust;

	return json_pack("{s:I, s:s, s:s, s:I}", "time",
	    (json_int_t)clock_wall_ms(), "version", AMIRAL_VERSION,
	    "fingerprint", trust->fingerprint, "trust",
	    (json_int_t)operators_serial(trust->operators));
}

static json_t *
answer_facts(const struct question *question)
{
	json_t *facts = *question->builtins->facts;

	return facts == NULL ? json_object() : json_copy(facts);
}

static const char *
state_name(const struct replay_entry *entry)
{
	static const char *const names[] = {
		[REPLAY_RUNNING] = "running",
		[REPLAY_REFUSED] = "refused",
		[REPLAY_COMPLETE] = "complete",
	};

	return entry == NULL ? "not-seen" : names[entry->state];
}

/* The envelope itself: whoever asks can check it as if it had just come. */
static void
quote_final(json_t *output, const struct letter *letter)
{
	json_t *quoted = json_stringn((const char *)letter->bytes, letter->len);

	if (json_dumpb(quoted, NULL, 0, JSON_ENCODE_ANY) <= QUOTED_MAX)
		json_object_set(output, "reply", quoted);
	json_decref(quoted);
}

static json_t *
answer_status(const struct question *question)
{
	json_t *output =
	    json_pack("{s:s}", "state", state_name(question->entry));
	const struct letter *letter =
	    question->entry == NULL
		? NULL
		: memory_final(question->builtins->memory, question->digest);

	if (output != NULL && letter != NULL)
		quote_final(output, letter);
	return output;
}

/* One that was not seen yet will be refused when it comes. */
static bool
cancel_ahead(const struct question *question)
{
	struct gate_replay *replay = question->builtins->replay;
	const char *operator_ = question->terms->operator_;
	const char *whose =
	    question->terms->any_jobs ? REPLAY_ANYBODY : operator_;
	int64_t now = clock_wall_ms(), expires;
	uint8_t digest[ENVELOPE_DIGEST_SIZE];

	expires = json_get_integer(question->terms->arguments, "expires", 0);
	if (expires <= now)
		return true;
	replay_cancel_digest(question->digest, whose, digest);
	if (replay_find(replay, digest) != NULL)
		return true;
	return replay_room(replay, operator_, now) &&
	       replay_add(replay, digest, operator_, expires, REPLAY_REFUSED);
}

static json_t *
answer_cancel(const struct question *question)
{
	const char *state = state_name(question->entry);
	bool cancelled =
	    question->entry == NULL
		? cancel_ahead(question)
		: run_cancel(question->builtins->runs, question->digest,
		      question->terms->operator_);

	return json_pack("{s:s, s:b}", "state", state, "cancelled", cancelled);
}

static const struct argument status_arguments[] = {
	{ .name = "digest", .type = ARGUMENT_STRING, .required = true },
};

static const struct argument cancel_arguments[] = {
	{ .name = "digest", .type = ARGUMENT_STRING, .required = true },
	{ .name = "expires", .type = ARGUMENT_INTEGER, .required = true },
};

static const struct builtin builtins[] = {
	{ { .name = "ping" }, false, answer_ping },
	{ { .name = "facts" }, false, answer_facts },
	{ { .name = "status",
	      .arguments = status_arguments,
	      .argument_count = 1 },
	    true, answer_status },
	{ { .name = "cancel",
	      .arguments = cancel_arguments,
	      .argument_count = 2 },
	    true, answer_cancel },
};

const struct builtin *
builtin_find(const char *name)
{
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
		if (strcmp(builtins[i].description.name, name) == 0)
			return &builtins[i];
	}
	return NULL;
}

const struct description *
builtin_description(const struct builtin *builtin)
{
	return &builtin->description;
}

enum reply_reason
builtin_may(const struct builtin *builtin, const struct gate_replay *replay,
    const char *operator_, const json_t *args, int64_t now,
    char detail[static REPLY_DETAIL_MAX + 1])
{
	uint8_t digest[ENVELOPE_DIGEST_SIZE];
	const struct replay_entry *entry;
	const char *said = NULL;

	if (!builtin->about)
		return REASON_NONE;
	if (!json_get_base64(args, "digest", digest, sizeof(digest)))
		said = "argument digest is no SHA-256 in base64";
	else if (json_get_integer(args, "expires", 0) >
		 now + REQUEST_TTL_MAX_MS)
		said = "argument expires is further away than any request's";
	if (said != NULL) {
		snprintf(detail, REPLY_DETAIL_MAX + 1, "%s", said);
		return REASON_BAD_ARGS;
	}
	entry = replay_find(replay, digest);
	if (entry == NULL || operator_ == NULL ||
	    strcmp(replay_owner_name(replay, entry), operator_) == 0)
		return REASON_NONE;
	snprintf(
	    detail, REPLY_DETAIL_MAX + 1, "that is another operator's request");
	return REASON_DENIED;
}

void
builtin_run(struct gate_builtins *gate, struct admitted *admitted)
{
	struct question question = {
		.builtins = gate,
		.terms = admitted_terms(admitted),
	};
	const struct admitted_terms *terms = question.terms;
	struct reply reply = { .status = REPLY_COMPLETE, .ended = ENDED_EXIT };

	if (terms->builtin->about) {
		json_get_base64(terms->arguments, "digest", question.digest,
		    sizeof(question.digest));
		question.entry = replay_find(gate->replay, question.digest);
	}
	reply.output = terms->builtin->answer(&question);
	if (reply.output == NULL)
		fatal("out of memory");
	json_object_set_new(reply.output, "exit", json_integer(0));
	replay_mark(gate->replay, terms->subject->request, REPLAY_COMPLETE);
	reply_send(gate->replies, admitted_answer(admitted), &reply);
	audit_write(gate->audit, AUDIT_ENDED, terms->subject,
	    reply_ended_name(reply.ended));
	json_decref(reply.output);
	admitted_free(admitted);
}
