/*
 * allowed_signers: what is refused and where, who may sign what and when,
 * and that ssh-keygen agrees with every yes. The file under test is
 * included, to reach its calendar.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <time.h>

#include "keys/allowed_signers.c"
#include "tests/unit/wire/verify/pair.h"
#include "tests/unit/wire/verify/scratch.h"

#define FOREVER INT64_C(4000000000000)

/* %1 to %9 become key lines, %s1 to %s9 those of security keys. */
static char *
expand(const char *text)
{
	char *out = calloc(1, 16384), line[PUBLIC_LINE_MAX];
	enum key_type type;
	struct pair pair;
	size_t n = 0;

	assert_non_null(out);
	for (; *text != '\0'; text++) {
		if (text[0] != '%') {
			out[n++] = *text;
			continue;
		}
		type = *++text == 's' ? KEY_SK_ED25519 : KEY_ED25519;
		text += type == KEY_SK_ED25519;
		pair_make(&pair, type, (uint8_t)*text);
		public_format(&pair.key, "", line);
		n += (size_t)sprintf(out + n, "%s", line);
	}
	return out;
}

static struct allowed_signers *
parse(const char *text, char *error)
{
	struct allowed_signers *signers;
	char *whole = expand(text);

	signers = allowed_signers_parse("as", whole, strlen(whole), error);
	free(whole);
	return signers;
}

static enum status
check(const struct allowed_signers *signers, char number,
    enum envelope_kind kind, int64_t now_ms)
{
	const char *principal = "untouched";
	struct pair pair;
	enum status status;

	pair_make(&pair, KEY_ED25519, (uint8_t)number);
	status =
	    allowed_signers_check(signers, &pair.key, kind, now_ms, &principal);
	if (status != STATUS_OK)
		assert_string_equal(principal, "untouched");
	return status;
}

#define RSA "AAAAB3NzaC1yc2EAAAADAQABAAAAAQM="

static const struct {
	const char *text, *start, *why;
} refusals[] = {
	{ "a\n", "as:1: ", "missing" },
	{ "a ssh-ed25519\n", "as:1: ", "missing" },
	{ "a namespaces=\"git\"\n", "as:1: ", "missing" },
	{ "# x\n\na*b %1\n", "as:3: ", "principal" },
	{ "a,b %1\n", "as:1: ", "principal" },
	{ "!a %1\n", "as:1: ", "principal" },
	{ "\"a\" %1\n", "as:1: ", "principal" },
	{ "\"a b\" %1\n", "as:1: ", "principal" },
	{ "\"a %1\n", "as:1: ", "principal" },
	{ "a\xc3\xa9 %1\n", "as:1: ", "principal" },
	{ "a cert-authority %1\n", "as:1: ", "certificates" },
	{ "a Cert-Authority,namespaces=\"git\" %1\n",
	    "as:1: ", "certificates" },
	{ "a namespaces=\"git\",cert-authority %1\n",
	    "as:1: ", "certificates" },
	{ "a touch=\"no\" %1\n", "as:1: ", "unknown option touch" },
	{ "a =\"no\" %1\n", "as:1: ", "unknown option" },
	{ "a namespaces=\"git\",namespaces=\"git\" %1\n", "as:1: ", "twice" },
	{ "a namespaces=\"git\",NameSpaces=\"file\" %1\n", "as:1: ", "twice" },
	{ "a namespaces= %1\n", "as:1: ", "namespaces=\"...\"" },
	{ "a namespaces=git %1\n", "as:1: ", "namespaces=\"...\"" },
	{ "a namespaces=\"git %1\n", "as:1: ", "namespaces=\"...\"" },
	{ "a namespaces=\"git\"x %1\n", "as:1: ", "namespaces=\"...\"" },
	{ "a namespaces=\"git\", %1\n", "as:1: ", "namespaces=\"...\"" },
	{ "a namespaces=\"git\",,valid-after=\"20200101Z\" %1\n",
	    "as:1: ", "unknown option" },
	{ "a namespaces=\"\" %1\n", "as:1: ", "plain names" },
	{ "a namespaces=\"git,\" %1\n", "as:1: ", "plain names" },
	{ "a namespaces=\"*\" %1\n", "as:1: ", "plain names" },
	{ "a namespaces=\"amiral-*\" %1\n", "as:1: ", "plain names" },
	{ "a namespaces=\"!git\" %1\n", "as:1: ", "plain names" },
	{ "a namespaces=\"git, file\" %1\n", "as:1: ", "plain names" },
	{ "a namespaces=\"amiral-reqest-v1\" %1\n", "as:1: ", "no namespace" },
	{ "a namespaces=\"amiral-request-v2\" %1\n", "as:1: ", "no namespace" },
	{ "a valid-after=\"20200101\" %1\n", "as:1: ", "YYYYMMDD" },
	{ "a valid-after=\"20200101z\" %1\n", "as:1: ", "YYYYMMDD" },
	{ "a valid-after=\"202001011Z\" %1\n", "as:1: ", "YYYYMMDD" },
	{ "a valid-after=\"2020010100Z\" %1\n", "as:1: ", "YYYYMMDD" },
	{ "a valid-after=\"20200101000000ZZ\" %1\n", "as:1: ", "YYYYMMDD" },
	{ "a valid-after=\"20200101 Z\" %1\n", "as:1: ", "YYYYMMDD" },
	{ "a valid-after=\"20200001Z\" %1\n", "as:1: ", "YYYYMMDD" },
	{ "a valid-after=\"20201301Z\" %1\n", "as:1: ", "YYYYMMDD" },
	{ "a valid-after=\"20200100Z\" %1\n", "as:1: ", "YYYYMMDD" },
	{ "a valid-after=\"20200132Z\" %1\n", "as:1: ", "YYYYMMDD" },
	{ "a valid-after=\"20210229Z\" %1\n", "as:1: ", "YYYYMMDD" },
	{ "a valid-after=\"21000229Z\" %1\n", "as:1: ", "YYYYMMDD" },
	{ "a valid-after=\"20200431Z\" %1\n", "as:1: ", "YYYYMMDD" },
	{ "a valid-before=\"202001012400Z\" %1\n", "as:1: ", "YYYYMMDD" },
	{ "a valid-before=\"202001012360Z\" %1\n", "as:1: ", "YYYYMMDD" },
	{ "a valid-before=\"20200101235960Z\" %1\n", "as:1: ", "YYYYMMDD" },
	{ "a valid-before=\"19691231Z\" %1\n", "as:1: ", "YYYYMMDD" },
	{ "a valid-before=\"\" %1\n", "as:1: ", "YYYYMMDD" },
	{ "a valid-after=\"20200102Z\",valid-before=\"20200101Z\" %1\n",
	    "as:1: ", "not later" },
	{ "a valid-after=\"20200101Z\",valid-before=\"20200101Z\" %1\n",
	    "as:1: ", "not later" },
	{ "a ssh-rsa " RSA "\n", "as:1: ", "Ed25519" },
	{ "a ssh-ed2551 " RSA "\n", "as:1: ", "not a valid" },
	{ "a ssh-ed25519 AAAAC3NzaC1lZDI1NTE5\n", "as:1: ", "not a valid" },
	{ "a namespaces=\"git\" namespaces=\"git\" %1\n",
	    "as:1: ", "not a valid" },
	{ "a %1\nb %2\nc %1\n", "as:3: ", "line 1" },
	{ "a %1\na %1\n", "as:2: ", "line 1" },
	{ "a %1\nb %s1\n", "as:2: ", "line 1" },
	{ "a %1\r\n", "as:1: ", "newline alone" },
	{ "@cert-authority %1\n", "as:1: ", "unknown marker" },
	{ "@revoke %1\n", "as:1: ", "unknown marker" },
	{ "@ %1\n", "as:1: ", "unknown marker" },
	{ "@revoked\n", "as:1: ", "missing" },
	{ "@revoked ssh-ed25519\n", "as:1: ", "missing" },
	{ "@revoked a %1\n", "as:1: ", "not a valid" },
	{ "@revoked ssh-ed25519 AAAAC3NzaC1lZDI1NTE5\n",
	    "as:1: ", "not a valid" },
};

static void
refuses(void **state)
{
	char error[ALLOWED_SIGNERS_ERROR_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		error[0] = '\0';
		if (parse(refusals[i].text, error) != NULL)
			fail_msg("row %zu was accepted", i);
		if (strncmp(error, refusals[i].start, 6) != 0 ||
		    strstr(error, refusals[i].why) == NULL)
			fail_msg("row %zu: %s", i, error);
	}
	assert_null(allowed_signers_parse("as", "a\0b", 3, error));
	assert_non_null(strstr(error, "NUL"));
}

static void
kinds_granted(void **state)
{
	static const struct {
		const char *options;
		unsigned kinds;
	} rows[] = {
		{ "", 1U << ENVELOPE_REQUEST },
		{ "namespaces=\"amiral-request-v1\"", 1U << ENVELOPE_REQUEST },
		{ "namespaces=\"amiral-trust-v1\"", 1U << ENVELOPE_TRUST },
		{ "namespaces=\"git,amiral-trust-v1,amiral-request-v1\"",
		    1U << ENVELOPE_TRUST | 1U << ENVELOPE_REQUEST },
		{ "NAMESPACES=\"git,file\"", 0 },
		{ "valid-after=\"20200101Z\"", 1U << ENVELOPE_REQUEST },
	};
	char error[ALLOWED_SIGNERS_ERROR_MAX], text[256];
	struct allowed_signers *signers;
	unsigned kind;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(
		    text, sizeof(text), "a@b %s %%1 comment", rows[i].options);
		signers = parse(text, error);
		assert_non_null(signers);
		for (kind = 0; kind < ENVELOPE_KINDS; kind++)
			assert_int_equal(check(signers, '1', kind, FOREVER),
			    (rows[i].kinds >> kind & 1) != 0
				? STATUS_OK
				: STATUS_UNKNOWN_KEY);
		allowed_signers_free(signers);
	}
}

static void
times_are_inclusive(void **state)
{
	/* 2020-02-29 12:34:56 and 2020-03-01 00:00:00, by date(1). */
	const int64_t after = INT64_C(1582979696000),
		      before = INT64_C(1583020800000);
	char error[ALLOWED_SIGNERS_ERROR_MAX];
	struct allowed_signers *signers;

	(void)state;
	signers = parse("a valid-after=\"20200229123456Z\","
			"Valid-Before=\"202003010000Z\" %1\n",
	    error);
	assert_non_null(signers);
	assert_int_equal(
	    check(signers, '1', ENVELOPE_REQUEST, after - 1), STATUS_VALIDITY);
	assert_int_equal(
	    check(signers, '1', ENVELOPE_REQUEST, after), STATUS_OK);
	assert_int_equal(
	    check(signers, '1', ENVELOPE_REQUEST, before), STATUS_OK);
	assert_int_equal(
	    check(signers, '1', ENVELOPE_REQUEST, before + 1), STATUS_VALIDITY);
	assert_int_equal(check(signers, '1', ENVELOPE_TRUST, before + 1),
	    STATUS_UNKNOWN_KEY);
	assert_int_equal(
	    check(signers, '2', ENVELOPE_REQUEST, before), STATUS_UNKNOWN_KEY);
	allowed_signers_free(signers);
}

/* Against the C library, for every day that a certificate may name. */
static void
calendar(void **state)
{
	char text[16];
	struct tm tm;
	int64_t day, ms, seconds;
	time_t t;

	(void)state;
	for (day = 0; day < 366 * 400; day++) {
		t = (time_t)(day * DAY_S);
		gmtime_r(&t, &tm);
		snprintf(text, sizeof(text), "%04u%02u%02uZ",
		    (unsigned)tm.tm_year + 1900, (unsigned)tm.tm_mon + 1,
		    (unsigned)tm.tm_mday);
		assert_true(time_read(text, &ms));
		seconds = ms / 1000;
		assert_int_equal(seconds, t);
	}
	assert_true(time_read("99991231235959Z", &ms));
	seconds = ms / 1000;
	assert_int_equal(seconds, INT64_C(253402300799));
}

static void
principals(void **state)
{
	char error[ALLOWED_SIGNERS_ERROR_MAX];
	struct allowed_signers *signers;
	const char *principal;
	struct pair pair;

	(void)state;
	signers = parse("# operators\n\n\tbob %2\nalice@example.com %1 x y\n"
			"alice@example.com %s3",
	    error);
	assert_non_null(signers);
	assert_int_equal(allowed_signers_count(signers), 3);
	pair_make(&pair, KEY_ED25519, '1');
	assert_int_equal(allowed_signers_check(signers, &pair.key,
			     ENVELOPE_REQUEST, 0, &principal),
	    STATUS_OK);
	assert_string_equal(principal, "alice@example.com");
	pair_make(&pair, KEY_SK_ED25519, '3');
	assert_int_equal(allowed_signers_check(signers, &pair.key,
			     ENVELOPE_REQUEST, 0, &principal),
	    STATUS_OK);
	assert_true(
	    public_key_equal(allowed_signers_key(signers, 2), &pair.key));
	pair.key.type = KEY_ED25519;
	assert_int_equal(allowed_signers_check(signers, &pair.key,
			     ENVELOPE_REQUEST, 0, &principal),
	    STATUS_UNKNOWN_KEY);
	allowed_signers_free(signers);
}

/* Wherever the lines stand, whatever the other ones say, for every purpose. */
static void
revoked_wins(void **state)
{
	static const char *const texts[] = {
		"@revoked %1\na %1\nb %2\n",
		"a namespaces=\"amiral-request-v1,amiral-trust-v1\" %1\n"
		"b %2\n@revoked %1 a comment\n@revoked %1\n",
		"b %2\n\t@revoked %s1\na %1\n@revoked ssh-rsa " RSA "\n",
	};
	char error[ALLOWED_SIGNERS_ERROR_MAX];
	struct allowed_signers *signers;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		signers = parse(texts[i], error);
		assert_non_null(signers);
		assert_int_equal(allowed_signers_count(signers), 2);
		for (unsigned kind = 0; kind < ENVELOPE_KINDS; kind++)
			assert_int_equal(
			    check(signers, '1', kind, 0), STATUS_REVOKED);
		assert_int_equal(
		    check(signers, '2', ENVELOPE_REQUEST, 0), STATUS_OK);
		allowed_signers_free(signers);
	}
}

static void
empty_file(void **state)
{
	char error[ALLOWED_SIGNERS_ERROR_MAX];
	struct allowed_signers *signers = parse("\n#\n", error);

	(void)state;
	assert_non_null(signers);
	assert_int_equal(allowed_signers_count(signers), 0);
	assert_int_equal(
	    check(signers, '1', ENVELOPE_REQUEST, 0), STATUS_UNKNOWN_KEY);
	allowed_signers_free(signers);
}

static void
write_signature(const struct scratch *s, enum envelope_kind kind)
{
	char line[SSHSIG_LINE_MAX + 1], text[1024];
	struct signature sig;
	struct pair pair;
	int n;

	pair_make(&pair, KEY_ED25519, '1');
	pair_sign(&pair, kind, "payload", 0, &sig);
	sign_line(kind, &sig, line);
	n = snprintf(text, sizeof(text),
	    "-----BEGIN SSH SIGNATURE-----\n%s\n-----END SSH SIGNATURE-----\n",
	    line);
	scratch_write(s, "sig", text, (size_t)n);
}

static bool
ssh_keygen_agrees(const struct scratch *s, enum envelope_kind kind,
    const char *principal, const char *when)
{
	char option[64];
	const char *const command[] = { "ssh-keygen", "-Y", "verify", "-f",
		"allowed", "-I", principal, "-n", envelope_namespace(kind),
		"-s", "sig", option, NULL };

	snprintf(option, sizeof(option), "-Overify-time=%s", when);
	write_signature(s, kind);
	return scratch_run(s, "payload", NULL, command) == 0;
}

static const char *const options_tried[] = {
	"",
	"namespaces=\"amiral-request-v1\"",
	"namespaces=\"git,amiral-trust-v1\"",
	"Namespaces=\"amiral-hello-v1\",valid-before=\"20240101Z\"",
	"valid-after=\"20240101Z\"",
	"valid-before=\"20240101Z\"",
	"VALID-after=\"202401010000Z\",valid-before=\"20240101000001Z\"",
};

static const char *const times_tried[] = {
	"20231231235959Z",
	"20240101000000Z",
	"20240101000001Z",
	"20240101000002Z",
};

/* Where we say yes, ssh-keygen does; it may say yes where we do not. */
static void
no_laxer_than_ssh_keygen(void **state)
{
	char error[ALLOWED_SIGNERS_ERROR_MAX], text[512], *whole;
	const struct scratch *s = *state;
	struct allowed_signers *signers;
	unsigned kind, agreed = 0;
	size_t i, j;
	int64_t ms;

	scratch_write(s, "payload", "payload", 7);
	for (i = 0; i < sizeof(options_tried) / sizeof(options_tried[0]); i++) {
		snprintf(text, sizeof(text), "al@x %s %%1\n", options_tried[i]);
		whole = expand(text);
		scratch_write(s, "allowed", whole, strlen(whole));
		free(whole);
		signers = parse(text, error);
		assert_non_null(signers);
		for (j = 0; j < 4 * ENVELOPE_KINDS; j++) {
			kind = (unsigned)j / 4;
			assert_true(time_read(times_tried[j % 4], &ms));
			if (check(signers, '1', kind, ms) != STATUS_OK)
				continue;
			assert_true(ssh_keygen_agrees(
			    s, kind, "al@x", times_tried[j % 4]));
			agreed++;
		}
		allowed_signers_free(signers);
	}
	assert_int_equal(agreed, 4 + 4 + 4 + 2 + 3 + 2 + 2);
}

/* A line with a bit off is refused, or says something else. */
static void
every_bit(void **state)
{
	char *line = expand("al@x namespaces=\"amiral-request-v1\","
			    "valid-before=\"20300101Z\" %1\n");
	const int64_t edge = INT64_C(1893456000000);
	char error[ALLOWED_SIGNERS_ERROR_MAX];
	struct allowed_signers *signers;
	const char *principal = "";
	struct pair pair;
	size_t i, len = strlen(line), same = 0;

	(void)state;
	pair_make(&pair, KEY_ED25519, '1');
	for (i = 0; i < len * 8; i++) {
		line[i / 8] ^= (char)(1U << (i % 8));
		signers = allowed_signers_parse("as", line, len, error);
		line[i / 8] ^= (char)(1U << (i % 8));
		if (signers == NULL)
			continue;
		if (allowed_signers_check(signers, &pair.key, ENVELOPE_REQUEST,
			edge, &principal) == STATUS_OK &&
		    allowed_signers_check(signers, &pair.key, ENVELOPE_REQUEST,
			edge + 1, &principal) == STATUS_VALIDITY &&
		    strcmp(principal, "al@x") == 0)
			same++;
		allowed_signers_free(signers);
	}
	/* Upper case letters of the two options' names, and no others. */
	assert_int_equal(same, strlen("namespaces") + strlen("validbefore"));
	free(line);
}

static void
every_length(void **state)
{
	char *line = expand("al@x namespaces=\"git\" %1\nb %2\n");
	size_t len, full = strlen(line),
		    first = 1 + (size_t)(strchr(line, '\n') - line);
	char error[ALLOWED_SIGNERS_ERROR_MAX];
	struct allowed_signers *signers;

	(void)state;
	for (len = 0; len <= full; len++) {
		signers = allowed_signers_parse("as", line, len, error);
		if (len == 0 || len == first - 1 || len == first ||
		    len >= full - 1)
			assert_non_null(signers);
		else
			assert_null(signers);
		allowed_signers_free(signers);
	}
	free(line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses),
		cmocka_unit_test(kinds_granted),
		cmocka_unit_test(times_are_inclusive),
		cmocka_unit_test(calendar),
		cmocka_unit_test(principals),
		cmocka_unit_test(revoked_wins),
		cmocka_unit_test(empty_file),
		cmocka_unit_test(no_laxer_than_ssh_keygen),
		cmocka_unit_test(every_bit),
		cmocka_unit_test(every_length),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
