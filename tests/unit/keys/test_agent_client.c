/* ssh-agent: a real one, and answers that no agent should give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cursor.h"
#include "keys/agent_client.h"
#include "keys/public.h"
#include "tests/unit/keys/agent.h"
#include "tests/unit/wire/verify/pair.h"
#include "wire/verify/envelope.h"

#define ANSWER_ROOM 4096

static void
real_agent(void **state)
{
	const uint8_t data[] = "some data";
	const struct scratch *s = *state;
	char error[KEY_ERROR_MAX];
	struct agent_key *keys;
	struct signature sig;
	struct agent agent;
	size_t n;
	int fd;

	agent_start(&agent, s);
	agent_add(&agent, "rsa", "one");
	agent_add(&agent, "ed25519", "two");
	agent_add(&agent, "ed25519", "three");
	fd = agent_connect(agent.socket, error);
	assert_true(fd >= 0);
	assert_int_equal(agent_list(fd, &keys, &n, error), 0);
	assert_int_equal(n, 2);
	assert_string_equal(keys[0].comment, "two");
	assert_string_equal(keys[1].comment, "three");
	sig = (struct signature){ .key = keys[1].key };
	assert_int_equal(agent_sign(fd, &sig, data, sizeof(data), error), 0);
	assert_int_equal(crypto_sign_verify_detached(
			     sig.bytes, data, sizeof(data), keys[1].key.bytes),
	    0);
	sig.key.bytes[0] ^= 1;
	assert_int_equal(agent_sign(fd, &sig, data, sizeof(data), error), -1);
	assert_non_null(strstr(error, "refused"));
	free(keys);
	close(fd);
	agent_stop(&agent);
}

static void
empty_agent(void **state)
{
	char error[KEY_ERROR_MAX];
	struct agent_key *keys;
	struct agent agent;
	size_t n = 9;
	int fd;

	agent_start(&agent, *state);
	fd = agent_connect(agent.socket, error);
	assert_true(fd >= 0);
	assert_int_equal(agent_list(fd, &keys, &n, error), 0);
	assert_int_equal(n, 0);
	free(keys);
	close(fd);
	agent_stop(&agent);
}

static void
no_agent(void **state)
{
	char error[KEY_ERROR_MAX], path[300];

	assert_int_equal(
	    agent_connect(scratch_path(*state, "none"), error), -1);
	assert_non_null(strstr(error, "start it"));
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(agent_connect(path, error), -1);
	assert_non_null(strstr(error, "too long"));
	assert_int_equal(agent_connect("", error), -1);
}

/* An agent that has already said what it will. */
struct mock {
	int near, far; /* far stays open: the question goes somewhere */
};

static void
mock_start(struct mock *mock, const struct writer *answer)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	*mock = (struct mock){ .near = fds[0], .far = fds[1] };
	assert_int_equal(
	    write(mock->far, answer->start, answer->used), answer->used);
	assert_int_equal(shutdown(mock->far, SHUT_WR), 0);
}

static void
mock_stop(struct mock *mock)
{
	close(mock->near);
	close(mock->far);
}

static int
list_of(const struct writer *answer, size_t *n, char *error)
{
	struct agent_key *keys = NULL;
	struct mock mock;
	int result;

	mock_start(&mock, answer);
	result = agent_list(mock.near, &keys, n, error);
	if (result == 0)
		free(keys);
	else
		assert_null(keys);
	mock_stop(&mock);
	return result;
}

/* Two keys, one of a type that is skipped. */
static void
good_list(struct writer *w, uint8_t bytes[ANSWER_ROOM])
{
	uint8_t body[ANSWER_ROOM], blob[PUBLIC_BLOB_MAX];
	struct writer b;
	struct pair pair;

	pair_make(&pair, KEY_ED25519, 1);
	writer_init(&b, body, sizeof(body));
	writer_u8(&b, 12);
	writer_u32(&b, 2);
	writer_string(&b, blob, sign_public_blob(&pair.key, blob));
	writer_text(&b, "first");
	writer_string(&b, "\0\0\0\7ssh-dss", 11);
	writer_text(&b, "second");
	assert_true(writer_done(&b));
	writer_init(w, bytes, ANSWER_ROOM);
	writer_string(w, body, b.used);
}

static void
list_bits(void **state)
{
	char error[KEY_ERROR_MAX];
	uint8_t bytes[ANSWER_ROOM];
	struct writer w;
	size_t i, n;

	(void)state;
	good_list(&w, bytes);
	assert_int_equal(list_of(&w, &n, error), 0);
	assert_int_equal(n, 1);
	for (i = 0; i < w.used * 8; i++) {
		bytes[i / 8] ^= (uint8_t)(1U << (i % 8));
		n = 0;
		if (list_of(&w, &n, error) == 0)
			assert_true(n <= 2);
		bytes[i / 8] ^= (uint8_t)(1U << (i % 8));
		if (i / 8 < 9) /* lengths, type, count: none may be off */
			assert_int_equal(n, 0);
	}
}

static void
list_lengths(void **state)
{
	char error[KEY_ERROR_MAX];
	uint8_t bytes[ANSWER_ROOM];
	struct writer w;
	size_t full, n;

	(void)state;
	good_list(&w, bytes);
	full = w.used;
	for (w.used = 0; w.used < full; w.used++)
		assert_int_equal(list_of(&w, &n, error), -1);
	/* Shorter, and the length says so. */
	for (w.used = 5; w.used < full; w.used++) {
		bytes[2] = (uint8_t)((w.used - 4) >> 8);
		bytes[3] = (uint8_t)(w.used - 4);
		assert_int_equal(list_of(&w, &n, error), -1);
	}
}

static void
list_sizes(void **state)
{
	static const uint32_t sizes[] = { 0, 256 * 1024 + 1, UINT32_MAX };
	char error[KEY_ERROR_MAX];
	uint8_t bytes[8];
	struct writer w;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		writer_init(&w, bytes, sizeof(bytes));
		writer_u32(&w, sizes[i]);
		assert_int_equal(list_of(&w, &n, error), -1);
		assert_non_null(strstr(error, "size"));
	}
}

/* Behind a whole list, one byte; and a list of more keys than it has room. */
static void
list_excess(void **state)
{
	char error[KEY_ERROR_MAX];
	uint8_t bytes[ANSWER_ROOM];
	struct writer w;
	size_t n;

	(void)state;
	good_list(&w, bytes);
	bytes[w.used++] = 0;
	bytes[3]++;
	assert_int_equal(list_of(&w, &n, error), -1);
	assert_non_null(strstr(error, "damaged"));
	good_list(&w, bytes);
	memset(bytes + 5, 0xff, 4);
	assert_int_equal(list_of(&w, &n, error), -1);
	assert_non_null(strstr(error, "damaged"));
}

static void
long_comment_is_cut(void **state)
{
	uint8_t bytes[ANSWER_ROOM], blob[PUBLIC_BLOB_MAX];
	char comment[400], error[KEY_ERROR_MAX];
	struct agent_key *keys;
	struct pair pair;
	struct writer w;
	size_t n, blob_len;
	struct mock mock;

	(void)state;
	memset(comment, 'c', sizeof(comment));
	pair_make(&pair, KEY_SK_ED25519, 1);
	blob_len = sign_public_blob(&pair.key, blob);
	writer_init(&w, bytes, sizeof(bytes));
	writer_u32(&w, (uint32_t)(1 + 4 + 4 + blob_len + 4 + sizeof(comment)));
	writer_u8(&w, 12);
	writer_u32(&w, 1);
	writer_string(&w, blob, blob_len);
	writer_string(&w, comment, sizeof(comment));
	mock_start(&mock, &w);
	assert_int_equal(agent_list(mock.near, &keys, &n, error), 0);
	mock_stop(&mock);
	assert_int_equal(n, 1);
	assert_int_equal(strlen(keys[0].comment), KEY_COMMENT_MAX);
	assert_int_equal(keys[0].key.type, KEY_SK_ED25519);
	free(keys);
}

/* A signature answer with these members; flags < 0: none behind it. */
static void
sign_answer(struct writer *w, uint8_t bytes[ANSWER_ROOM], const char *type,
    size_t sig_len, int flags)
{
	uint8_t inner[512], sig[128] = { 1, 2, 3 };
	struct writer i;

	writer_init(&i, inner, sizeof(inner));
	writer_text(&i, type);
	writer_string(&i, sig, sig_len);
	if (flags >= 0) {
		writer_u8(&i, (uint8_t)flags);
		writer_u32(&i, 0x01020304);
	}
	writer_init(w, bytes, ANSWER_ROOM);
	writer_u32(w, (uint32_t)(1 + 4 + i.used));
	writer_u8(w, 14);
	writer_string(w, inner, i.used);
}

static int
sign_with(
    const struct writer *answer, enum key_type type, struct signature *sig)
{
	char error[KEY_ERROR_MAX];
	struct pair pair;
	struct mock mock;
	int result;

	mock_start(&mock, answer);
	pair_make(&pair, type, 1);
	*sig = (struct signature){ .key = pair.key };
	result = agent_sign(mock.near, sig, (const uint8_t *)"x", 1, error);
	mock_stop(&mock);
	return result;
}

static void
signature_shapes(void **state)
{
	static const struct {
		enum key_type key;
		const char *type;
		size_t len;
		int flags, result;
	} rows[] = {
		{ KEY_ED25519, "ssh-ed25519", 64, -1, 0 },
		{ KEY_SK_ED25519, "sk-ssh-ed25519@openssh.com", 64, 5, 0 },
		{ KEY_ED25519, "ssh-ed25519", 63, -1, -1 },
		{ KEY_ED25519, "ssh-ed25519", 65, -1, -1 },
		{ KEY_ED25519, "ssh-ed25519", 64, 1, -1 },
		{ KEY_ED25519, "ssh-rsa", 64, -1, -1 },
		{ KEY_ED25519, "sk-ssh-ed25519@openssh.com", 64, 1, -1 },
		{ KEY_SK_ED25519, "sk-ssh-ed25519@openssh.com", 64, -1, -1 },
		{ KEY_SK_ED25519, "ssh-ed25519", 64, 1, -1 },
	};
	uint8_t bytes[ANSWER_ROOM];
	struct signature sig;
	struct writer w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sign_answer(
		    &w, bytes, rows[i].type, rows[i].len, rows[i].flags);
		assert_int_equal(
		    sign_with(&w, rows[i].key, &sig), rows[i].result);
		assert_int_equal(sig.bytes[0], rows[i].result == 0 ? 1 : 0);
	}
	sign_answer(&w, bytes, "sk-ssh-ed25519@openssh.com", 64, 5);
	assert_int_equal(sign_with(&w, KEY_SK_ED25519, &sig), 0);
	assert_int_equal(sig.flags, 5);
	assert_int_equal(sig.counter, 0x01020304);
}

static void
signature_bits_and_lengths(void **state)
{
	uint8_t bytes[ANSWER_ROOM];
	struct signature sig;
	struct writer w;
	size_t i, full;

	(void)state;
	sign_answer(&w, bytes, "ssh-ed25519", 64, -1);
	full = w.used;
	for (i = 0; i < (full - 64) * 8; i++) {
		bytes[i / 8] ^= (uint8_t)(1U << (i % 8));
		assert_int_equal(sign_with(&w, KEY_ED25519, &sig), -1);
		bytes[i / 8] ^= (uint8_t)(1U << (i % 8));
	}
	for (w.used = 0; w.used < full; w.used++)
		assert_int_equal(sign_with(&w, KEY_ED25519, &sig), -1);
	assert_int_equal(sign_with(&w, KEY_ED25519, &sig), 0);
	bytes[w.used++] = 0;
	bytes[3]++;
	assert_int_equal(sign_with(&w, KEY_ED25519, &sig), -1);
}

static void
refusal_and_bounds(void **state)
{
	uint8_t bytes[8], data[2048] = { 0 };
	char error[KEY_ERROR_MAX];
	struct signature sig;
	struct pair pair;
	struct writer w;
	struct mock mock;

	(void)state;
	writer_init(&w, bytes, sizeof(bytes));
	writer_u32(&w, 1);
	writer_u8(&w, 5);
	pair_make(&pair, KEY_ED25519, 1);
	sig = (struct signature){ .key = pair.key };
	mock_start(&mock, &w);
	assert_int_equal(agent_sign(mock.near, &sig, data, 1, error), -1);
	assert_non_null(strstr(error, "refused"));
	mock_stop(&mock);
	mock_start(&mock, &w);
	assert_int_equal(
	    agent_sign(mock.near, &sig, data, sizeof(data), error), -1);
	assert_non_null(strstr(error, "too much"));
	mock_stop(&mock);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_agent),
		cmocka_unit_test(empty_agent),
		cmocka_unit_test(no_agent),
		cmocka_unit_test(list_bits),
		cmocka_unit_test(list_lengths),
		cmocka_unit_test(list_sizes),
		cmocka_unit_test(list_excess),
		cmocka_unit_test(long_comment_is_cut),
		cmocka_unit_test(signature_shapes),
		cmocka_unit_test(signature_bits_and_lengths),
		cmocka_unit_test(refusal_and_bounds),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
