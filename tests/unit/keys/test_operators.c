/* Operators, own and pushed: whose list counts, and what is then in force. */
#include "keys/operators.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys/public.h"
#include "keys/revocations.h"
#include "tests/unit/wire/verify/pair.h"
#include "wire/json.h"

#define FLEET   "paris-3f9c21aa"
#define ISSUED  INT64_C(1763800000000)
#define NOW     (ISSUED + 1000)
#define EXPIRES (ISSUED + 3600000)
#define LATER   (EXPIRES + 1)

/* Numbers of pairs. */
enum { ALICE = 1, BOB, CAROL, TRUSTY, TRUSTY2, STRANGER };

static struct public_key
key_of(unsigned number)
{
	struct pair pair;

	pair_make(&pair, KEY_ED25519, (uint8_t)number);
	return pair.key;
}

/* text with %1 to %9 replaced by those pairs' lines. */
static struct operators *
operators_from(const char *text)
{
	char error[ALLOWED_SIGNERS_ERROR_MAX], whole[4096] = "";
	char line[PUBLIC_LINE_MAX];
	struct allowed_signers *own;
	struct operators *operators;
	size_t n = 0;

	for (; *text != '\0'; text++) {
		if (*text != '%') {
			whole[n++] = *text;
			continue;
		}
		struct public_key key = key_of((unsigned)(*++text - '0'));

		public_format(&key, "", line);
		n += (size_t)sprintf(whole + n, "%s", line);
	}
	own = allowed_signers_parse("as", whole, n, error);
	assert_non_null(own);
	operators = operators_new(own);
	assert_non_null(operators);
	return operators;
}

/* Alice asks; two may sign lists, one of them may ask as well. */
static struct operators *
usual(void)
{
	return operators_from(
	    "alice %1\n"
	    "trusty namespaces=\"amiral-trust-v1\" %4\n"
	    "trusty2 namespaces=\"amiral-trust-v1,amiral-request-v1\" %5\n");
}

struct letter {
	uint8_t *bytes;
	size_t len;
};

/* A list that adds bob for ever and revokes one, signed by that pair. */
struct content {
	int64_t serial;
	unsigned signer;
	unsigned revoked; /* 0: nobody */
	const char *fleet;
	enum envelope_kind kind;
	unsigned lines;
};

#define USUAL(number)                                                          \
	{                                                                      \
		.serial = (number), .signer = TRUSTY, .fleet = FLEET,          \
		.kind = ENVELOPE_TRUST, .lines = 1                             \
	}

static struct letter
letter_make(const struct content *content)
{
	struct trust_signer bob = { .principal = "bob", .key = key_of(BOB) };
	char revoked[1][FINGERPRINT_SIZE];
	struct public_key gone = key_of(content->revoked);
	struct trust_list list = {
		.serial = content->serial,
		.issued = ISSUED,
		.expires = EXPIRES,
		.signer_count = 1,
		.signers = &bob,
		.revoked_count = content->revoked != 0,
		.revoked = revoked,
	};
	struct letter letter;
	struct pair pairs[2];
	char *payload;
	size_t len;

	sign_fingerprint(&gone, revoked[0]);
	snprintf(list.fleet, sizeof(list.fleet), "%s", content->fleet);
	payload = trust_build(&list, &len);
	assert_non_null(payload);
	pair_make(&pairs[0], KEY_ED25519, (uint8_t)content->signer);
	pair_make(&pairs[1], KEY_ED25519, TRUSTY2);
	letter.bytes = pair_envelope(
	    pairs, content->lines, content->kind, payload, &letter.len);
	free(payload);
	return letter;
}

static enum operators_outcome
take(struct operators *operators, const struct content *content, int64_t now_ms,
    enum status *why)
{
	struct letter letter = letter_make(content);
	enum operators_outcome outcome = operators_take(
	    operators, FLEET, letter.bytes, letter.len, now_ms, why);

	free(letter.bytes);
	return outcome;
}

static enum status
restore(
    struct operators *operators, const struct content *content, int64_t now_ms)
{
	struct letter letter = letter_make(content);
	enum status status = operators_restore(
	    operators, FLEET, letter.bytes, letter.len, now_ms);

	free(letter.bytes);
	return status;
}

static enum status
may(const struct operators *operators, unsigned who, enum envelope_kind kind,
    int64_t now_ms)
{
	const char *principal = "untouched";
	struct public_key key = key_of(who);
	enum status status =
	    operators_check(operators, &key, kind, now_ms, &principal);

	assert_int_equal(
	    status != STATUS_OK, strcmp(principal, "untouched") == 0);
	return status;
}

static void
a_list_adds_who_may_ask(void **state)
{
	struct operators *operators = usual();
	struct content content = USUAL(1);
	enum status why;

	(void)state;
	assert_null(operators_list(operators));
	assert_int_equal(operators_serial(operators), 0);
	assert_int_equal(operators_count(operators), 3);
	assert_int_equal(
	    may(operators, BOB, ENVELOPE_REQUEST, NOW), STATUS_UNKNOWN_KEY);
	assert_int_equal(take(operators, &content, NOW, &why), OPERATORS_TAKEN);
	assert_int_equal(may(operators, BOB, ENVELOPE_REQUEST, NOW), STATUS_OK);
	assert_int_equal(
	    may(operators, ALICE, ENVELOPE_REQUEST, NOW), STATUS_OK);
	assert_int_equal(operators_serial(operators), 1);
	assert_int_equal(operators_count(operators), 4);
	struct public_key bob = key_of(BOB);
	assert_true(public_key_equal(operators_key(operators, 3), &bob));
	assert_string_equal(operators_signer(operators), "trusty");
	/* It makes nobody a signer of lists. */
	for (unsigned kind = 0; kind < ENVELOPE_KINDS; kind++) {
		if (kind != ENVELOPE_REQUEST)
			assert_int_equal(
			    may(operators, BOB, (enum envelope_kind)kind, NOW),
			    STATUS_UNKNOWN_KEY);
	}
	content = (struct content)USUAL(2);
	content.signer = BOB;
	assert_int_equal(take(operators, &content, NOW, &why), OPERATORS_BAD);
	assert_int_equal(why, STATUS_UNKNOWN_KEY);
	operators_free(operators);
}

static void
refuses(void **state)
{
	static const struct {
		struct content content;
		int64_t now;
		enum operators_outcome outcome;
		enum status why;
	} rows[] = {
		{ { 8, STRANGER, 0, FLEET, ENVELOPE_TRUST, 1 }, NOW,
		    OPERATORS_BAD, STATUS_UNKNOWN_KEY },
		{ { 8, ALICE, 0, FLEET, ENVELOPE_TRUST, 1 }, NOW, OPERATORS_BAD,
		    STATUS_UNKNOWN_KEY },
		{ { 8, TRUSTY, 0, "rome-3f9c21aa", ENVELOPE_TRUST, 1 }, NOW,
		    OPERATORS_BAD, STATUS_FLEET },
		{ { 8, TRUSTY, 0, FLEET, ENVELOPE_REQUEST, 1 }, NOW,
		    OPERATORS_BAD, STATUS_NAMESPACE },
		{ { 8, TRUSTY, 0, FLEET, ENVELOPE_TRUST, 2 }, NOW,
		    OPERATORS_BAD, STATUS_LINES },
		{ { 7, TRUSTY, ALICE, FLEET, ENVELOPE_TRUST, 1 }, NOW,
		    OPERATORS_STALE, STATUS_OK },
		{ { 6, TRUSTY2, 0, FLEET, ENVELOPE_TRUST, 1 }, NOW,
		    OPERATORS_STALE, STATUS_OK },
		{ { 8, TRUSTY, 0, FLEET, ENVELOPE_TRUST, 1 }, EXPIRES,
		    OPERATORS_EXPIRED, STATUS_OK },
		{ { 7, TRUSTY, 0, FLEET, ENVELOPE_TRUST, 1 }, NOW,
		    OPERATORS_SAME, STATUS_OK },
		{ { 8, TRUSTY, 0, FLEET, ENVELOPE_TRUST, 1 }, EXPIRES - 1,
		    OPERATORS_TAKEN, STATUS_OK },
	};
	struct operators *operators = usual();
	struct content content = USUAL(7);
	enum status why;

	(void)state;
	assert_int_equal(take(operators, &content, NOW, &why), OPERATORS_TAKEN);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		why = STATUS_OK;
		assert_int_equal(
		    take(operators, &rows[i].content, rows[i].now, &why),
		    rows[i].outcome);
		assert_int_equal(why, rows[i].why);
		assert_int_equal(operators_serial(operators),
		    rows[i].outcome == OPERATORS_TAKEN ? 8 : 7);
	}
	operators_free(operators);
}

/* Every bit of a genuine list. */
static void
refuses_every_flip(void **state)
{
	struct operators *operators = usual();
	struct content content = USUAL(1);
	struct letter letter = letter_make(&content);
	enum status why;

	(void)state;
	for (size_t bit = 0; bit < 8 * letter.len; bit++) {
		letter.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(operators_take(operators, FLEET, letter.bytes,
				     letter.len, NOW, &why),
		    OPERATORS_BAD);
		letter.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_null(operators_list(operators));
	free(letter.bytes);
	operators_free(operators);
}

static void
revocation_wins(void **state)
{
	struct operators *operators = usual();
	struct content content = USUAL(1);
	enum status why;

	(void)state;
	content.revoked = ALICE;
	assert_int_equal(take(operators, &content, NOW, &why), OPERATORS_TAKEN);
	assert_int_equal(
	    may(operators, ALICE, ENVELOPE_REQUEST, NOW), STATUS_REVOKED);
	content = (struct content)USUAL(2);
	content.revoked = BOB; /* whom the same list adds */
	assert_int_equal(take(operators, &content, NOW, &why), OPERATORS_TAKEN);
	assert_int_equal(
	    may(operators, BOB, ENVELOPE_REQUEST, NOW), STATUS_REVOKED);
	/* A later list that does not name her takes nothing back. */
	assert_int_equal(
	    may(operators, ALICE, ENVELOPE_REQUEST, NOW), STATUS_REVOKED);
	content = (struct content)USUAL(3);
	content.revoked = TRUSTY; /* by itself: its word stands, then no more */
	assert_int_equal(take(operators, &content, NOW, &why), OPERATORS_TAKEN);
	content = (struct content)USUAL(4);
	assert_int_equal(take(operators, &content, NOW, &why), OPERATORS_BAD);
	assert_int_equal(why, STATUS_REVOKED);
	operators_free(operators);
}

static void
own_revocation_wins(void **state)
{
	struct operators *operators =
	    operators_from("trusty namespaces=\"amiral-trust-v1\" %4\n"
			   "@revoked %2\n");
	struct content content = USUAL(1);
	enum status why;

	(void)state;
	assert_int_equal(take(operators, &content, NOW, &why), OPERATORS_TAKEN);
	assert_int_equal(
	    may(operators, BOB, ENVELOPE_REQUEST, NOW), STATUS_REVOKED);
	operators_free(operators);
}

static void
expiry_ends_additions_alone(void **state)
{
	struct operators *operators = usual();
	struct content content = USUAL(1);
	enum status why;

	(void)state;
	content.revoked = ALICE;
	assert_int_equal(take(operators, &content, NOW, &why), OPERATORS_TAKEN);
	assert_int_equal(
	    may(operators, BOB, ENVELOPE_REQUEST, EXPIRES), STATUS_OK);
	assert_int_equal(
	    may(operators, BOB, ENVELOPE_REQUEST, LATER), STATUS_VALIDITY);
	assert_int_equal(
	    may(operators, ALICE, ENVELOPE_REQUEST, LATER), STATUS_REVOKED);
	assert_int_equal(operators_serial(operators), 1);
	operators_free(operators);
}

/* At a start: what was taken once is taken again, whatever the time. */
static void
restores(void **state)
{
	struct operators *operators = usual();
	struct content content = USUAL(5);
	enum status why;

	(void)state;
	content.revoked = ALICE;
	assert_int_equal(restore(operators, &content, LATER), STATUS_OK);
	assert_int_equal(
	    may(operators, ALICE, ENVELOPE_REQUEST, LATER), STATUS_REVOKED);
	content = (struct content)USUAL(4);
	assert_int_equal(restore(operators, &content, NOW), STATUS_OK);
	assert_int_equal(operators_serial(operators), 5);
	assert_int_equal(take(operators, &content, NOW, &why), OPERATORS_STALE);
	operators_free(operators);
}

static void
restores_what_was_in_time(void **state)
{
	struct operators *operators =
	    operators_from("trusty namespaces=\"amiral-trust-v1\","
			   "valid-before=\"20200101Z\" %4\n");
	struct content content = USUAL(5);
	enum status why;

	(void)state;
	assert_int_equal(restore(operators, &content, NOW), STATUS_OK);
	assert_int_equal(may(operators, BOB, ENVELOPE_REQUEST, NOW), STATUS_OK);
	content = (struct content)USUAL(6);
	assert_int_equal(take(operators, &content, NOW, &why), OPERATORS_BAD);
	assert_int_equal(why, STATUS_VALIDITY);
	operators_free(operators);
}

/* Whom the own file names no more has no say; what was seen was seen. */
static void
restores_nothing_of_strangers(void **state)
{
	static const struct {
		const char *own;
		enum status status;
	} rows[] = {
		{ "alice %1\ntrusty2 namespaces=\"amiral-trust-v1\" %5\n",
		    STATUS_UNKNOWN_KEY },
		{ "alice %1\ntrusty2 namespaces=\"amiral-trust-v1\" %5\n"
		  "@revoked %4\n",
		    STATUS_REVOKED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct operators *operators = operators_from(rows[i].own);
		struct content content = USUAL(5);
		enum status why;

		content.revoked = ALICE;
		assert_int_equal(
		    restore(operators, &content, NOW), rows[i].status);
		assert_null(operators_list(operators));
		assert_int_equal(operators_serial(operators), 0);
		assert_int_equal(may(operators, ALICE, ENVELOPE_REQUEST, NOW),
		    STATUS_REVOKED);
		assert_int_equal(may(operators, BOB, ENVELOPE_REQUEST, NOW),
		    STATUS_UNKNOWN_KEY);
		content.signer = TRUSTY2;
		assert_int_equal(
		    take(operators, &content, NOW, &why), OPERATORS_STALE);
		content.serial = 6;
		assert_int_equal(
		    take(operators, &content, NOW, &why), OPERATORS_TAKEN);
		operators_free(operators);
	}
}

static void
restores_nothing_of_other_fleets(void **state)
{
	struct operators *operators = usual();
	struct content content = USUAL(5);
	enum status why;

	(void)state;
	content.fleet = "rome-3f9c21aa";
	assert_int_equal(restore(operators, &content, NOW), STATUS_FLEET);
	content = (struct content)USUAL(1);
	assert_int_equal(take(operators, &content, NOW, &why), OPERATORS_TAKEN);
	operators_free(operators);
}

/* n fingerprints of nobody, a line each; the caller frees. */
static char *
lines_make(size_t n, size_t *len)
{
	char *text = malloc(n * FINGERPRINT_SIZE + 1);

	assert_non_null(text);
	for (size_t i = 0; i < n; i++) {
		uint8_t digest[crypto_hash_sha256_BYTES];
		char base64[sodium_base64_ENCODED_LEN(
		    sizeof(digest), sodium_base64_VARIANT_ORIGINAL_NO_PADDING)];

		crypto_hash_sha256(digest, (const uint8_t *)&i, sizeof(i));
		sodium_bin2base64(base64, sizeof(base64), digest,
		    sizeof(digest), sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
		sprintf(text + i * FINGERPRINT_SIZE, "SHA256:%s\n", base64);
	}
	*len = n * FINGERPRINT_SIZE;
	return text;
}

/* What the first gate has learnt, the next one knows, in the same order. */
static void
recalls_what_former_lists_revoked(void **state)
{
	struct operators *operators = usual(), *next = usual();
	struct content content = USUAL(1);
	enum status why;
	char *text;
	size_t len;

	(void)state;
	content.revoked = ALICE;
	assert_int_equal(take(operators, &content, NOW, &why), OPERATORS_TAKEN);
	content = (struct content)USUAL(2);
	content.revoked = CAROL;
	assert_int_equal(take(operators, &content, NOW, &why), OPERATORS_TAKEN);
	assert_int_equal(operators_revoked_count(operators), 2);
	text = operators_revoked(operators, &len);
	assert_int_equal(operators_recall(next, text, len), 0);
	assert_int_equal(restore(next, &content, LATER), STATUS_OK);
	assert_int_equal(
	    may(next, ALICE, ENVELOPE_REQUEST, LATER), STATUS_REVOKED);
	free(text);
	text = operators_revoked(next, &len);
	assert_int_equal(len, 2 * FINGERPRINT_SIZE);
	assert_int_equal(text[len - 1], '\n');
	operators_free(operators);
	operators = usual();
	assert_int_equal(operators_inherit(operators, next), STATUS_OK);
	assert_int_equal(
	    may(operators, ALICE, ENVELOPE_REQUEST, NOW), STATUS_REVOKED);
	free(text);
	operators_free(next);
	operators_free(operators);
}

/* By itself, or by another: only the first one's list outlives a start. */
static void
recalls_a_revoked_signer(void **state)
{
	static const struct {
		unsigned revoked;
		enum status status;
	} rows[] = {
		{ TRUSTY, STATUS_OK },
		{ CAROL, STATUS_REVOKED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct operators *operators = usual();
		struct public_key trusty = key_of(TRUSTY);
		struct content content = USUAL(5);
		char line[FINGERPRINT_SIZE];

		sign_fingerprint(&trusty, line);
		line[FINGERPRINT_SIZE - 1] = '\n';
		assert_int_equal(
		    operators_recall(operators, line, sizeof(line)), 0);
		content.revoked = rows[i].revoked;
		assert_int_equal(
		    restore(operators, &content, NOW), rows[i].status);
		operators_free(operators);
	}
}

/*
 * One more than fits: it is revoked while the list is in force, also after a
 * start, and no longer. Nobody whom there was room for comes back.
 */
static void
revocations_have_a_bound(void **state)
{
	struct content content = USUAL(1);
	enum status why = STATUS_OK;
	size_t len;
	char *text = lines_make(REVOCATIONS_MAX, &len);

	(void)state;
	for (size_t room = 0; room < 2; room++) {
		struct operators *operators = usual();

		assert_int_equal(operators_recall(operators, text,
				     len - room * FINGERPRINT_SIZE),
		    0);
		content.revoked = ALICE;
		assert_int_equal(take(operators, &content, NOW, &why),
		    room ? OPERATORS_TAKEN : OPERATORS_FULL);
		assert_int_equal(may(operators, ALICE, ENVELOPE_REQUEST, NOW),
		    STATUS_REVOKED);
		assert_int_equal(operators_serial(operators), 1);
		assert_int_equal(
		    operators_revoked_count(operators), REVOCATIONS_MAX);
		content.revoked = 0;
		content.serial = 2;
		assert_int_equal(
		    take(operators, &content, NOW, &why), OPERATORS_TAKEN);
		assert_int_equal(may(operators, ALICE, ENVELOPE_REQUEST, NOW),
		    room ? STATUS_REVOKED : STATUS_OK);
		content.serial = 1;
		operators_free(operators);
	}
	free(text);
}

/* A thief of a signer's key, who fills the room, is revoked all the same. */
static void
no_room_is_no_refuge(void **state)
{
	struct operators *operators = usual(), *next = usual();
	struct content content = USUAL(1);
	enum status why = STATUS_OK;
	size_t len;
	char *text = lines_make(REVOCATIONS_MAX, &len);

	(void)state;
	content.revoked = TRUSTY2;
	assert_int_equal(operators_recall(operators, text, len), 0);
	assert_int_equal(take(operators, &content, NOW, &why), OPERATORS_FULL);
	assert_int_equal(operators_recall(next, text, len), 0);
	assert_int_equal(restore(next, &content, NOW), STATUS_OK);
	content = (struct content)USUAL(2);
	content.signer = TRUSTY2;
	assert_int_equal(take(operators, &content, NOW, &why), OPERATORS_BAD);
	assert_int_equal(why, STATUS_REVOKED);
	assert_int_equal(take(next, &content, NOW, &why), OPERATORS_BAD);
	assert_int_equal(why, STATUS_REVOKED);
	free(text);
	operators_free(operators);
	operators_free(next);
}

/* What he has pushed does not keep root from taking his line away. */
static void
no_room_keeps_no_signer(void **state)
{
	struct operators *operators = operators_from("alice %1\n");
	struct content content = USUAL(1);
	size_t len;
	char *text = lines_make(REVOCATIONS_MAX, &len);

	(void)state;
	content.revoked = ALICE;
	assert_int_equal(operators_recall(operators, text, len), 0);
	assert_int_equal(restore(operators, &content, NOW), STATUS_UNKNOWN_KEY);
	assert_null(operators_list(operators));
	free(text);
	operators_free(operators);
}

static void
recalls_lines_alone(void **state)
{
	struct operators *operators = usual(), *other = usual();
	size_t len, size = FINGERPRINT_SIZE;
	char *text = lines_make(REVOCATIONS_MAX + 1, &len);
	char line[FINGERPRINT_SIZE];

	(void)state;
	assert_int_equal(
	    operators_recall(operators, text, len), REVOCATIONS_MAX + 1);
	assert_int_equal(operators_revoked_count(operators), 0);
	for (size_t cut = 1; cut < size; cut++)
		assert_int_equal(
		    operators_recall(operators, text, 2 * size - cut), 2);
	for (size_t i = 0; i < size; i++) {
		memcpy(line, text, size);
		line[i] = ' ';
		assert_int_equal(operators_recall(operators, line, size), 1);
	}
	memcpy(line, text + size, size);
	memcpy(text + size, text, size); /* twice */
	assert_int_equal(operators_recall(operators, text, 3 * size), 2);
	memcpy(text + size, line, size);
	len -= size;
	assert_int_equal(operators_recall(operators, text, len), 0);
	assert_int_equal(operators_recall(other, text + len, size), 0);
	assert_int_equal(operators_inherit(other, operators), STATUS_RANGE);
	assert_int_equal(operators_revoked_count(other), 1);
	free(text);
	operators_free(operators);
	operators_free(other);
}

/* Of 300 gates on a machine hardly one has anybody revoked. */
static void
nobody_revoked_takes_no_memory(void **state)
{
	static char items[1][FINGERPRINT_SIZE] = {
		"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	};
	const struct trust_list nobody = { 0 },
				one = { .revoked_count = 1, .revoked = items };
	struct revocations set = { 0 }, none = { 0 };
	char(*before)[FINGERPRINT_SIZE];

	(void)state;
	assert_int_equal(revocations_parse(&set, "", 0), 0);
	assert_int_equal(revocations_add(&set, &nobody), STATUS_OK);
	assert_int_equal(revocations_join(&set, &none), STATUS_OK);
	assert_null(set.items);
	assert_int_equal(revocations_add(&set, &one), STATUS_OK);
	before = set.items;
	assert_int_equal(revocations_add(&set, &one), STATUS_OK);
	assert_int_equal(set.count, 1);
	assert_ptr_equal(set.items, before);
	revocations_clear(&set);
}

static void
hands_out_what_came(void **state)
{
	struct operators *operators = usual();
	struct content content = USUAL(1);
	struct letter letter = letter_make(&content);
	const uint8_t *bytes;
	enum status why;
	size_t len;

	(void)state;
	assert_null(operators_envelope(operators, &len));
	assert_int_equal(operators_take(operators, FLEET, letter.bytes,
			     letter.len, NOW, &why),
	    OPERATORS_TAKEN);
	bytes = operators_envelope(operators, &len);
	assert_int_equal(len, letter.len);
	assert_memory_equal(bytes, letter.bytes, len);
	free(letter.bytes);
	operators_free(operators);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_adds_who_may_ask),
		cmocka_unit_test(refuses),
		cmocka_unit_test(refuses_every_flip),
		cmocka_unit_test(revocation_wins),
		cmocka_unit_test(own_revocation_wins),
		cmocka_unit_test(expiry_ends_additions_alone),
		cmocka_unit_test(restores),
		cmocka_unit_test(restores_what_was_in_time),
		cmocka_unit_test(restores_nothing_of_strangers),
		cmocka_unit_test(restores_nothing_of_other_fleets),
		cmocka_unit_test(recalls_what_former_lists_revoked),
		cmocka_unit_test(recalls_a_revoked_signer),
		cmocka_unit_test(revocations_have_a_bound),
		cmocka_unit_test(no_room_is_no_refuge),
		cmocka_unit_test(no_room_keeps_no_signer),
		cmocka_unit_test(recalls_lines_alone),
		cmocka_unit_test(nobody_revoked_takes_no_memory),
		cmocka_unit_test(hands_out_what_came),
	};

	if (sodium_init() < 0)
		return 1;
	json_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
