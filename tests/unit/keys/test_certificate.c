/* Host certificates: those of ssh-keygen, and what is wrong with others. */
#include "keys/certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "keys/public.h"
#include "tests/unit/wire/verify/pair.h"
#include "tests/unit/wire/verify/scratch.h"

#define AFTER  UINT64_C(1700000000)
#define BEFORE UINT64_C(1800000000)
#define HOST   1
#define USER   2 /* numbers of pairs */
#define CA     3

/* What a certificate of our own making says. */
struct content {
	const char *type;
	uint32_t kind;
	const char *principals[4];
	const char *options, *extensions, *reserved;
	enum key_type authority;
	uint8_t signer;
	const char *signature_type;
};

#define GOOD                                                                   \
	{                                                                      \
		.type = "ssh-ed25519-cert-v01@openssh.com", .kind = 2,         \
		.principals = { "www01.example.com", "www01" }, .options = "", \
		.extensions = "", .reserved = "", .authority = KEY_ED25519,    \
		.signer = CA, .signature_type = "ssh-ed25519",                 \
	}

static void
put_names(struct writer *w, const char *const names[4])
{
	uint8_t bytes[256];
	struct writer inner;

	writer_init(&inner, bytes, sizeof(bytes));
	for (int i = 0; i < 4 && names[i] != NULL; i++)
		writer_text(&inner, names[i]);
	writer_string(w, bytes, inner.used);
}

static void
put_signature(struct writer *w, const struct content *content)
{
	uint8_t bytes[128], signature[64];
	struct writer inner;
	struct pair pair;

	pair_make(&pair, KEY_ED25519, content->signer);
	crypto_sign_detached(signature, NULL, w->start, w->used, pair.secret);
	writer_init(&inner, bytes, sizeof(bytes));
	writer_text(&inner, content->signature_type);
	writer_string(&inner, signature, sizeof(signature));
	writer_string(w, bytes, inner.used);
}

static size_t
build(const struct content *content, uint8_t blob[static CERTIFICATE_MAX])
{
	uint8_t ca[PUBLIC_BLOB_MAX];
	struct pair host, authority;
	struct writer w;

	pair_make(&host, KEY_ED25519, HOST);
	pair_make(&authority, content->authority, CA);
	writer_init(&w, blob, CERTIFICATE_MAX);
	writer_text(&w, content->type);
	writer_text(&w, "a nonce of 32 bytes, says ssh...");
	writer_string(&w, host.key.bytes, ED25519_KEY_SIZE);
	writer_u64(&w, 7);
	writer_u32(&w, content->kind);
	writer_text(&w, "key id");
	put_names(&w, content->principals);
	writer_u64(&w, AFTER);
	writer_u64(&w, BEFORE);
	writer_text(&w, content->options);
	writer_text(&w, content->extensions);
	writer_text(&w, content->reserved);
	writer_string(&w, ca, sign_public_blob(&authority.key, ca));
	put_signature(&w, content);
	assert_true(writer_done(&w));
	return w.used;
}

static enum certificate_fault
read_content(const struct content *content)
{
	uint8_t blob[CERTIFICATE_MAX];
	struct certificate certificate;

	return certificate_read(&certificate, blob, build(content, blob));
}

static void
reads(void **state)
{
	const struct content content = GOOD;
	uint8_t blob[CERTIFICATE_MAX];
	struct certificate certificate;
	struct pair pair;

	(void)state;
	assert_int_equal(
	    certificate_read(&certificate, blob, build(&content, blob)),
	    CERTIFICATE_GOOD);
	pair_make(&pair, KEY_ED25519, HOST);
	assert_memory_equal(
	    certificate.key.bytes, pair.key.bytes, ED25519_KEY_SIZE);
	pair_make(&pair, KEY_ED25519, CA);
	assert_memory_equal(
	    certificate.authority.bytes, pair.key.bytes, ED25519_KEY_SIZE);
	assert_true(certificate.after == AFTER);
	assert_true(certificate.before == BEFORE);
}

static void
refuses(void **state)
{
	struct content content = GOOD;

	(void)state;
	content.kind = 1;
	assert_int_equal(read_content(&content), CERTIFICATE_USER);
	content.kind = 3;
	assert_int_equal(read_content(&content), CERTIFICATE_MALFORMED);
	content = (struct content)GOOD;
	content.type = "ssh-ed25519";
	assert_int_equal(read_content(&content), CERTIFICATE_MALFORMED);
	content = (struct content)GOOD;
	content.principals[0] = NULL; /* to OpenSSH: every name there is */
	assert_int_equal(read_content(&content), CERTIFICATE_MALFORMED);
	content = (struct content)GOOD;
	content.options = "force-command";
	assert_int_equal(read_content(&content), CERTIFICATE_OPTIONS);
	content = (struct content)GOOD;
	content.extensions = "whatever";
	assert_int_equal(read_content(&content), CERTIFICATE_GOOD);
	content = (struct content)GOOD;
	content.reserved = "x";
	assert_int_equal(read_content(&content), CERTIFICATE_MALFORMED);
	content = (struct content)GOOD;
	content.authority = KEY_SK_ED25519;
	assert_int_equal(read_content(&content), CERTIFICATE_MALFORMED);
	content = (struct content)GOOD;
	content.signer = USER;
	assert_int_equal(read_content(&content), CERTIFICATE_SIGNATURE);
	content = (struct content)GOOD;
	content.signature_type = "rsa-sha2-512";
	assert_int_equal(read_content(&content), CERTIFICATE_SIGNATURE);
}

/* One bit, or one length: never good, and nothing is read past the end. */
static void
every_bit_and_length(void **state)
{
	const struct content content = GOOD;
	uint8_t blob[CERTIFICATE_MAX + 1];
	struct certificate certificate;
	size_t len = build(&content, blob);

	(void)state;
	for (size_t bit = 0; bit < 8 * len; bit++) {
		blob[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(certificate_read(&certificate, blob, len),
		    CERTIFICATE_GOOD);
		blob[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *piece = malloc(cut + 1);

		assert_non_null(piece);
		memcpy(piece, blob, cut);
		assert_int_equal(certificate_read(&certificate, piece, cut),
		    CERTIFICATE_MALFORMED);
		free(piece);
	}
	blob[len] = 0;
	assert_int_equal(certificate_read(&certificate, blob, len + 1),
	    CERTIFICATE_MALFORMED);
	assert_int_equal(
	    certificate_read(&certificate, blob, CERTIFICATE_MAX + 1),
	    CERTIFICATE_MALFORMED);
}

static void
judges(void **state)
{
	static const struct {
		const char *host;
		int64_t now;
		enum certificate_fault fault;
	} rows[] = {
		{ "www01.example.com", AFTER * 1000, CERTIFICATE_GOOD },
		{ "www01", AFTER * 1000, CERTIFICATE_GOOD },
		{ "www01", AFTER * 1000 - 1, CERTIFICATE_NOT_YET },
		{ "www01", -1, CERTIFICATE_NOT_YET },
		{ "www01", BEFORE * 1000 - 1, CERTIFICATE_GOOD },
		{ "www01", BEFORE * 1000, CERTIFICATE_EXPIRED },
		{ "www0", AFTER * 1000, CERTIFICATE_PRINCIPAL },
		{ "www012", AFTER * 1000, CERTIFICATE_PRINCIPAL },
		{ "", AFTER * 1000, CERTIFICATE_PRINCIPAL },
		{ "www02", BEFORE * 1000, CERTIFICATE_PRINCIPAL },
	};
	const struct content content = GOOD;
	uint8_t blob[CERTIFICATE_MAX];
	struct certificate certificate;

	(void)state;
	assert_int_equal(
	    certificate_read(&certificate, blob, build(&content, blob)),
	    CERTIFICATE_GOOD);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
		    certificate_judge(&certificate, rows[i].host, rows[i].now),
		    rows[i].fault);
}

/* A pattern is a name like any other: it matches itself alone. */
static void
patterns_match_nothing(void **state)
{
	struct content content = GOOD;
	uint8_t blob[CERTIFICATE_MAX];
	struct certificate certificate;

	(void)state;
	content.principals[0] = "*";
	content.principals[1] = "*.example.com";
	assert_int_equal(
	    certificate_read(&certificate, blob, build(&content, blob)),
	    CERTIFICATE_GOOD);
	assert_int_equal(
	    certificate_judge(&certificate, "www01.example.com", AFTER * 1000),
	    CERTIFICATE_PRINCIPAL);
}

static void
make_key(const struct scratch *s, const char *name)
{
	const char *const command[] = { "ssh-keygen", "-q", "-t", "ed25519",
		"-N", "", "-f", name, NULL };

	assert_int_equal(scratch_run(s, NULL, NULL, command), 0);
}

static void
reads_ssh_keygens(void **state)
{
	static const char *const sign[] = { "ssh-keygen", "-q", "-s", "ca",
		"-I", "an id", "-h", "-n", "a.example.com,b", "-V",
		"20250101000000Z:20300101000000Z", "host.pub", NULL };
	static const char *const sign_user[] = { "ssh-keygen", "-q", "-s", "ca",
		"-I", "an id", "-n", "b", "host.pub", NULL };
	const struct scratch *s = *state;
	uint8_t blob[CERTIFICATE_MAX];
	struct certificate certificate;
	size_t len;
	char *text;

	make_key(s, "ca");
	make_key(s, "host");
	assert_int_equal(scratch_run(s, NULL, NULL, sign), 0);
	text = scratch_read(s, "host-cert.pub", &len);
	assert_non_null(certificate_line(text, blob, &len));
	free(text);
	assert_int_equal(
	    certificate_read(&certificate, blob, len), CERTIFICATE_GOOD);
	assert_int_equal(
	    certificate_judge(&certificate, "b", INT64_C(1767225600000)),
	    CERTIFICATE_GOOD);
	assert_true(certificate.after == UINT64_C(1735689600));
	assert_true(certificate.before == UINT64_C(1893456000));
	assert_int_equal(scratch_run(s, NULL, NULL, sign_user), 0);
	text = scratch_read(s, "host-cert.pub", &len);
	assert_non_null(certificate_line(text, blob, &len));
	free(text);
	assert_int_equal(
	    certificate_read(&certificate, blob, len), CERTIFICATE_USER);
}

/* The file as ssh-keygen makes it: but for its comment, no bit may change. */
static void
every_bit_of_a_file(void **state)
{
	static const char *const sign[] = { "ssh-keygen", "-q", "-s", "ca2",
		"-I", "an id", "-h", "-n", "a.example.com", "host2.pub", NULL };
	uint8_t blob[CERTIFICATE_MAX], other[CERTIFICATE_MAX];
	const struct scratch *s = *state;
	struct certificate certificate;
	size_t len, blob_len, other_len, comment, passed = 0;
	char *text, *copy;

	make_key(s, "ca2");
	make_key(s, "host2");
	assert_int_equal(scratch_run(s, NULL, NULL, sign), 0);
	text = scratch_read(s, "host2-cert.pub", &len);
	comment = 8 * (size_t)(strrchr(text, ' ') - text);
	copy = strdup(text);
	assert_non_null(certificate_line(copy, blob, &blob_len));
	free(copy);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		copy = malloc(len + 1);
		assert_non_null(copy);
		memcpy(copy, text, len + 1);
		copy[bit / 8] ^= (char)(1 << bit % 8);
		if (certificate_line(copy, other, &other_len) != NULL &&
		    certificate_read(&certificate, other, other_len) ==
			CERTIFICATE_GOOD) {
			assert_true(bit > comment);
			assert_int_equal(other_len, blob_len);
			assert_memory_equal(other, blob, blob_len);
			passed++;
		}
		free(copy);
	}
	assert_true(passed > 0);
	free(text);
}

static void
lines(void **state)
{
#define LINE "ssh-ed25519-cert-v01@openssh.com AAECAw=="
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ LINE, true },
		{ LINE "\n", true },
		{ LINE " a comment\n", true },
		{ LINE "\n\n", false },
		{ LINE "\n" LINE "\n", false },
		{ "", false },
		{ "\n", false },
		{ "ssh-ed25519-cert-v01@openssh.com", false },
		{ "ssh-ed25519-cert-v01@openssh.com ", true }, /* no bytes */
		{ "ssh-ed25519-cert-v01@openssh.com AAECA", false },
		{ "ssh-ed25519 AAECAw==\n", false },
		{ " " LINE, false },
	};
	uint8_t blob[CERTIFICATE_MAX];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *copy = strdup(rows[i].text);

		assert_int_equal(
		    certificate_line(copy, blob, &len) != NULL, rows[i].good);
		free(copy);
	}
}

static void
every_fault_has_a_text_of_its_own(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CERTIFICATE_FAULTS; i++)
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(
			    certificate_fault_text((enum certificate_fault)i),
			    certificate_fault_text((enum certificate_fault)j));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(refuses),
		cmocka_unit_test(every_bit_and_length),
		cmocka_unit_test(judges),
		cmocka_unit_test(patterns_match_nothing),
		cmocka_unit_test(reads_ssh_keygens),
		cmocka_unit_test(every_bit_of_a_file),
		cmocka_unit_test(lines),
		cmocka_unit_test(every_fault_has_a_text_of_its_own),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
