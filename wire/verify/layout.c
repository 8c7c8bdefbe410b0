/*
 * The fixed bytes of envelopes, before any cryptography. Part of net, gate
 * and the controller.
 */
#include "wire/verify/layout.h"

#include <string.h>

/*
 * A blob is head, key, middle, string namespace, tail, signature, extra.
 * All but key, namespace, signature and extra is constant: each number in
 * head and tail is the big-endian length of what follows it.
 */
#define PLAIN_NAME "\0\0\0\x0bssh-ed25519"
#define SK_NAME    "\0\0\0\x1ask-ssh-ed25519@openssh.com"
#define MAGIC      "SSHSIG\0\0\0\1"
#define RESERVED   "\0\0\0\0"
#define HASH       "\0\0\0\x06sha512"

static const char plain_head[] = MAGIC "\0\0\0\x33" PLAIN_NAME "\0\0\0\x20";
static const char plain_tail[] =
    RESERVED HASH "\0\0\0\x53" PLAIN_NAME "\0\0\0\x40";
static const char sk_head[] = MAGIC "\0\0\0\x4a" SK_NAME "\0\0\0\x20";
static const char sk_middle[] = "\0\0\0\x04ssh:";
static const char sk_tail[] = RESERVED HASH "\0\0\0\x67" SK_NAME "\0\0\0\x40";

#define SK_EXTRA   5 /* u8 flags, u32 counter */
#define SK_TOUCHED 1

struct shape {
	enum key_type type;
	const char *head, *middle, *tail;
	size_t head_len, middle_len, tail_len, extra_len;
};

static const struct shape shapes[] = {
	{
	    .type = KEY_ED25519,
	    .head = plain_head,
	    .head_len = sizeof(plain_head) - 1,
	    .middle = "",
	    .middle_len = 0,
	    .tail = plain_tail,
	    .tail_len = sizeof(plain_tail) - 1,
	    .extra_len = 0,
	},
	{
	    .type = KEY_SK_ED25519,
	    .head = sk_head,
	    .head_len = sizeof(sk_head) - 1,
	    .middle = sk_middle,
	    .middle_len = sizeof(sk_middle) - 1,
	    .tail = sk_tail,
	    .tail_len = sizeof(sk_tail) - 1,
	    .extra_len = SK_EXTRA,
	},
};

#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static const char *const namespaces[ENVELOPE_KINDS] = {
	[ENVELOPE_REQUEST] = "amiral-request-v1",
	[ENVELOPE_REPLY] = "amiral-reply-v1",
	[ENVELOPE_HELLO] = "amiral-hello-v1",
	[ENVELOPE_ENROLL] = "amiral-enroll-v1",
	[ENVELOPE_TRUST] = "amiral-trust-v1",
};

const char *
envelope_namespace(enum envelope_kind kind)
{
	return namespaces[kind];
}

/* The bytes before a newline, at most max; max + 1 where there is none. */
/*@
  requires max <= SSHSIG_LINE_MAX && len <= ENVELOPE_MAX;
  requires \valid_read(bytes + (0 .. len - 1));
  assigns \nothing;
  ensures \result <= max + 1;
  ensures \result <= max ==> \result < len && bytes[\result] == '\n';
*/
static size_t
line_length(const uint8_t *bytes, size_t len, size_t max)
{
	size_t i;

	/*@
	  loop invariant i <= len && i <= max + 1;
	  loop assigns i;
	  loop variant len - i;
	*/
	for (i = 0; i < len && i <= max; i++) {
		if (bytes[i] == '\n')
			return i;
	}
	return max + 1;
}

/*@
  requires \valid(out);
  assigns out->payload \from bytes;
  assigns out->payload_len \from len;
  ensures \result == STATUS_OK ==>
      out->payload == bytes && out->payload_len == len &&
      1 <= len <= ENVELOPE_PAYLOAD_MAX;
*/
static enum status
payload_split(const uint8_t *bytes, size_t len, struct layout *out)
{
	if (len == 0)
		return STATUS_LAYOUT;
	if (len > ENVELOPE_PAYLOAD_MAX)
		return STATUS_TOO_LONG;
	out->payload = bytes;
	out->payload_len = len;
	return STATUS_OK;
}

/*@
  requires len <= ENVELOPE_MAX ==> \valid_read(bytes + (0 .. len - 1));
  requires \valid(out) && \separated(out, bytes + (0 .. len - 1));
  assigns *out;
  ensures \result == STATUS_OK ==>
      1 <= out->lines <= ENVELOPE_LINES_MAX &&
      1 <= out->payload_len <= ENVELOPE_PAYLOAD_MAX &&
      out->payload + out->payload_len == bytes + len;
  ensures \result != STATUS_OK ==> *out == \old(*out);
*/
enum status
layout_split(const uint8_t *bytes, size_t len, struct layout *out)
{
	struct layout found = { .lines = 0 };
	enum status status;
	size_t at, n;

	if (len > ENVELOPE_MAX)
		return STATUS_TOO_LONG;
	/*@
	  loop invariant found.lines <= ENVELOPE_LINES_MAX && at <= len;
	  loop assigns at, n, found;
	  loop variant len - at;
	*/
	for (at = 0;; at += n + 1) {
		n = line_length(bytes + at, len - at, SSHSIG_LINE_MAX);
		if (n > SSHSIG_LINE_MAX)
			return STATUS_LAYOUT;
		if (n == 0)
			break;
		if (found.lines == ENVELOPE_LINES_MAX)
			return STATUS_LINES;
		found.line[found.lines] = (const char *)bytes + at;
		found.line_len[found.lines] = n;
		found.lines++;
	}
	if (found.lines == 0)
		return STATUS_LINES;
	status = payload_split(bytes + at + 1, len - at - 1, &found);
	if (status == STATUS_OK)
		*out = found;
	return status;
}

static uint32_t
load_u32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | (uint32_t)at[3];
}

/* Where a shape's parts lie in a blob whose namespace has that length. */
struct places {
	size_t key, middle, name_len, name, tail, signature, extra, end;
};

static void
find_places(const struct shape *shape, size_t name_len, struct places *at)
{
	at->key = shape->head_len;
	at->middle = at->key + ED25519_KEY_SIZE;
	at->name_len = at->middle + shape->middle_len;
	at->name = at->name_len + 4;
	at->tail = at->name + name_len;
	at->signature = at->tail + shape->tail_len;
	at->extra = at->signature + ED25519_SIG_SIZE;
	at->end = at->extra + shape->extra_len;
}

static bool
shape_read_extra(
    const struct shape *shape, const uint8_t *extra, struct signature *sig)
{
	if (shape->extra_len == 0)
		return true;
	sig->flags = extra[0];
	sig->counter = load_u32(extra + 1);
	return (sig->flags & SK_TOUCHED) != 0;
}

/* The head was seen to be this shape's. */
static enum status
shape_read(const struct shape *shape, const uint8_t *blob, size_t len,
    const char *name, struct signature *out)
{
	struct signature sig = { .flags = 0 };
	struct places at;
	size_t name_len;

	find_places(shape, 0, &at);
	if (len < at.end)
		return STATUS_BLOB;
	name_len = load_u32(blob + at.name_len);
	if (name_len != len - at.end)
		return STATUS_BLOB;
	find_places(shape, name_len, &at);
	if (memcmp(blob + at.middle, shape->middle, shape->middle_len) != 0 ||
	    memcmp(blob + at.tail, shape->tail, shape->tail_len) != 0 ||
	    !shape_read_extra(shape, blob + at.extra, &sig))
		return STATUS_BLOB;
	if (name_len != strlen(name) ||
	    memcmp(blob + at.name, name, name_len) != 0)
		return STATUS_NAMESPACE;
	sig.key.type = shape->type;
	memcpy(sig.key.bytes, blob + at.key, ED25519_KEY_SIZE);
	memcpy(sig.bytes, blob + at.signature, ED25519_SIG_SIZE);
	*out = sig;
	return STATUS_OK;
}

enum status
layout_blob(const uint8_t *blob, size_t len, enum envelope_kind kind,
    struct signature *out)
{
	const struct shape *shape;
	size_t i;

	for (i = 0; i < SHAPES; i++) {
		shape = &shapes[i];
		if (len >= shape->head_len &&
		    memcmp(blob, shape->head, shape->head_len) == 0)
			return shape_read(
			    shape, blob, len, envelope_namespace(kind), out);
	}
	return STATUS_BLOB;
}
