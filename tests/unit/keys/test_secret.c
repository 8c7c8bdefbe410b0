/* Secret keys and their files, beside ssh-keygen's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cursor.h"
#include "keys/public.h"
#include "keys/secret.h"
#include "tests/unit/wire/verify/pair.h"
#include "tests/unit/wire/verify/scratch.h"
#include "wire/verify/envelope.h"

#define BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----\n"
#define END   "-----END OPENSSH PRIVATE KEY-----\n"

/* secret_parse() on a copy, which must be wiped whatever it says. */
static int
parse(struct secret_key *out, const char *text, size_t len, char *error)
{
	char *copy = malloc(len + (len == 0));
	size_t i;
	int result;

	assert_non_null(copy);
	memcpy(copy, text, len);
	result = secret_parse(out, copy, len, error);
	for (i = 0; i < len; i++)
		assert_int_equal(copy[i], 0);
	free(copy);
	return result;
}

/* Whoever names ssh-agent as the remedy says so by the status as well. */
static int
status_of(const char *why)
{
	return strcmp(why, "ssh-agent") == 0 ? KEY_FOR_AGENT : -1;
}

static void
refused_with(const char *text, size_t len, const char *why)
{
	char error[KEY_ERROR_MAX] = "";
	struct secret_key key;

	assert_int_equal(parse(&key, text, len, error), status_of(why));
	if (strstr(error, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error, why);
}

static void
generate(const struct scratch *s, const char *type, const char *phrase,
    const char *comment)
{
	const char *const command[] = { "ssh-keygen", "-q", "-t", type, "-N",
		phrase, "-C", comment, "-f", "key", NULL };

	remove(scratch_path(s, "key"));
	assert_int_equal(scratch_run(s, NULL, NULL, command), 0);
}

/* What ssh-keygen makes of the secret file "key": its public line. */
static void
public_line(const struct scratch *s, char line[PUBLIC_LINE_MAX])
{
	const char *const command[] = { "ssh-keygen", "-y", "-P", "", "-f",
		"key", NULL };
	char *text;
	size_t len;

	assert_int_equal(scratch_run(s, NULL, "line", command), 0);
	text = scratch_read(s, "line", &len);
	assert_true(len > 0 && len < PUBLIC_LINE_MAX);
	text[len - 1] = '\0';
	memcpy(line, text, len);
	free(text);
}

static void
ours_for_ssh_keygen(void **state)
{
	char comment[30] = "", line[PUBLIC_LINE_MAX], ours[PUBLIC_LINE_MAX];
	const struct scratch *s = *state;
	struct secret_key key;
	size_t i, len;
	char *text;

	for (i = 0; i < sizeof(comment); i++) {
		assert_int_equal(secret_generate(&key, comment), 0);
		text = secret_format(&key, &len);
		assert_non_null(text);
		assert_int_equal(len, strlen(text));
		remove(scratch_path(s, "key"));
		scratch_write(s, "key", text, len);
		public_line(s, line);
		public_format(&key.public_key, comment, ours);
		assert_string_equal(line, ours);
		secret_text_free(text);
		secret_free(&key);
		memset(comment, 'x', i);
	}
}

static void
theirs_for_us(void **state)
{
	char comment[20] = "", line[PUBLIC_LINE_MAX], ours[PUBLIC_LINE_MAX];
	const struct scratch *s = *state;
	char error[KEY_ERROR_MAX], *text;
	struct secret_key key;
	size_t i, len;

	for (i = 0; i < sizeof(comment); i++) {
		generate(s, "ed25519", "", comment);
		text = scratch_read(s, "key", &len);
		assert_int_equal(parse(&key, text, len, error), 0);
		public_line(s, line);
		public_format(&key.public_key, key.comment, ours);
		assert_string_equal(ours, line);
		assert_string_equal(key.comment, comment);
		secret_free(&key);
		free(text);
		memset(comment, 'y', i);
	}
}

static void
signs(void **state)
{
	uint8_t sig[ED25519_SIG_SIZE], again[ED25519_SIG_SIZE];
	const uint8_t data[] = "data";
	struct secret_key key, back;
	char error[KEY_ERROR_MAX], *text;
	size_t len;

	(void)state;
	assert_int_equal(secret_generate(&key, "me@here"), 0);
	secret_sign(&key, data, sizeof(data), sig);
	assert_int_equal(crypto_sign_verify_detached(
			     sig, data, sizeof(data), key.public_key.bytes),
	    0);
	text = secret_format(&key, &len);
	assert_non_null(text);
	assert_int_equal(parse(&back, text, len, error), 0);
	secret_text_free(text);
	assert_true(public_key_equal(&key.public_key, &back.public_key));
	secret_sign(&back, data, sizeof(data), again);
	assert_memory_equal(sig, again, sizeof(sig));
	secret_free(&key);
	secret_free(&key);
	assert_null(key.seed);
	secret_free(&back);
}

/* True if the child that ran fn ended in some way but exit 0. */
static bool
dies(void (*fn)(struct secret_key *), struct secret_key *key)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		/* cmocka would catch it and go on with the next test. */
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		close(2);
		fn(key);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static void
write_seed(struct secret_key *key)
{
	((volatile uint8_t *)key->seed)[0] ^= 1;
}

static void
read_past_seed(struct secret_key *key)
{
	volatile uint8_t byte =
	    ((volatile uint8_t *)key->seed)[crypto_sign_SECRETKEYBYTES];

	(void)byte;
}

static void
touch_nothing(struct secret_key *key)
{
	(void)key;
}

/*
 * One message signed for two public halves would give the secret away: the
 * half that signs is the locked one, whatever happens to the other.
 */
static void
signs_with_locked_half(struct secret_key *key)
{
	uint8_t before[ED25519_SIG_SIZE], after[ED25519_SIG_SIZE];

	secret_sign(key, (const uint8_t *)"x", 1, before);
	key->public_key.bytes[0] ^= 1;
	secret_sign(key, (const uint8_t *)"x", 1, after);
	key->public_key.bytes[0] ^= 1;
	assert_memory_equal(before, after, sizeof(before));
}

static void
seed_is_guarded(void **state)
{
	struct secret_key key;

	(void)state;
	assert_int_equal(secret_generate(&key, ""), 0);
	assert_false(dies(touch_nothing, &key));
	assert_true(dies(write_seed, &key));
	assert_true(dies(read_past_seed, &key));
	signs_with_locked_half(&key);
	secret_free(&key);
}

#ifndef TEST_SANITIZED /* mlock(2) does nothing there */
/* Where nothing can be locked, there is no key rather than one in swap. */
static void
generate_unlocked(struct secret_key *key)
{
	const struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };

	if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 ||
	    (geteuid() == 0 && setuid(65534) != 0))
		_exit(0);
	_exit(secret_generate(key, "") == -1);
}

static void
lock_is_required(void **state)
{
	struct secret_key key;

	(void)state;
	assert_true(dies(generate_unlocked, &key));
}
#endif

/* Only the comment may change without a trace: nothing in the file guards it.
 */
static void
flip_each(const struct secret_key *key, char *text, size_t len)
{
	char error[KEY_ERROR_MAX];
	struct secret_key other;
	size_t i;

	for (i = 0; i < len * 8; i++) {
		text[i / 8] ^= (char)(1U << (i % 8));
		if (parse(&other, text, len, error) == 0) {
			assert_true(public_key_equal(
			    &key->public_key, &other.public_key));
			assert_memory_equal(key->seed, other.seed, 64);
			assert_string_not_equal(other.comment, key->comment);
			secret_free(&other);
		}
		text[i / 8] ^= (char)(1U << (i % 8));
	}
}

static void
every_bit(void **state)
{
	struct secret_key key;
	char *text;
	size_t len;

	(void)state;
	assert_int_equal(secret_generate(&key, "abcdef"), 0);
	text = secret_format(&key, &len);
	assert_non_null(text);
	flip_each(&key, text, len);
	secret_text_free(text);
	secret_free(&key);
}

/* The whole file as ssh-keygen makes it, armor and all. */
static void
every_bit_of_theirs(void **state)
{
	char error[KEY_ERROR_MAX], *text;
	struct secret_key key;
	size_t len;

	generate(*state, "ed25519", "", "a comment");
	text = scratch_read(*state, "key", &len);
	assert_int_equal(parse(&key, text, len, error), 0);
	flip_each(&key, text, len);
	secret_free(&key);
	free(text);
}

static void
every_length(void **state)
{
	struct secret_key key, other;
	char error[KEY_ERROR_MAX], *text;
	size_t full, len;

	(void)state;
	assert_int_equal(secret_generate(&key, "abc"), 0);
	text = secret_format(&key, &full);
	assert_non_null(text);
	for (len = 0; len < full; len++)
		assert_int_equal(parse(&other, text, len, error), -1);
	text[full] = '\n';
	assert_int_equal(parse(&other, text, full + 1, error), -1);
	assert_int_equal(parse(&other, text, full, error), 0);
	secret_free(&other);
	secret_text_free(text);
	secret_free(&key);
}

static void
refused_with_remedy(void **state)
{
	const struct scratch *s = *state;
	char *text, big[KEY_FILE_MAX + 1];
	size_t len;

	generate(s, "ed25519", "a phrase", "");
	text = scratch_read(s, "key", &len);
	refused_with(text, len, "ssh-agent");
	free(text);
	text = scratch_read(s, "key.pub", &len);
	refused_with(text, len, "public key");
	free(text);
	generate(s, "rsa", "", "");
	text = scratch_read(s, "key", &len);
	refused_with(text, len, "amiral-keygen new");
	free(text);
	refused_with("", 0, "amiral-keygen new");
	refused_with(BEGIN END, strlen(BEGIN END), "amiral-keygen new");
	memset(big, 'x', sizeof(big));
	refused_with(big, sizeof(big), "8 KiB");
}

/* The members of a key file, to be written wrong one by one. */
struct parts {
	const char *magic, *cipher, *kdf, *kdf_options;
	uint32_t count, check[2];
	struct public_key outer;
	const char *type;
	uint8_t inner[32], seed[32], second[32];
	const char *comment;
	const char *padding;
	size_t padding_len;
	const char *tail;
};

static void
right_parts(struct parts *p, struct pair *pair)
{
	pair_make(pair, KEY_ED25519, 9);
	*p = (struct parts){
		.magic = "openssh-key-v1",
		.cipher = "none",
		.kdf = "none",
		.kdf_options = "",
		.count = 1,
		.check = { 5, 5 },
		.outer = pair->key,
		.type = "ssh-ed25519",
		.comment = "abcdefgh",
		.padding = "\1\2\3\4\5",
		.padding_len = 5,
		.tail = "",
	};
	memcpy(p->inner, pair->key.bytes, 32);
	memcpy(p->seed, pair->secret, 32);
	memcpy(p->second, pair->key.bytes, 32);
}

static size_t
write_private(const struct parts *p, uint8_t *out, size_t size)
{
	uint8_t pair[64];
	struct writer w;

	writer_init(&w, out, size);
	writer_u32(&w, p->check[0]);
	writer_u32(&w, p->check[1]);
	writer_text(&w, p->type);
	writer_string(&w, p->inner, 32);
	memcpy(pair, p->seed, 32);
	memcpy(pair + 32, p->second, 32);
	writer_string(&w, pair, 64);
	writer_text(&w, p->comment);
	writer_bytes(&w, p->padding, p->padding_len);
	assert_true(writer_done(&w));
	return w.used;
}

static int
parse_parts(const struct parts *p, struct secret_key *out, char *error)
{
	uint8_t blob[2048], part[1024];
	char text[4096], base64[3000];
	struct writer w;
	int n;

	writer_init(&w, blob, sizeof(blob));
	writer_bytes(&w, p->magic, strlen(p->magic) + 1);
	writer_text(&w, p->cipher);
	writer_text(&w, p->kdf);
	writer_text(&w, p->kdf_options);
	writer_u32(&w, p->count);
	writer_string(&w, part, sign_public_blob(&p->outer, part));
	writer_string(&w, part, write_private(p, part, sizeof(part)));
	writer_bytes(&w, p->tail, strlen(p->tail));
	assert_true(writer_done(&w));
	sodium_bin2base64(base64, sizeof(base64), blob, w.used,
	    sodium_base64_VARIANT_ORIGINAL);
	n = snprintf(text, sizeof(text), BEGIN "%s\n" END, base64);
	return parse(out, text, (size_t)n, error);
}

static void
wrong_magic(struct parts *p)
{
	p->magic = "openssh-key-v2";
}

static void
wrong_cipher(struct parts *p)
{
	p->cipher = "aes256-ctr";
}

static void
wrong_kdf(struct parts *p)
{
	p->kdf = "bcrypt";
}

static void
wrong_kdf_options(struct parts *p)
{
	p->kdf_options = "x";
}

static void
wrong_count(struct parts *p)
{
	p->count = 2;
}

static void
wrong_check(struct parts *p)
{
	p->check[1]++;
}

static void
wrong_outer(struct parts *p)
{
	struct pair other;

	pair_make(&other, KEY_ED25519, 10);
	p->outer = other.key;
}

static void
wrong_outer_type(struct parts *p)
{
	p->outer.type = KEY_SK_ED25519;
}

static void
wrong_type(struct parts *p)
{
	p->type = "ssh-ed25518";
}

static void
wrong_inner(struct parts *p)
{
	p->inner[31] ^= 1;
}

static void
wrong_seed(struct parts *p)
{
	p->seed[0] ^= 1;
}

static void
wrong_second(struct parts *p)
{
	p->second[0] ^= 1;
}

static void
control_in_comment(struct parts *p)
{
	p->comment = "abc\ndefg";
}

static void
utf8_in_comment(struct parts *p)
{
	p->comment = "abcdefg\xff";
}

static void
no_padding(struct parts *p)
{
	p->padding_len = 0;
}

static void
long_padding(struct parts *p)
{
	p->padding = "\1\2\3\4\5\6\7\10\11\12\13\14\15";
	p->padding_len = 13;
}

static void
zero_padding(struct parts *p)
{
	p->padding = "\1\2\3\4\0";
}

static void
more_behind(struct parts *p)
{
	p->tail = "x";
}

static void
wrong_members(void **state)
{
	static const struct {
		void (*spoil)(struct parts *);
		const char *why;
	} rows[] = {
		{ wrong_magic, "not an openssh-key-v1" },
		{ wrong_cipher, "ssh-agent" },
		{ wrong_kdf, "ssh-agent" },
		{ wrong_kdf_options, "ssh-agent" },
		{ wrong_count, "exactly one key" },
		{ wrong_check, "damaged" },
		{ wrong_outer, "another key" },
		{ wrong_outer_type, "ssh-agent" },
		{ wrong_type, "damaged" },
		{ wrong_inner, "damaged" },
		{ wrong_seed, "damaged" },
		{ wrong_second, "damaged" },
		{ control_in_comment, "comment" },
		{ utf8_in_comment, "comment" },
		{ no_padding, "damaged" },
		{ long_padding, "damaged" },
		{ zero_padding, "damaged" },
		{ more_behind, "damaged" },
	};
	char error[KEY_ERROR_MAX];
	struct secret_key key;
	struct parts parts;
	struct pair pair;
	size_t i;

	(void)state;
	right_parts(&parts, &pair);
	assert_int_equal(parse_parts(&parts, &key, error), 0);
	assert_true(public_key_equal(&key.public_key, &pair.key));
	secret_free(&key);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		right_parts(&parts, &pair);
		rows[i].spoil(&parts);
		assert_int_equal(
		    parse_parts(&parts, &key, error), status_of(rows[i].why));
		if (strstr(error, rows[i].why) == NULL)
			fail_msg("row %zu: \"%s\" lacks \"%s\"", i, error,
			    rows[i].why);
	}
}

static void
comments(void **state)
{
	char longest[KEY_COMMENT_MAX + 2];
	struct secret_key key, back;
	char error[KEY_ERROR_MAX], *text;
	size_t len;

	(void)state;
	memset(longest, 'z', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_false(secret_comment_ok(longest));
	longest[KEY_COMMENT_MAX] = '\0';
	assert_true(secret_comment_ok(longest));
	assert_true(secret_comment_ok(""));
	assert_true(secret_comment_ok("caf\xc3\xa9 au lait"));
	assert_false(secret_comment_ok("tab\t"));
	assert_false(secret_comment_ok("\x7f"));
	assert_false(secret_comment_ok("\xc3"));
	assert_int_equal(secret_generate(&key, longest), 0);
	text = secret_format(&key, &len);
	assert_non_null(text);
	assert_int_equal(parse(&back, text, len, error), 0);
	assert_string_equal(back.comment, longest);
	secret_text_free(text);
	secret_free(&key);
	secret_free(&back);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ours_for_ssh_keygen),
		cmocka_unit_test(theirs_for_us),
		cmocka_unit_test(signs),
		cmocka_unit_test(seed_is_guarded),
#ifndef TEST_SANITIZED
		cmocka_unit_test(lock_is_required),
#endif
		cmocka_unit_test(every_bit),
		cmocka_unit_test(every_bit_of_theirs),
		cmocka_unit_test(every_length),
		cmocka_unit_test(refused_with_remedy),
		cmocka_unit_test(wrong_members),
		cmocka_unit_test(comments),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
