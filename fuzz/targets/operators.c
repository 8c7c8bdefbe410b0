/*
 * Fuzz target: the lists of operators that a host takes. Eight bytes, then a
 * list in its envelope: which file the host has, whether the list is taken
 * or was taken before, when; and what is done to the next list, which is
 * made from this one. Taken is only what one signed whom the host's own file
 * lets; a serial never falls; whom any of the lists has revoked may nothing,
 * for good; a list makes nobody a signer of lists.
 */
#include "keys/operators.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz/cast.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"

#define NOW_MS 1763800000500
#define FLEET  "paris-3f9c21aa"
#define HEADER 8
#define LISTS  3 /* that play() takes */

/* Who stands in the host's own file, and with which option. */
static const struct own {
	enum cast who;
	const char *option;
} owns[][3] = {
	{ { TRUST, "namespaces=\"amiral-trust-v1\" " }, { ALICE, "" } },
	{ { TRUST, "namespaces=\"amiral-trust-v1\" " },
	    { ALICE, "namespaces=\"amiral-trust-v1,amiral-request-v1\" " },
	    { BOB, "" } },
	{ { TRUST, "namespaces=\"amiral-trust-v1\",valid-before=\"20251101Z\""
		   " " } },
	{ { TRUST, "" } },
};

struct scene {
	struct allowed_signers *own; /* a second copy, to ask */
	struct operators *operators;
	int64_t now_ms;
	struct trust_list counted[LISTS]; /* their revocations do */
	unsigned count;
};

static struct allowed_signers *
parse_own(const struct own own[3], bool revoked)
{
	static const char *const names[CAST] = { "alice@example.com",
		"bob@example.com", "www01", "www02", "trust@example.com" };
	char text[4 * (PUBLIC_LINE_MAX + 100)] = "";
	char error[ALLOWED_SIGNERS_ERROR_MAX];
	struct allowed_signers *signers;

	for (unsigned i = 0; i < 3 && own[i].option != NULL; i++) {
		strcat(text, names[own[i].who]);
		strcat(strcat(text, " "), own[i].option);
		strcat(strcat(text, cast_line(own[i].who)), "\n");
	}
	if (revoked)
		strcat(strcat(text, "@revoked "), cast_line(TRUST));
	signers = allowed_signers_parse("file", text, strlen(text), error);
	MUST(signers != NULL);
	return signers;
}

static bool
may_sign_lists(const struct scene *s, const uint8_t *bytes, size_t len)
{
	const char *principal;
	struct envelope e;

	return envelope_open(bytes, len, ENVELOPE_TRUST, &e) == STATUS_OK &&
	       e.signatures == 1 &&
	       allowed_signers_check(s->own, &e.signature[0].key,
		   ENVELOPE_TRUST, s->now_ms, &principal) == STATUS_OK;
}

static bool
is_revoked(const struct trust_list *list, const struct public_key *key)
{
	char fingerprint[FINGERPRINT_SIZE];

	sign_fingerprint(key, fingerprint);
	for (size_t i = 0; i < list->revoked_count; i++)
		if (strcmp(list->revoked[i], fingerprint) == 0)
			return true;
	return false;
}

static bool
is_signer(
    const struct trust_list *list, const struct public_key *key, int64_t now_ms)
{
	for (size_t i = 0; i < list->signer_count; i++) {
		const struct trust_signer *signer = &list->signers[i];

		if (public_key_equal(&signer->key, key))
			return now_ms <= list->expires &&
			       now_ms >= signer->valid_after &&
			       (signer->valid_before == 0 ||
				   now_ms <= signer->valid_before);
	}
	return false;
}

/* A list of this fleet that was taken, now or, as a host says, before. */
static void
count(struct scene *s, const uint8_t *bytes, size_t len)
{
	struct trust_list *list = &s->counted[s->count];
	struct envelope e;

	if (envelope_open(bytes, len, ENVELOPE_TRUST, &e) != STATUS_OK ||
	    e.signatures != 1 ||
	    trust_parse(e.payload, e.payload_len, list) != STATUS_OK)
		return;
	s->count++;
	if (strcmp(list->fleet, FLEET) != 0)
		trust_clear(&s->counted[--s->count]);
}

static bool
was_revoked(const struct scene *s, const struct public_key *key)
{
	for (unsigned i = 0; i < s->count; i++)
		if (is_revoked(&s->counted[i], key))
			return true;
	return false;
}

/* As a plain reading of the lists has it, for any key. */
static void
check_key(const struct scene *s, const struct public_key *key)
{
	const struct trust_list *list = operators_list(s->operators);
	const char *principal = NULL;

	for (unsigned kind = 0; kind < ENVELOPE_KINDS; kind++) {
		enum envelope_kind k = (enum envelope_kind)kind;
		enum status own = allowed_signers_check(
		    s->own, key, k, s->now_ms, &principal);
		enum status both = operators_check(
		    s->operators, key, k, s->now_ms, &principal);
		bool revoked = own == STATUS_REVOKED || was_revoked(s, key);
		bool pushed = k == ENVELOPE_REQUEST && list != NULL &&
			      is_signer(list, key, s->now_ms);

		MUST((both == STATUS_REVOKED) == revoked);
		MUST((both == STATUS_OK) ==
		     (!revoked && (own == STATUS_OK || pushed)));
		MUST(both != STATUS_OK || name_is_principal(principal));
	}
}

static void
check_everybody(const struct scene *s)
{
	for (unsigned who = 0; who < CAST; who++)
		check_key(s, cast_key((enum cast)who));
	for (size_t i = 0; i < operators_count(s->operators); i++)
		check_key(s, operators_key(s->operators, i));
}

static void
check_in_force(const struct scene *s, const uint8_t *bytes, size_t len)
{
	const uint8_t *kept;
	size_t kept_len;
	const struct trust_list *list = operators_list(s->operators);

	MUST(list != NULL && strcmp(list->fleet, FLEET) == 0);
	MUST(operators_serial(s->operators) == list->serial);
	kept = operators_envelope(s->operators, &kept_len);
	MUST(kept_len == len && memcmp(kept, bytes, len) == 0);
	MUST(operators_signer(s->operators)[0] != '\0');
}

static void
take(struct scene *s, const uint8_t *bytes, size_t len)
{
	int64_t before = operators_serial(s->operators);
	enum status why = STATUS_OK;
	enum operators_outcome outcome =
	    operators_take(s->operators, FLEET, bytes, len, s->now_ms, &why);

	MUST((outcome == OPERATORS_BAD) == (why != STATUS_OK));
	if (outcome == OPERATORS_TAKEN) {
		count(s, bytes, len);
		MUST(may_sign_lists(s, bytes, len));
		MUST(operators_serial(s->operators) > before);
		MUST(operators_list(s->operators)->expires > s->now_ms);
		check_in_force(s, bytes, len);
		MUST(operators_take(s->operators, FLEET, bytes, len, s->now_ms,
			 &why) == OPERATORS_SAME);
	} else {
		MUST(operators_serial(s->operators) == before);
	}
	check_everybody(s);
}

static void
restore(struct scene *s, const uint8_t *bytes, size_t len)
{
	int64_t before = operators_serial(s->operators);
	enum status status =
	    operators_restore(s->operators, FLEET, bytes, len, s->now_ms);

	count(s, bytes, len);
	MUST(operators_serial(s->operators) >= before);
	if (operators_serial(s->operators) > before) {
		MUST(status == STATUS_OK);
		check_in_force(s, bytes, len);
	}
	check_everybody(s);
}

/* The next list: another serial, somebody revoked, signed by who is said. */
static uint8_t *
make_next(const struct trust_list *list, struct input *in, size_t *len)
{
	struct trust_list next = *list;
	char(*revoked)[FINGERPRINT_SIZE];
	enum cast signer = (enum cast)(input_u8(in) % CAST);
	uint8_t *bytes = NULL;
	size_t text_len;
	char *text;

	next.serial += (int8_t)input_u8(in);
	revoked = calloc(list->revoked_count + 1, sizeof(*revoked));
	MUST(revoked != NULL);
	if (list->revoked_count > 0)
		memcpy(revoked, list->revoked,
		    list->revoked_count * sizeof(*revoked));
	next.revoked = revoked;
	sign_fingerprint(cast_key((enum cast)(input_u8(in) % CAST)),
	    revoked[next.revoked_count++]);
	text = trust_build(&next, &text_len);
	if (text != NULL)
		bytes = cast_sign(ENVELOPE_TRUST, &signer, 1,
		    (const uint8_t *)text, text_len, len);
	free(text);
	free(revoked);
	return bytes;
}

static void
play(struct scene *s, struct input *in, uint8_t how)
{
	struct input next = *in;
	uint8_t *bytes;
	size_t len;

	input_bytes(in, HEADER - 5, &len);
	(how & 1 ? restore : take)(s, in->at, in->left);
	if (operators_list(s->operators) == NULL)
		return;
	bytes = make_next(operators_list(s->operators), &next, &len);
	if (bytes == NULL)
		return;
	(how & 2 ? restore : take)(s, bytes, len);
	free(bytes);
	(how & 4 ? restore : take)(s, in->at, in->left);
}

/* u8 file and steps, i32 the clock's seconds from now; three for the next. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct scene s = { .count = 0 };
	uint8_t how = input_u8(&in);
	const struct own *own = owns[how >> 4 & 3];

	fuzz_prepare();
	if (size < HEADER)
		return 0;
	s.now_ms = NOW_MS + (int64_t)input_i32(&in) * 1000;
	s.own = parse_own(own, how & 8);
	s.operators = operators_new(parse_own(own, how & 8));
	MUST(s.operators != NULL);
	play(&s, &in, how);
	while (s.count > 0)
		trust_clear(&s.counted[--s.count]);
	operators_free(s.operators);
	allowed_signers_free(s.own);
	return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return mutate_envelope(data, size, max, seed, HEADER, ENVELOPE_TRUST);
}
