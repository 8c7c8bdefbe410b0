/*
 * Fuzz target: signing, by a key of ours or by an ssh-agent that is found
 * through SSH_AUTH_SOCK and plays in a thread of its own. Four bytes (where
 * the key is, how an agent answers, the kind, where an answer is damaged) and
 * the payload; where the agent sends raw bytes, these stand before it with a
 * newline behind; a key file is all that follows. What is signed opens, as
 * what it was asked for; what an agent has damaged never comes out.
 */
#include "keys/signer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cursor.h"
#include "fuzz/cast.h"
#include "fuzz/fuzz.h"
#include "tests/lib/place.h"

#define QUESTION_MAX 1024
#define ANSWER_MAX   8192

enum holds {
	HOLDS_ONE,
	HOLDS_TWO,
	HOLDS_NONE,
	HOLDS_RAW,
	OURS,
	FILED,
	NOWHERE,
	HOLDS
};
enum answers {
	SIGNS,
	SIGNS_BADLY,
	SIGNS_WITH_ANOTHER,
	REFUSES,
	SENDS_RAW,
	ANSWERS
};

/* What is played, and what the agent's thread plays with. */
struct play {
	enum holds holds;
	enum answers answers;
	enum envelope_kind kind;
	uint8_t damage;
	bool named; /* agent:SHA256:... rather than agent: */
	const uint8_t *raw;
	size_t raw_len;
	struct input payload;
};

static int listener = -1;
static char directory[PLACE_MAX];
static char socket_path[sizeof(directory) + sizeof("/agent")];
static char key_path[sizeof(directory) + sizeof("/key")];

static void
remove_files(void)
{
	unlink(socket_path);
	unlink(key_path);
	rmdir(directory);
}

static void
listen_once(void)
{
	const struct timeval patience = { .tv_sec = 60 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (listener != -1)
		return;
	place_name(directory, "fuzz-signer");
	MUST(mkdtemp(directory) != NULL);
	snprintf(key_path, sizeof(key_path), "%s/key", directory);
	snprintf(socket_path, sizeof(socket_path), "%s/agent", directory);
	MUST(strlen(socket_path) < sizeof(address.sun_path));
	strcpy(address.sun_path, socket_path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	MUST(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0);
	MUST(listen(listener, 4) == 0);
	MUST(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &patience,
		 sizeof(patience)) == 0);
	atexit(remove_files);
}

static bool
read_all(int fd, uint8_t *bytes, size_t len)
{
	return len == 0 || recv(fd, bytes, len, MSG_WAITALL) == (ssize_t)len;
}

/* What comes after it is the end: nobody waits for bytes that are missing. */
static void
send_last(int fd, const void *bytes, size_t len)
{
	send(fd, bytes, len, MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
}

static void
add_key(struct writer *w, enum cast who)
{
	uint8_t blob[PUBLIC_BLOB_MAX];
	size_t len = sign_public_blob(cast_key(who), blob);

	writer_string(w, blob, len);
	writer_text(w, "comment");
}

static void
answer_list(const struct play *play, int fd)
{
	static const uint32_t counts[] = { 1, 2, 0 };
	uint8_t bytes[ANSWER_MAX], body[ANSWER_MAX];
	struct writer w, all;

	if (play->holds == HOLDS_RAW) {
		send_last(fd, play->raw, play->raw_len);
		return;
	}
	writer_init(&w, body, sizeof(body));
	writer_u8(&w, 12);
	writer_u32(&w, counts[play->holds]);
	if (play->holds != HOLDS_NONE)
		add_key(&w, ALICE);
	if (play->holds == HOLDS_TWO)
		add_key(&w, BOB);
	writer_init(&all, bytes, sizeof(bytes));
	writer_string(&all, body, w.used);
	send(fd, bytes, all.used, MSG_NOSIGNAL);
}

/* string key, string data, flags; the signature as an agent writes it. */
static size_t
sign(const struct play *play, struct cursor *question, uint8_t *out)
{
	uint8_t sig[ED25519_SIG_SIZE], blob[ANSWER_MAX], body[ANSWER_MAX];
	const uint8_t *data;
	struct writer w;
	size_t len;

	MUST(cursor_string(question, &len) != NULL);
	data = cursor_string(question, &len);
	MUST(data != NULL && cursor_u32(question) == 0);
	MUST(cursor_done(question));
	cast_sign_raw(
	    play->answers == SIGNS_WITH_ANOTHER ? BOB : ALICE, data, len, sig);
	writer_init(&w, blob, sizeof(blob));
	writer_text(&w, "ssh-ed25519");
	writer_string(&w, sig, sizeof(sig));
	len = w.used;
	writer_init(&w, body, sizeof(body));
	writer_u8(&w, 14);
	writer_string(&w, blob, len);
	len = w.used;
	writer_init(&w, out, ANSWER_MAX);
	writer_string(&w, body, len);
	return w.used;
}

static void
answer_sign(const struct play *play, int fd, struct cursor *question)
{
	static const uint8_t refusal[] = { 0, 0, 0, 1, 5 };
	uint8_t bytes[ANSWER_MAX];
	size_t len;

	if (play->answers == REFUSES) {
		send_last(fd, refusal, sizeof(refusal));
		return;
	}
	if (play->answers == SENDS_RAW) {
		send_last(fd, play->raw, play->raw_len);
		return;
	}
	len = sign(play, question, bytes);
	if (play->answers == SIGNS_BADLY)
		bytes[play->damage % len] ^= (uint8_t)(1 + play->damage % 255);
	send_last(fd, bytes, len);
}

static void *
agent(void *arg)
{
	const struct play *play = arg;
	uint8_t header[4], question[QUESTION_MAX];
	struct cursor c;
	int fd = accept(listener, NULL, NULL);

	MUST(fd != -1);
	while (read_all(fd, header, sizeof(header))) {
		cursor_init(&c, header, sizeof(header));
		c.left = cursor_u32(&c);
		MUST(c.left > 0 && c.left <= sizeof(question));
		MUST(read_all(fd, question, c.left));
		cursor_init(&c, question, c.left);
		if (cursor_u8(&c) == 11)
			answer_list(play, fd);
		else
			answer_sign(play, fd, &c);
	}
	close(fd);
	return NULL;
}

static void
check_envelope(const struct signer *signer, const struct play *play,
    const uint8_t *bytes, size_t len)
{
	struct envelope e;

	MUST(envelope_open(bytes, len, play->kind, &e) == STATUS_OK);
	MUST(e.signatures == 1);
	MUST(public_key_equal(&e.signature[0].key, signer_key(signer)));
	MUST(e.payload_len == play->payload.left);
	MUST(memcmp(e.payload, play->payload.at, e.payload_len) == 0);
}

static bool
can_be_sent(const struct play *play)
{
	return play->payload.left > 0 &&
	       play->payload.left <= ENVELOPE_PAYLOAD_MAX;
}

static void
sign_with_agent(const struct play *play, struct signer *signer)
{
	char error[KEY_ERROR_MAX] = "";
	uint8_t *bytes;
	size_t len;

	bytes = signer_envelope(signer, play->kind, play->payload.at,
	    play->payload.left, &len, error);
	if (bytes != NULL)
		check_envelope(signer, play, bytes, len);
	else
		MUST(error[0] != '\0');
	if (play->holds != HOLDS_RAW && play->answers != SENDS_RAW)
		MUST((bytes != NULL) ==
		     (play->answers == SIGNS && can_be_sent(play)));
	free(bytes);
}

static void
play_agent(const struct play *play)
{
	char error[KEY_ERROR_MAX] = "", where[8 + FINGERPRINT_SIZE] = "agent:";
	bool found = play->holds == HOLDS_ONE ||
		     (play->holds == HOLDS_TWO && play->named);
	struct signer *signer;
	pthread_t thread;

	if (play->named)
		sign_fingerprint(cast_key(ALICE), where + strlen(where));
	MUST(setenv("SSH_AUTH_SOCK", socket_path, 1) == 0);
	MUST(
	    pthread_create(&thread, NULL, agent, (void *)(uintptr_t)play) == 0);
	signer = signer_open(where, error);
	if (signer != NULL)
		sign_with_agent(play, signer);
	else
		MUST(error[0] != '\0');
	MUST(play->holds == HOLDS_RAW || (signer != NULL) == found);
	MUST(!found || strcmp(signer_comment(signer), "comment") == 0);
	signer_free(signer);
	MUST(pthread_join(thread, NULL) == 0);
}

static struct signer *
new_signer(void)
{
	struct secret_key secret;
	struct signer *signer;

	MUST(secret_generate(&secret, "ours") == 0);
	signer = signer_from_secret(&secret);
	MUST(signer != NULL && secret.seed == NULL);
	return signer;
}

/* A rotation: two lines, or one key twice, which is none. */
static void
play_pair(const struct play *play, struct signer *first)
{
	struct signer *second = play->damage & 1 ? new_signer() : first;
	char error[KEY_ERROR_MAX] = "";
	struct envelope e;
	uint8_t *bytes;
	size_t len;

	bytes = signer_envelope_pair(first, second, play->kind,
	    play->payload.at, play->payload.left, &len, error);
	MUST((bytes != NULL) == (second != first && can_be_sent(play)));
	MUST(bytes != NULL || error[0] != '\0');
	if (bytes != NULL) {
		MUST(envelope_open(bytes, len, play->kind, &e) == STATUS_OK);
		MUST(e.signatures == 2);
		MUST(public_key_equal(&e.signature[1].key, signer_key(second)));
	}
	free(bytes);
	if (second != first)
		signer_free(second);
}

static void
play_ours(const struct play *play)
{
	struct signer *signer = new_signer();
	char error[KEY_ERROR_MAX] = "";
	uint8_t *bytes;
	size_t len;

	bytes = signer_envelope(signer, play->kind, play->payload.at,
	    play->payload.left, &len, error);
	MUST((bytes != NULL) == can_be_sent(play));
	if (bytes != NULL)
		check_envelope(signer, play, bytes, len);
	free(bytes);
	play_pair(play, signer);
	signer_free(signer);
}

/* Good for signing, or refused with the file's name. */
static void
play_file(const struct play *play)
{
	char error[KEY_ERROR_MAX] = "";
	struct signer *signer;
	FILE *f = fopen(key_path, "wb");
	size_t len;
	uint8_t *bytes;

	MUST(f != NULL && fchmod(fileno(f), 0600) == 0);
	MUST(fwrite(play->payload.at, 1, play->payload.left, f) ==
	     play->payload.left);
	MUST(fclose(f) == 0);
	signer = signer_open(key_path, error);
	if (signer == NULL) {
		MUST(strstr(error, key_path) != NULL);
		return;
	}
	bytes = signer_envelope(
	    signer, play->kind, (const uint8_t *)"{}", 2, &len, error);
	MUST(bytes != NULL);
	free(bytes);
	signer_free(signer);
}

/* No agent there: a message, and at once. */
static void
play_nowhere(const struct play *play)
{
	char error[KEY_ERROR_MAX] = "", path[200];
	const char *const places[] = { "", "/nowhere/agent", path };

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	MUST(setenv("SSH_AUTH_SOCK", places[play->damage % 3], 1) == 0);
	MUST(signer_open("agent:", error) == NULL && error[0] != '\0');
}

static void (*const plays[HOLDS])(const struct play *) = {
	[HOLDS_ONE] = play_agent,
	[HOLDS_TWO] = play_agent,
	[HOLDS_NONE] = play_agent,
	[HOLDS_RAW] = play_agent,
	[OURS] = play_ours,
	[FILED] = play_file,
	[NOWHERE] = play_nowhere,
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct play play = { .raw_len = 0 };
	uint8_t how = input_u8(&in);

	fuzz_prepare();
	listen_once();
	if (size > ANSWER_MAX)
		return 0;
	play.named = how & 128;
	play.holds = (enum holds)(how % 128 % HOLDS);
	play.answers = (enum answers)(input_u8(&in) % ANSWERS);
	play.kind = (enum envelope_kind)(input_u8(&in) % ENVELOPE_KINDS);
	play.damage = input_u8(&in);
	if (play.holds == HOLDS_RAW || play.answers == SENDS_RAW) {
		const uint8_t *end = memchr(in.at, '\n', in.left);

		play.raw = input_bytes(&in,
		    end != NULL ? (size_t)(end - in.at) : in.left,
		    &play.raw_len);
		input_u8(&in);
	}
	play.payload = in;
	plays[play.holds](&play);
	return 0;
}
