/* Operators, own and pushed. Part of the gate (inside its jail). */
#include "keys/operators.h"

#include <stdlib.h>
#include <string.h>

#include "keys/revocations.h"

struct operators {
	struct allowed_signers *own;
	struct trust_list list; /* root NULL: none */
	char signer[PRINCIPAL_MAX + 1];
	uint8_t *envelope;
	size_t len;
	int64_t serial; /* the highest of this fleet, in force or not */
	struct revocations revoked; /* by any list that was ever taken */
};

struct operators *
operators_new(struct allowed_signers *own)
{
	struct operators *operators = calloc(1, sizeof(*operators));

	if (operators != NULL)
		operators->own = own;
	return operators;
}

void
operators_free(struct operators *operators)
{
	if (operators == NULL)
		return;
	allowed_signers_free(operators->own);
	trust_clear(&operators->list);
	revocations_clear(&operators->revoked);
	free(operators->envelope);
	free(operators);
}

static bool
is_revoked(const struct operators *operators, const struct public_key *key)
{
	char fingerprint[FINGERPRINT_SIZE];

	sign_fingerprint(key, fingerprint);
	return revocations_have(&operators->revoked, fingerprint) ||
	       trust_revokes(&operators->list, fingerprint);
}

/* A list lets people ask, and nothing else: it makes no signer of lists. */
static enum status
check_pushed(const struct trust_list *list, const struct public_key *key,
    int64_t now_ms, const char **principal)
{
	for (size_t i = 0; i < list->signer_count; i++) {
		const struct trust_signer *signer = &list->signers[i];

		if (!public_key_equal(&signer->key, key))
			continue;
		if (now_ms > list->expires || now_ms < signer->valid_after ||
		    (signer->valid_before != 0 &&
			now_ms > signer->valid_before))
			return STATUS_VALIDITY;
		*principal = signer->principal;
		return STATUS_OK;
	}
	return STATUS_UNKNOWN_KEY;
}

enum status
operators_check(const struct operators *operators, const struct public_key *key,
    enum envelope_kind kind, int64_t now_ms, const char **principal)
{
	enum status own, pushed;

	if (is_revoked(operators, key))
		return STATUS_REVOKED;
	own =
	    allowed_signers_check(operators->own, key, kind, now_ms, principal);
	if (own == STATUS_OK || own == STATUS_REVOKED ||
	    kind != ENVELOPE_REQUEST)
		return own;
	pushed = check_pushed(&operators->list, key, now_ms, principal);
	return pushed == STATUS_UNKNOWN_KEY ? own : pushed;
}

size_t
operators_count(const struct operators *operators)
{
	return allowed_signers_count(operators->own) +
	       operators->list.signer_count;
}

const struct public_key *
operators_key(const struct operators *operators, size_t i)
{
	size_t own = allowed_signers_count(operators->own);

	if (i < own)
		return allowed_signers_key(operators->own, i);
	return &operators->list.signers[i - own].key;
}

/*
 * The payload does not say how many sign it, so that a line could be taken
 * away unseen: there is one.
 */
static enum status
read_envelope(const uint8_t *bytes, size_t len, struct envelope *out)
{
	enum status status = envelope_read(bytes, len, ENVELOPE_TRUST, out);

	if (status == STATUS_OK && out->signatures != 1)
		return STATUS_LINES;
	return status;
}

static enum status
read_list(const struct envelope *envelope, struct trust_list *out)
{
	enum status status = envelope_verify(envelope, ENVELOPE_TRUST);

	if (status != STATUS_OK)
		return status;
	return trust_parse(envelope->payload, envelope->payload_len, out);
}

static enum status
signed_by(const struct operators *operators, const struct envelope *envelope,
    int64_t now_ms, const char **signer)
{
	return operators_check(operators, &envelope->signature[0].key,
	    ENVELOPE_TRUST, now_ms, signer);
}

/* The list is taken over. */
static enum status
install(struct operators *operators, struct trust_list *list,
    const char *signer, const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len);

	if (copy == NULL)
		return STATUS_MEMORY;
	memcpy(copy, bytes, len);
	free(operators->envelope);
	operators->envelope = copy;
	operators->len = len;
	memset(operators->signer, 0, sizeof(operators->signer));
	memcpy(operators->signer, signer, strnlen(signer, PRINCIPAL_MAX));
	trust_clear(&operators->list);
	operators->list = *list;
	operators->serial = list->serial;
	*list = (struct trust_list){ 0 }; /* transferred */
	return STATUS_OK;
}

static bool
is_same(const struct operators *operators, const uint8_t *bytes, size_t len)
{
	return operators->envelope != NULL && operators->len == len &&
	       memcmp(operators->envelope, bytes, len) == 0;
}

/* Nothing is parsed before it is known whose it is. */
static enum status
judge(const struct operators *operators, const char *fleet,
    const struct envelope *envelope, int64_t now_ms, struct trust_list *list,
    const char **signer)
{
	enum status status = signed_by(operators, envelope, now_ms, signer);

	if (status == STATUS_OK)
		status = read_list(envelope, list);
	if (status == STATUS_OK && strcmp(list->fleet, fleet) != 0)
		status = STATUS_FLEET;
	return status;
}

/*
 * Whom former lists revoked stays revoked. What has no room beside them counts
 * while this list does: were it refused, whoever has filled the room with
 * nobodies' keys could not be revoked himself.
 */
static enum operators_outcome
take_over(struct operators *operators, struct trust_list *list,
    const char *signer, const uint8_t *bytes, size_t len, enum status *why)
{
	enum status kept = revocations_add(&operators->revoked, list);

	*why = kept == STATUS_MEMORY
		   ? kept
		   : install(operators, list, signer, bytes, len);
	if (*why != STATUS_OK)
		return OPERATORS_BAD;
	return kept == STATUS_OK ? OPERATORS_TAKEN : OPERATORS_FULL;
}

enum operators_outcome
operators_take(struct operators *operators, const char *fleet,
    const uint8_t *bytes, size_t len, int64_t now_ms, enum status *why)
{
	enum operators_outcome outcome = OPERATORS_BAD;
	struct trust_list list = { 0 };
	struct envelope envelope;
	const char *signer = "";

	if (is_same(operators, bytes, len))
		return OPERATORS_SAME;
	*why = read_envelope(bytes, len, &envelope);
	if (*why == STATUS_OK)
		*why =
		    judge(operators, fleet, &envelope, now_ms, &list, &signer);
	if (*why == STATUS_OK) {
		if (list.serial <= operators->serial)
			outcome = OPERATORS_STALE;
		else if (list.expires <= now_ms)
			outcome = OPERATORS_EXPIRED;
		else
			outcome = take_over(
			    operators, &list, signer, bytes, len, why);
	}
	trust_clear(&list);
	return outcome;
}

/* A list may revoke its own signer: as its last word, it stands. */
static enum status
still_signed_by(const struct operators *operators,
    const struct envelope *envelope, const struct trust_list *list,
    int64_t now_ms, const char **signer)
{
	const struct public_key *key = &envelope->signature[0].key;
	char fingerprint[FINGERPRINT_SIZE];

	sign_fingerprint(key, fingerprint);
	if (!trust_revokes(list, fingerprint))
		return signed_by(operators, envelope, now_ms, signer);
	return allowed_signers_check(
	    operators->own, key, ENVELOPE_TRUST, now_ms, signer);
}

/*
 * Who was in time when the list came has signed it for good. Whoever has
 * signed it, it was taken: its revocations stay, as far as there is room. Were
 * that asked for here, a thief could keep root from disowning him.
 */
static enum status
resume(struct operators *operators, const struct envelope *envelope,
    int64_t now_ms, struct trust_list *list, const uint8_t *bytes, size_t len)
{
	const char *signer = "a key whose time is over";
	int64_t serial = list->serial;
	enum status kept = revocations_add(&operators->revoked, list), status;

	if (kept == STATUS_MEMORY)
		return kept;
	if (serial <= operators->serial)
		return STATUS_OK;
	status = still_signed_by(operators, envelope, list, now_ms, &signer);
	if (status == STATUS_OK || status == STATUS_VALIDITY)
		status = install(operators, list, signer, bytes, len);
	if (status != STATUS_MEMORY)
		operators->serial = serial;
	return status;
}

enum status
operators_restore(struct operators *operators, const char *fleet,
    const uint8_t *bytes, size_t len, int64_t now_ms)
{
	struct trust_list list = { 0 };
	struct envelope envelope;
	enum status status;

	status = read_envelope(bytes, len, &envelope);
	if (status == STATUS_OK)
		status = read_list(&envelope, &list);
	if (status == STATUS_OK && strcmp(list.fleet, fleet) != 0)
		status = STATUS_FLEET;
	if (status == STATUS_OK)
		status =
		    resume(operators, &envelope, now_ms, &list, bytes, len);
	trust_clear(&list);
	return status;
}

const struct trust_list *
operators_list(const struct operators *operators)
{
	return operators->list.root != NULL ? &operators->list : NULL;
}

const char *
operators_signer(const struct operators *operators)
{
	return operators->signer;
}

const uint8_t *
operators_envelope(const struct operators *operators, size_t *len)
{
	*len = operators->len;
	return operators->envelope;
}

int64_t
operators_serial(const struct operators *operators)
{
	return operators->list.serial;
}

size_t
operators_recall(struct operators *operators, const char *text, size_t len)
{
	return revocations_parse(&operators->revoked, text, len);
}

enum status
operators_inherit(
    struct operators *operators, const struct operators *predecessor)
{
	return revocations_join(&operators->revoked, &predecessor->revoked);
}

char *
operators_revoked(const struct operators *operators, size_t *len)
{
	return revocations_format(&operators->revoked, len);
}

size_t
operators_revoked_count(const struct operators *operators)
{
	return operators->revoked.count;
}
