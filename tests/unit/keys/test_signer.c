/* Signers: files and ssh-agent, and ssh-keygen's word on what they sign. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/public.h"
#include "keys/signer.h"
#include "keys/signer_core.h"
#include "tests/unit/keys/agent.h"
#include "tests/unit/wire/verify/pair.h"

#define PAYLOAD "{}"

static void
make_key(const struct scratch *s, const char *name, const char *phrase)
{
	const char *const command[] = { "ssh-keygen", "-q", "-t", "ed25519",
		"-N", phrase, "-C", name, "-f", name, NULL };

	unlink(scratch_path(s, name));
	assert_int_equal(scratch_run(s, NULL, NULL, command), 0);
}

/* The envelope's line, armored, shown to ssh-keygen with the public key. */
static bool
ssh_keygen_agrees(const struct scratch *s, const struct signer *signer,
    enum envelope_kind kind, const uint8_t *bytes)
{
	const char *const command[] = { "ssh-keygen", "-Y", "verify", "-f",
		"allowed", "-I", "me", "-n", envelope_namespace(kind), "-s",
		"sig", NULL };
	char line[PUBLIC_LINE_MAX], text[2048];
	int len = (int)strcspn((const char *)bytes, "\n"), n;

	public_format(signer_key(signer), "", line);
	n = snprintf(text, sizeof(text), "me %s\n", line);
	scratch_write(s, "allowed", text, (size_t)n);
	n = snprintf(text, sizeof(text),
	    "-----BEGIN SSH SIGNATURE-----\n%.*s\n-----END SSH "
	    "SIGNATURE-----\n",
	    len, (const char *)bytes);
	scratch_write(s, "sig", text, (size_t)n);
	scratch_write(s, "payload", PAYLOAD, strlen(PAYLOAD));
	return scratch_run(s, "payload", NULL, command) == 0;
}

static void
signs_every_kind(const struct scratch *s, struct signer *signer)
{
	char error[KEY_ERROR_MAX];
	struct envelope e;
	uint8_t *bytes;
	unsigned kind;
	size_t len;

	for (kind = 0; kind < ENVELOPE_KINDS; kind++) {
		bytes = signer_envelope(signer, kind, (const uint8_t *)PAYLOAD,
		    strlen(PAYLOAD), &len, error);
		assert_non_null(bytes);
		assert_int_equal(
		    envelope_open(bytes, len, kind, &e), STATUS_OK);
		assert_int_equal(e.signatures, 1);
		assert_true(
		    public_key_equal(&e.signature[0].key, signer_key(signer)));
		assert_int_equal(e.payload_len, strlen(PAYLOAD));
		assert_memory_equal(e.payload, PAYLOAD, e.payload_len);
		assert_true(ssh_keygen_agrees(s, signer, kind, bytes));
		free(bytes);
	}
}

static void
from_file(void **state)
{
	const struct scratch *s = *state;
	char error[KEY_ERROR_MAX];
	struct signer *signer;

	make_key(s, "plain", "");
	signer = signer_open(scratch_path(s, "plain"), error);
	assert_non_null(signer);
	assert_string_equal(signer_comment(signer), "plain");
	signs_every_kind(s, signer);
	signer_free(signer);
	signer_free(NULL);
}

static void
not_opened(const char *where, const char *what, const char *remedy)
{
	char error[KEY_ERROR_MAX] = "";

	assert_null(signer_open(where, error));
	if (strstr(error, what) == NULL || strstr(error, remedy) == NULL)
		fail_msg("\"%s\" lacks \"%s\" or \"%s\"", error, what, remedy);
}

static void
files_refused(void **state)
{
	const struct scratch *s = *state;

	make_key(s, "locked", "a phrase");
	not_opened(scratch_path(s, "locked"), "/locked: ", "ssh-agent");
	make_key(s, "open", "");
	assert_int_equal(chmod(scratch_path(s, "open"), 0644), 0);
	not_opened(scratch_path(s, "open"), "/open: ", "chmod");
	not_opened(scratch_path(s, "absent"), "/absent: ", "path");
	scratch_write(s, "empty", "", 0);
	not_opened(scratch_path(s, "empty"), "/empty: ", "amiral-keygen new");
	assert_int_equal(chmod(scratch_path(s, "open.pub"), 0600), 0);
	not_opened(scratch_path(s, "open.pub"), "/open.pub: ", "private");
}

static void
from_secret(void **state)
{
	struct secret_key secret;
	struct signer *signer;

	assert_int_equal(secret_generate(&secret, "host key"), 0);
	signer = signer_from_secret(&secret);
	assert_non_null(signer);
	assert_null(secret.seed);
	assert_string_equal(signer_comment(signer), "host key");
	signs_every_kind(*state, signer);
	signer_free(signer);
}

static void
from_agent(void **state)
{
	char error[KEY_ERROR_MAX], where[PUBLIC_LINE_MAX];
	char fingerprint[FINGERPRINT_SIZE];
	const struct scratch *s = *state;
	struct signer *signer;
	struct agent agent;

	agent_start(&agent, s);
	not_opened("agent:", "no Ed25519 key", "ssh-add");
	agent_add(&agent, "ed25519", "only");
	signer = signer_open("agent:", error);
	assert_non_null(signer);
	assert_string_equal(signer_comment(signer), "only");
	signs_every_kind(s, signer);
	sign_fingerprint(signer_key(signer), fingerprint);
	signer_free(signer);
	agent_add(&agent, "ed25519", "another");
	not_opened("agent:", "several", "agent:SHA256:");
	snprintf(where, sizeof(where), "agent:%s", fingerprint);
	signer = signer_open(where, error);
	assert_non_null(signer);
	assert_string_equal(signer_comment(signer), "only");
	signer_free(signer);
	where[strlen(where) - 1] ^= 1;
	not_opened(where, "does not hold", "ssh-add");
	agent_stop(&agent);
	not_opened("agent:", "SSH_AUTH_SOCK", "key file");
	assert_int_equal(setenv("SSH_AUTH_SOCK", agent.socket, 1), 0);
	not_opened("agent:", agent.socket, "key file");
	assert_int_equal(unsetenv("SSH_AUTH_SOCK"), 0);
}

/* A key that the agent has lost since. */
static void
agent_refuses(void **state)
{
	const char *const empty[] = { "ssh-add", "-q", "-D", NULL };
	char error[KEY_ERROR_MAX];
	const struct scratch *s = *state;
	struct signer *signer;
	struct agent agent;
	size_t len;

	agent_start(&agent, s);
	agent_add(&agent, "ed25519", "lost");
	signer = signer_open("agent:", error);
	assert_non_null(signer);
	assert_int_equal(scratch_run(s, NULL, NULL, empty), 0);
	assert_null(signer_envelope(signer, ENVELOPE_REQUEST,
	    (const uint8_t *)PAYLOAD, strlen(PAYLOAD), &len, error));
	assert_non_null(strstr(error, "refused"));
	signer_free(signer);
	agent_stop(&agent);
}

/* Signs as a pair would, but for what the test spoils. */
struct odd_signer {
	struct pair pair;
	uint8_t flags, spoil;
};

static int
odd_sign(void *state, struct signature *sig, const uint8_t *data, size_t len,
    char error[static KEY_ERROR_MAX])
{
	const struct odd_signer *odd = state;

	(void)data;
	(void)len;
	(void)error;
	pair_sign(&odd->pair, ENVELOPE_REQUEST, PAYLOAD, odd->flags, sig);
	sig->bytes[0] ^= odd->spoil;
	return 0;
}

static void
odd_close(void *state)
{
	(void)state;
}

static uint8_t *
odd_envelope(struct odd_signer *odd, size_t *len)
{
	static const struct signer_backend backend = {
		.sign = odd_sign,
		.close = odd_close,
	};
	char error[KEY_ERROR_MAX] = "";
	struct signer *signer =
	    signer_make(&backend, odd, &odd->pair.key, "odd");
	uint8_t *bytes;

	assert_non_null(signer);
	bytes = signer_envelope(signer, ENVELOPE_REQUEST,
	    (const uint8_t *)PAYLOAD, strlen(PAYLOAD), len, error);
	assert_int_equal(bytes == NULL, strstr(error, "not verify") != NULL);
	signer_free(signer);
	return bytes;
}

static void
bad_signatures_stay_here(void **state)
{
	static const struct {
		enum key_type type;
		uint8_t flags, spoil;
		bool good;
	} rows[] = {
		{ KEY_ED25519, 0, 0, true },
		{ KEY_ED25519, 0, 1, false },
		{ KEY_SK_ED25519, 1, 0, true },
		{ KEY_SK_ED25519, 5, 0, true },
		{ KEY_SK_ED25519, 0, 0, false },
		{ KEY_SK_ED25519, 1, 1, false },
	};
	struct odd_signer odd;
	uint8_t *bytes;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		odd.flags = rows[i].flags;
		odd.spoil = rows[i].spoil;
		pair_make(&odd.pair, rows[i].type, 3);
		bytes = odd_envelope(&odd, &len);
		assert_int_equal(bytes != NULL, rows[i].good);
		free(bytes);
	}
}

static void
payload_bounds(void **state)
{
	static const uint8_t payload[ENVELOPE_PAYLOAD_MAX + 1];
	static const struct {
		size_t len;
		bool good;
	} rows[] = {
		{ 0, false },
		{ 1, true },
		{ ENVELOPE_PAYLOAD_MAX, true },
		{ ENVELOPE_PAYLOAD_MAX + 1, false },
	};
	char error[KEY_ERROR_MAX];
	struct secret_key secret;
	struct signer *signer;
	uint8_t *bytes;
	size_t i, len;

	(void)state;
	assert_int_equal(secret_generate(&secret, ""), 0);
	signer = signer_from_secret(&secret);
	assert_non_null(signer);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bytes = signer_envelope(
		    signer, ENVELOPE_REPLY, payload, rows[i].len, &len, error);
		assert_int_equal(bytes != NULL, rows[i].good);
		free(bytes);
	}
	signer_free(signer);
}

/* Two lines, first key first; one key twice is no pair. */
static void
pairs_of_keys(void **state)
{
	static const uint8_t payload[] = "payload";
	char error[KEY_ERROR_MAX];
	struct secret_key secret;
	struct signer *signers[2];
	struct envelope envelope;
	uint8_t *bytes;
	size_t len;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(secret_generate(&secret, ""), 0);
		signers[i] = signer_from_secret(&secret);
		assert_non_null(signers[i]);
	}
	bytes = signer_envelope_pair(signers[0], signers[1], ENVELOPE_HELLO,
	    payload, sizeof(payload), &len, error);
	assert_non_null(bytes);
	assert_int_equal(
	    envelope_open(bytes, len, ENVELOPE_HELLO, &envelope), STATUS_OK);
	assert_int_equal(envelope.signatures, 2);
	for (int i = 0; i < 2; i++)
		assert_true(public_key_equal(
		    &envelope.signature[i].key, signer_key(signers[i])));
	free(bytes);
	assert_null(signer_envelope_pair(signers[0], signers[0], ENVELOPE_HELLO,
	    payload, sizeof(payload), &len, error));
	for (int i = 0; i < 2; i++)
		signer_free(signers[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_file),
		cmocka_unit_test(files_refused),
		cmocka_unit_test(from_secret),
		cmocka_unit_test(from_agent),
		cmocka_unit_test(agent_refuses),
		cmocka_unit_test(bad_signatures_stay_here),
		cmocka_unit_test(payload_bounds),
		cmocka_unit_test(pairs_of_keys),
	};

	if (sodium_init() == -1)
		return 1;
	unsetenv("SSH_AUTH_SOCK");
	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
