/* Envelopes written: by known answers, and as ssh-keygen sees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/wire/verify/pair.h"
#include "tests/unit/wire/verify/scratch.h"
#include "wire/verify/base64.h"

#define PAYLOAD   "the exact bytes\n\n\x80\xff"
#define PRINCIPAL "alice@example.com"
#define BEGIN     "-----BEGIN SSH SIGNATURE-----\n"
#define END       "-----END SSH SIGNATURE-----\n"

/* The public key of the seed 01 01 ... 01, as ssh-keygen prints it. */
#define KNOWN_LINE                                                             \
	"AAAAC3NzaC1lZDI1NTE5AAAAIIqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"
#define KNOWN_FINGERPRINT "SHA256:fe85JkIjo8VPe+XqXJGH5Mau1EMFdK1OdKvJUFicyA8"

static void
blob_and_fingerprint(void **state)
{
	uint8_t blob[PUBLIC_BLOB_MAX];
	char text[256], fingerprint[FINGERPRINT_SIZE];
	struct pair pair;
	size_t len;

	(void)state;
	pair_make(&pair, KEY_ED25519, 1);
	len = sign_public_blob(&pair.key, blob);
	assert_int_equal(len, 51);
	sodium_bin2base64(
	    text, sizeof(text), blob, len, sodium_base64_VARIANT_ORIGINAL);
	assert_string_equal(text, KNOWN_LINE);
	sign_fingerprint(&pair.key, fingerprint);
	assert_string_equal(fingerprint, KNOWN_FINGERPRINT);
	pair_make(&pair, KEY_SK_ED25519, 1);
	assert_int_equal(sign_public_blob(&pair.key, blob), 74);
}

static void
write_public(const struct scratch *s, const struct pair *pair, const char *name,
    const char *prefix)
{
	static const char *const types[] = { "ssh-ed25519",
		"sk-ssh-ed25519@openssh.com" };
	uint8_t blob[PUBLIC_BLOB_MAX];
	char base64[256], line[512];
	int n;

	sodium_bin2base64(base64, sizeof(base64), blob,
	    sign_public_blob(&pair->key, blob), sodium_base64_VARIANT_ORIGINAL);
	n = snprintf(line, sizeof(line), "%s%s %s\n", prefix,
	    types[pair->key.type], base64);
	scratch_write(s, name, line, (size_t)n);
}

static void
fingerprint_as_ssh_keygen(void **state)
{
	const char *const command[] = { "ssh-keygen", "-l", "-f", "pub", NULL };
	const struct scratch *s = *state;
	char fingerprint[FINGERPRINT_SIZE], *shown;
	enum key_type type;
	struct pair pair;
	uint8_t number;
	size_t len;

	for (type = KEY_ED25519; type <= KEY_SK_ED25519; type++) {
		for (number = 1; number < 10; number++) {
			pair_make(&pair, type, number);
			write_public(s, &pair, "pub", "");
			assert_int_equal(
			    scratch_run(s, NULL, "out", command), 0);
			shown = scratch_read(s, "out", &len);
			sign_fingerprint(&pair.key, fingerprint);
			assert_non_null(strstr(shown, fingerprint));
			free(shown);
		}
	}
}

static int
ssh_keygen_verifies(const struct scratch *s, enum envelope_kind kind)
{
	const char *const command[] = { "ssh-keygen", "-Y", "verify", "-f",
		"allowed", "-I", PRINCIPAL, "-n", envelope_namespace(kind),
		"-s", "sig", NULL };

	return scratch_run(s, "payload", NULL, command);
}

static void
verified_by_ssh_keygen(void **state)
{
	char line[SSHSIG_LINE_MAX + 1], armored[1024];
	const struct scratch *s = *state;
	enum key_type type;
	struct signature sig;
	struct pair pair;
	unsigned kind;
	int n;

	scratch_write(s, "payload", PAYLOAD, strlen(PAYLOAD));
	for (type = KEY_ED25519; type <= KEY_SK_ED25519; type++) {
		pair_make(&pair, type, 40);
		write_public(s, &pair, "allowed", PRINCIPAL " ");
		for (kind = 0; kind < ENVELOPE_KINDS; kind++) {
			pair_sign(&pair, kind, PAYLOAD, 1, &sig);
			sign_line(kind, &sig, line);
			n = snprintf(
			    armored, sizeof(armored), BEGIN "%s\n" END, line);
			scratch_write(s, "sig", armored, (size_t)n);
			assert_int_equal(ssh_keygen_verifies(s, kind), 0);
			assert_int_not_equal(
			    ssh_keygen_verifies(s, (kind + 1) % ENVELOPE_KINDS),
			    0);
		}
	}
}

/* The body of an armored signature without its newlines. */
static void
read_armored(const struct scratch *s, char line[SSHSIG_LINE_MAX + 1])
{
	char *text, *from, *end, *to = line;
	size_t len;

	text = scratch_read(s, "payload.sig", &len);
	assert_true(strncmp(text, BEGIN, strlen(BEGIN)) == 0);
	end = strstr(text, END);
	assert_non_null(end);
	for (from = text + strlen(BEGIN); from < end; from++) {
		assert_true(to - line < SSHSIG_LINE_MAX);
		if (*from != '\n')
			*to++ = *from;
	}
	*to = '\0';
	free(text);
}

static void
sign_with_ssh_keygen(const struct scratch *s, enum envelope_kind kind)
{
	const char *const command[] = { "ssh-keygen", "-Y", "sign", "-f", "key",
		"-n", envelope_namespace(kind), "payload", NULL };

	scratch_write(s, "payload.sig", "", 0);
	remove(scratch_path(s, "payload.sig"));
	assert_int_equal(scratch_run(s, NULL, NULL, command), 0);
}

static void
made_by_ssh_keygen(void **state)
{
	const char *const keygen[] = { "ssh-keygen", "-q", "-t", "ed25519",
		"-N", "", "-f", "key", NULL };
	char line[SSHSIG_LINE_MAX + 1], again[SSHSIG_LINE_MAX + 1];
	const char *lines[] = { line };
	const struct scratch *s = *state;
	struct envelope e;
	uint8_t *bytes;
	unsigned kind;
	size_t len;

	scratch_write(s, "payload", PAYLOAD, strlen(PAYLOAD));
	assert_int_equal(scratch_run(s, NULL, NULL, keygen), 0);
	for (kind = 0; kind < ENVELOPE_KINDS; kind++) {
		sign_with_ssh_keygen(s, kind);
		read_armored(s, line);
		bytes = sign_envelope(
		    lines, 1, (const uint8_t *)PAYLOAD, strlen(PAYLOAD), &len);
		assert_non_null(bytes);
		assert_int_equal(
		    envelope_open(bytes, len, kind, &e), STATUS_OK);
		sign_line(kind, &e.signature[0], again);
		assert_string_equal(again, line);
		free(bytes);
	}
}

static void
envelope_bytes(void **state)
{
	const char *lines[] = { "first", "second" };
	uint8_t *bytes;
	size_t len;

	(void)state;
	bytes = sign_envelope(lines, 2, (const uint8_t *)"p\n", 2, &len);
	assert_non_null(bytes);
	assert_int_equal(len, 16);
	assert_memory_equal(bytes, "first\nsecond\n\np\n", len);
	free(bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blob_and_fingerprint),
		cmocka_unit_test(fingerprint_as_ssh_keygen),
		cmocka_unit_test(verified_by_ssh_keygen),
		cmocka_unit_test(made_by_ssh_keygen),
		cmocka_unit_test(envelope_bytes),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
