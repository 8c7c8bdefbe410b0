/*
 * Fuzz target: what an ssh-agent answers. The first byte: list keys, or sign
 * with a plain or a hardware key. A signature that is accepted is written
 * again as the same bytes.
 */
#include "keys/agent_client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cursor.h"
#include "fuzz/cast.h"
#include "fuzz/fuzz.h"

#define ANSWER_BYTES (96 * 1024) /* what a socket takes at once */

static void
check_list(int fd, size_t size)
{
	char error[KEY_ERROR_MAX];
	struct agent_key *keys;
	size_t n;

	if (agent_list(fd, &keys, &n, error) != 0)
		return;
	MUST(n <= size / 8);
	for (size_t i = 0; i < n; i++) {
		MUST(public_key_valid(&keys[i].key));
		MUST(
		    memchr(keys[i].comment, '\0', KEY_COMMENT_MAX + 1) != NULL);
	}
	free(keys);
}

/* u32 length, u8 14, string(string type, string signature [, extra]). */
static size_t
signature_write(const struct signature *sig, uint8_t out[static 256])
{
	uint8_t blob[200];
	struct writer b, w;

	writer_init(&b, blob, sizeof(blob));
	writer_text(&b, public_type_name(sig->key.type));
	writer_string(&b, sig->bytes, ED25519_SIG_SIZE);
	if (sig->key.type == KEY_SK_ED25519) {
		writer_u8(&b, sig->flags);
		writer_u32(&b, sig->counter);
	}
	writer_init(&w, out, 256);
	writer_u32(&w, (uint32_t)(1 + 4 + b.used));
	writer_u8(&w, 14);
	writer_string(&w, blob, b.used);
	return w.used;
}

static void
check_sign(int fd, enum key_type type, const struct input *answer)
{
	struct signature sig = { .key = *cast_key(ALICE) };
	char error[KEY_ERROR_MAX];
	uint8_t again[256];
	size_t len;

	sig.key.type = type;
	if (agent_sign(fd, &sig, (const uint8_t *)"data", 4, error) != 0)
		return;
	len = signature_write(&sig, again);
	MUST(len <= answer->left && memcmp(again, answer->at, len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t how = input_u8(&in);
	int fds[2];

	fuzz_prepare();
	if (in.left > ANSWER_BYTES)
		return 0;
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	MUST(in.left == 0 || write(fds[1], in.at, in.left) == (ssize_t)in.left);
	MUST(shutdown(fds[1], SHUT_WR) == 0);
	if (how % 3 == 0)
		check_list(fds[0], size);
	else
		check_sign(
		    fds[0], how % 3 == 1 ? KEY_ED25519 : KEY_SK_ED25519, &in);
	close(fds[0]);
	close(fds[1]);
	return 0;
}
