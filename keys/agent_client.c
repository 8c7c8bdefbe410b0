/* ssh-agent's protocol, our side. Part of the controller and amiral-keygen. */
#include "keys/agent_client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cursor.h"
#include "keys/public.h"
#include "wire/sign.h"

enum agent_message {
	AGENT_FAILURE = 5,
	AGENT_REQUEST_IDENTITIES = 11,
	AGENT_IDENTITIES = 12,
	AGENT_SIGN_REQUEST = 13,
	AGENT_SIGN_ANSWER = 14,
};

#define ANSWER_MAX  (256 * 1024) /* bytes, as OpenSSH's agent has it */
#define REQUEST_MAX 1024
#define LIST_MS     10000
#define SIGN_MS     120000 /* a human may have to confirm or to touch */
#define TYPE_MAX    64

static int
refuse(char error[static KEY_ERROR_MAX], const char *why)
{
	snprintf(error, KEY_ERROR_MAX, "ssh-agent: %s", why);
	return -1;
}

static int
refuse_errno(char error[static KEY_ERROR_MAX], const char *what)
{
	snprintf(
	    error, KEY_ERROR_MAX, "ssh-agent: %s: %s", what, strerror(errno));
	return -1;
}

int
agent_connect(const char *socket_path, char error[static KEY_ERROR_MAX])
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(socket_path);
	int fd;

	if (len == 0 || len >= sizeof(address.sun_path))
		return refuse(error, "the path in SSH_AUTH_SOCK is empty or "
				     "too long for a socket");
	memcpy(address.sun_path, socket_path, len + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return refuse_errno(error, "socket");
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) !=
	    0) {
		snprintf(error, KEY_ERROR_MAX,
		    "ssh-agent at %.200s: %s: start it, or name a key file",
		    socket_path, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

/* 0 once the descriptor is ready; -1 with errno, ETIMEDOUT past the time. */
static int
wait_for(int fd, short events, int64_t until_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left;
	int n;

	do {
		left = until_ms - clock_monotonic_ms();
		if (left <= 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		n = poll(&p, 1, (int)left);
	} while (n == 0 || (n == -1 && errno == EINTR));
	return n == -1 ? -1 : 0;
}

/* Exactly len bytes one way or the other; -1 with errno. */
static int
transfer(int fd, uint8_t *bytes, size_t len, bool out, int64_t until_ms)
{
	ssize_t n;

	while (len > 0) {
		if (wait_for(fd, out ? POLLOUT : POLLIN, until_ms) != 0)
			return -1;
		n = out ? send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT)
			: recv(fd, bytes, len, MSG_DONTWAIT);
		if (n == -1 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n == 0)
			errno = ECONNRESET;
		if (n <= 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The body of the next message, allocated; NULL and a message. */
static uint8_t *
receive(int fd, int64_t until_ms, size_t *len, char error[static KEY_ERROR_MAX])
{
	uint8_t header[4], *body;
	struct cursor c;
	size_t n;

	if (transfer(fd, header, sizeof(header), false, until_ms) != 0) {
		refuse_errno(error, "no answer");
		return NULL;
	}
	cursor_init(&c, header, sizeof(header));
	n = cursor_u32(&c);
	if (n == 0 || n > ANSWER_MAX) {
		refuse(error, "an answer of a size that no agent sends");
		return NULL;
	}
	body = malloc(n);
	if (body == NULL) {
		refuse(error, "out of memory");
		return NULL;
	}
	if (transfer(fd, body, n, false, until_ms) != 0) {
		refuse_errno(error, "half an answer");
		free(body);
		return NULL;
	}
	*len = n;
	return body;
}

/* One question, one answer of that type; its body behind the type byte. */
static uint8_t *
ask(int fd, const struct writer *question, uint8_t wanted, int wait_ms,
    struct cursor *answer, char error[static KEY_ERROR_MAX])
{
	int64_t until_ms = clock_monotonic_ms() + wait_ms;
	uint8_t *body, type;
	size_t len;

	if (transfer(fd, question->start, question->used, true, until_ms) !=
	    0) {
		refuse_errno(error, "cannot ask");
		return NULL;
	}
	body = receive(fd, until_ms, &len, error);
	if (body == NULL)
		return NULL;
	cursor_init(answer, body, len);
	type = cursor_u8(answer);
	if (type == wanted)
		return body;
	free(body);
	refuse(error, type == AGENT_FAILURE
			  ? "it refused (key gone or locked, or not "
			    "confirmed): see ssh-add -l"
			  : "an answer of an unknown type");
	return NULL;
}

static bool
identity_read(struct cursor *c, struct agent_key *out, bool *usable)
{
	const uint8_t *blob, *comment;
	size_t blob_len, comment_len;

	blob = cursor_string(c, &blob_len);
	comment = cursor_string(c, &comment_len);
	if (blob == NULL || comment == NULL)
		return false;
	*usable = public_from_blob(&out->key, blob, blob_len);
	if (comment_len > KEY_COMMENT_MAX)
		comment_len = KEY_COMMENT_MAX;
	memcpy(out->comment, comment, comment_len);
	out->comment[comment_len] = '\0';
	return true;
}

/* n is the agent's word, so each key is read before it is believed. */
static int
identities_read(struct cursor *c, struct agent_key **out, size_t *n,
    char error[static KEY_ERROR_MAX])
{
	uint32_t announced = cursor_u32(c), i;
	struct agent_key *keys;
	size_t found = 0;
	bool usable;

	if (announced > c->left / 8)
		return refuse(error, "its list is damaged");
	keys = calloc((size_t)announced + 1, sizeof(*keys));
	if (keys == NULL)
		return refuse(error, "out of memory");
	for (i = 0; i < announced; i++) {
		if (!identity_read(c, &keys[found], &usable))
			break;
		found += usable;
	}
	if (!cursor_done(c)) {
		free(keys);
		return refuse(error, "its list is damaged");
	}
	*out = keys;
	*n = found;
	return 0;
}

int
agent_list(
    int fd, struct agent_key **out, size_t *n, char error[static KEY_ERROR_MAX])
{
	uint8_t request[REQUEST_MAX], *body;
	struct cursor answer;
	struct writer w;
	int result;

	writer_init(&w, request, sizeof(request));
	writer_u32(&w, 1);
	writer_u8(&w, AGENT_REQUEST_IDENTITIES);
	body = ask(fd, &w, AGENT_IDENTITIES, LIST_MS, &answer, error);
	if (body == NULL)
		return -1;
	result = identities_read(&answer, out, n, error);
	free(body);
	return result;
}

/* string type, string signature, and an sk key's flags and counter. */
static bool
signature_read(struct cursor *answer, struct signature *sig)
{
	struct signature read = { .key = sig->key };
	const uint8_t *blob, *bytes;
	char type[TYPE_MAX];
	struct cursor c;
	size_t len, n;

	blob = cursor_string(answer, &len);
	if (blob == NULL || !cursor_done(answer))
		return false;
	cursor_init(&c, blob, len);
	if (!cursor_text(&c, type, sizeof(type)) ||
	    strcmp(type, public_type_name(sig->key.type)) != 0)
		return false;
	bytes = cursor_string(&c, &n);
	if (bytes == NULL || n != ED25519_SIG_SIZE)
		return false;
	memcpy(read.bytes, bytes, n);
	if (sig->key.type == KEY_SK_ED25519) {
		read.flags = cursor_u8(&c);
		read.counter = cursor_u32(&c);
	}
	if (!cursor_done(&c))
		return false;
	*sig = read;
	return true;
}

int
agent_sign(int fd, struct signature *sig, const uint8_t *data, size_t len,
    char error[static KEY_ERROR_MAX])
{
	uint8_t request[REQUEST_MAX], blob[PUBLIC_BLOB_MAX], *body;
	size_t blob_len = sign_public_blob(&sig->key, blob);
	struct cursor answer;
	struct writer w;
	bool good;

	writer_init(&w, request, sizeof(request));
	writer_u32(&w, (uint32_t)(1 + 4 + blob_len + 4 + len + 4));
	writer_u8(&w, AGENT_SIGN_REQUEST);
	writer_string(&w, blob, blob_len);
	writer_string(&w, data, len);
	writer_u32(&w, 0);
	if (!writer_done(&w))
		return refuse(error, "too much to sign at once");
	body = ask(fd, &w, AGENT_SIGN_ANSWER, SIGN_MS, &answer, error);
	if (body == NULL)
		return -1;
	good = signature_read(&answer, sig);
	free(body);
	return good ? 0 : refuse(error, "its signature is damaged");
}
