/*
 * Part of the fuzz targets: architecture section 2 and protocol sections 1,
 * 2 and 6, read once more by somebody in no hurry. See reference.h.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "fuzz/cast.h"
#include "fuzz/reference.h"

#define TIME_MAX 253402300799999LL
#define HOUR_MS  3600000LL
#define TTL_MS   600000LL /* max_ttl of the host */

/* ---- envelope ---- */

struct signer {
	uint8_t key[32], signature[64];
	bool hardware;
	uint8_t extra[5]; /* flags and counter */
};

struct letter {
	struct signer signers[4];
	unsigned lines;
	const uint8_t *payload;
	size_t payload_len;
};

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The bytes of canonical base64; -1 for any other text. */
static int
unbase64(const char *text, size_t len, uint8_t *out, size_t size)
{
	size_t n = 0, pad = 0;

	if (len == 0 || len % 4 != 0)
		return -1;
	pad = (size_t)(text[len - 1] == '=') +
	      (text[len - 1] == '=' && text[len - 2] == '=');
	for (size_t i = 0; i < len; i += 4) {
		uint32_t bits = 0;

		for (size_t j = i; j < i + 4; j++) {
			const char *at =
			    text[j] != '\0' ? strchr(digits, text[j]) : NULL;

			if (at == NULL && (j < len - pad || text[j] != '='))
				return -1;
			bits = bits << 6 |
			       (at != NULL ? (uint32_t)(at - digits) : 0);
		}
		for (int shift = 16; shift >= 0; shift -= 8) {
			uint8_t byte = (uint8_t)(bits >> shift);

			if (n < len / 4 * 3 - pad) {
				if (n >= size)
					return -1;
				out[n] = byte;
			} else if (byte != 0) {
				return -1;
			}
			n++;
		}
	}
	return (int)(len / 4 * 3 - pad);
}

/* Takes a u32-counted string of that text off the front. */
static bool
skip_string(const uint8_t **at, const uint8_t *end, const char *wanted)
{
	size_t n = strlen(wanted);

	if ((size_t)(end - *at) < 4 + n || (*at)[0] != 0 || (*at)[1] != 0 ||
	    (*at)[2] != n >> 8 || (*at)[3] != (n & 255) ||
	    memcmp(*at + 4, wanted, n) != 0)
		return false;
	*at += 4 + n;
	return true;
}

/* The same for exactly n bytes that may be any. */
static bool
take_string(const uint8_t **at, const uint8_t *end, uint8_t *out, uint8_t n)
{
	const uint8_t head[4] = { 0, 0, 0, n };

	if ((size_t)(end - *at) < 4 + (size_t)n || memcmp(*at, head, 4) != 0)
		return false;
	memcpy(out, *at + 4, n);
	*at += 4 + n;
	return true;
}

static bool
skip_length(const uint8_t **at, const uint8_t *end, uint8_t n)
{
	const uint8_t head[4] = { 0, 0, 0, n };

	if (end - *at < 4 || memcmp(*at, head, 4) != 0)
		return false;
	*at += 4;
	return true;
}

static bool
read_blob(const uint8_t *at, const uint8_t *end, struct signer *out)
{
	static const uint8_t magic[] = { 'S', 'S', 'H', 'S', 'I', 'G', 0, 0, 0,
		1 };
	const char *type = "ssh-ed25519";

	if ((size_t)(end - at) < sizeof(magic) + 4 ||
	    memcmp(at, magic, sizeof(magic)) != 0)
		return false;
	at += sizeof(magic);
	out->hardware = at[3] == 74;
	if (out->hardware)
		type = "sk-ssh-ed25519@openssh.com";
	if (!skip_length(&at, end, out->hardware ? 74 : 51) ||
	    !skip_string(&at, end, type) ||
	    !take_string(&at, end, out->key, 32) ||
	    (out->hardware && !skip_string(&at, end, "ssh:")) ||
	    !skip_string(&at, end, "amiral-request-v1") ||
	    !skip_string(&at, end, "") || !skip_string(&at, end, "sha512") ||
	    !skip_length(&at, end, out->hardware ? 103 : 83) ||
	    !skip_string(&at, end, type) ||
	    !take_string(&at, end, out->signature, 64))
		return false;
	if (!out->hardware)
		return at == end;
	if (end - at != 5)
		return false;
	memcpy(out->extra, at, 5);
	return (out->extra[0] & 1) != 0;
}

static bool
read_envelope(const uint8_t *bytes, size_t len, struct letter *out)
{
	const uint8_t *at = bytes, *end = bytes + len, *newline;
	uint8_t blob[1024];
	int n;

	memset(out, 0, sizeof(*out));
	for (;;) {
		newline =
		    at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
		if (newline == NULL)
			return false;
		if (newline == at)
			break;
		if (out->lines == 4 || newline - at > 1000)
			return false;
		n = unbase64((const char *)at, (size_t)(newline - at), blob,
		    sizeof(blob));
		if (n < 0 ||
		    !read_blob(blob, blob + n, &out->signers[out->lines]))
			return false;
		out->lines++;
		at = newline + 1;
	}
	out->payload = at + 1;
	out->payload_len = (size_t)(end - out->payload);
	return out->lines > 0 && out->payload_len >= 1 &&
	       out->payload_len <= 65536;
}

/* PROTOCOL.sshsig section 3, and PROTOCOL.u2f for hardware keys. */
static bool
verifies(const struct letter *letter, const struct signer *signer)
{
	static const char front[] = "SSHSIG\0\0\0\x11"
				    "amiral-request-v1\0\0\0\0\0\0\0\x06sha512"
				    "\0\0\0\x40";
	const size_t front_len = sizeof(front) - 1;
	uint8_t data[256], token[128];
	size_t len = front_len + 64;

	memcpy(data, front, front_len);
	crypto_hash_sha512(
	    data + front_len, letter->payload, letter->payload_len);
	if (crypto_core_ed25519_is_valid_point(signer->key) != 1)
		return false;
	if (!signer->hardware)
		return crypto_sign_verify_detached(
			   signer->signature, data, len, signer->key) == 0;
	crypto_hash_sha256(token, (const uint8_t *)"ssh:", 4);
	memcpy(token + 32, signer->extra, 5);
	crypto_hash_sha256(token + 37, data, len);
	return crypto_sign_verify_detached(
		   signer->signature, token, 69, signer->key) == 0;
}

static bool
envelope_is_good(const uint8_t *bytes, size_t len, struct letter *letter)
{
	if (!read_envelope(bytes, len, letter))
		return false;
	for (unsigned i = 0; i < letter->lines; i++) {
		if (!verifies(letter, &letter->signers[i]))
			return false;
		for (unsigned j = 0; j < i; j++)
			if (memcmp(letter->signers[i].key,
				letter->signers[j].key, 32) == 0)
				return false;
	}
	return true;
}

/* Of the host's allowed_signers, as targets/admit.c writes it; or NULL. */
static const char *
principal_of(const struct signer *signer, int64_t now)
{
	if (signer->hardware)
		return NULL;
	/* She has two. */
	if (memcmp(signer->key, cast_key(ALICE)->bytes, 32) == 0 ||
	    memcmp(signer->key, cast_key(WWW01)->bytes, 32) == 0)
		return "alice@example.com";
	/* From 1 November to 1 December 2025. */
	if (memcmp(signer->key, cast_key(BOB)->bytes, 32) == 0 &&
	    now >= 1761955200000 && now <= 1764547200000)
		return "bob@example.com";
	return NULL;
}

/* ---- payload ---- */

static bool
is_plain(const json_t *value, unsigned depth)
{
	const char *name;
	json_t *child;
	size_t i;

	if (json_is_real(value))
		return false;
	if (!json_is_object(value) && !json_is_array(value))
		return true;
	if (depth > 16)
		return false;
	json_array_foreach ((json_t *)(uintptr_t)value, i, child) {
		if (!is_plain(child, depth + 1))
			return false;
	}
	json_object_foreach ((json_t *)(uintptr_t)value, name, child) {
		if (!is_plain(child, depth + 1))
			return false;
	}
	return true;
}

/* Strings of min to max bytes out of these characters (NULL: printable). */
static bool
is_word(const json_t *value, size_t min, size_t max, const char *characters)
{
	const char *text = json_string_value(value);

	if (text == NULL || strlen(text) < min || strlen(text) > max)
		return false;
	for (; *text != '\0'; text++)
		if (characters != NULL ? strchr(characters, *text) == NULL
				       : *text < ' ' || *text > '~')
			return false;
	return true;
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"

static bool
is_fleet(const json_t *value)
{
	const char *text = json_string_value(value);
	const char *dash = text != NULL ? strrchr(text, '-') : NULL;

	return is_word(value, 10, 73, LOWER "0123456789-") && dash != NULL &&
	       dash != text && strlen(dash) == 9 &&
	       strspn(dash + 1, "0123456789abcdef") == 8;
}

static bool
is_uuid(const json_t *value)
{
	const char *text = json_string_value(value);

	if (!is_word(value, 36, 36, "0123456789abcdef-"))
		return false;
	for (unsigned i = 0; i < 36; i++)
		if ((text[i] == '-') !=
		    (i == 8 || i == 13 || i == 18 || i == 23))
			return false;
	return text[14] == '4' && strchr("89ab", text[19]) != NULL;
}

static bool
is_operator(const json_t *value)
{
	const char *text = json_string_value(value);

	return is_word(value, 1, 255, NULL) &&
	       strpbrk(text, " ,\"'\\*?!") == NULL;
}

static bool
is_provider(const json_t *value)
{
	return is_word(value, 1, 63, LOWER "0123456789-") &&
	       strchr(LOWER, json_string_value(value)[0]) != NULL;
}

static bool
is_between(const json_t *value, int64_t min, int64_t max)
{
	return json_is_integer(value) && json_integer_value(value) >= min &&
	       json_integer_value(value) <= max;
}

/* How many of these (up to a NULL) the object has. */
static size_t
members(const json_t *object, const char *const names[])
{
	size_t n = 0;

	for (; *names != NULL; names++)
		n += json_object_get(object, *names) != NULL;
	return n;
}

static bool
options_are_good(const json_t *options, const json_t *match)
{
	static const char *const names[] = { "timeout", "stream", "max_hosts",
		"on_behalf_of", NULL };
	const json_t *timeout = json_object_get(options, "timeout");
	const json_t *stream = json_object_get(options, "stream");
	const json_t *max = json_object_get(options, "max_hosts");
	const json_t *who = json_object_get(options, "on_behalf_of");
	json_int_t hosts =
	    (json_int_t)json_array_size(json_object_get(match, "hosts"));

	if (options == NULL)
		return true;
	if (!json_is_object(options) ||
	    members(options, names) != json_object_size(options))
		return false;
	if ((timeout != NULL && !is_between(timeout, 0, 86400)) ||
	    (stream != NULL && !json_is_boolean(stream)) ||
	    (max != NULL && !is_between(max, 0, 4096)) ||
	    (who != NULL && !is_word(who, 0, 255, NULL)))
		return false;
	return json_integer_value(max) == 0 ||
	       (hosts > 0 && hosts <= json_integer_value(max));
}

static bool
command_is_good(const json_t *command)
{
	static const char *const names[] = { "provider", "args", NULL };
	const json_t *args = json_object_get(command, "args");

	return json_is_object(command) &&
	       members(command, names) == json_object_size(command) &&
	       is_provider(json_object_get(command, "provider")) &&
	       (args == NULL || json_is_object(args));
}

static bool
answer_is_good(const json_t *root)
{
	const json_t *via = json_object_get(root, "reply_via");
	const json_t *seal = json_object_get(root, "seal_to");
	const char *name = json_string_value(via);
	uint8_t key[33];

	if (via != NULL && (name == NULL || (strcmp(name, "stream") != 0 &&
						strcmp(name, "list") != 0 &&
						strcmp(name, "pubsub") != 0)))
		return false;
	return seal == NULL ||
	       (json_is_string(seal) &&
		   unbase64(json_string_value(seal), json_string_length(seal),
		       key, sizeof(key)) == 32);
}

static bool
request_is_good(const json_t *root)
{
	static const char *const required[] = { "version", "fleet", "reply_to",
		"operator", "signatures", "issued", "expires", "match",
		"command", NULL };
	static const char *const optional[] = { "reply_via", "seal_to",
		"options", NULL };
	const json_t *issued = json_object_get(root, "issued");
	const json_t *expires = json_object_get(root, "expires");
	const json_t *match = json_object_get(root, "match");
	int64_t life;

	if (members(root, required) != 9 ||
	    9 + members(root, optional) != json_object_size(root) ||
	    !is_between(json_object_get(root, "version"), 1, 1) ||
	    !is_fleet(json_object_get(root, "fleet")) ||
	    !is_uuid(json_object_get(root, "reply_to")) ||
	    !is_operator(json_object_get(root, "operator")) ||
	    !is_between(json_object_get(root, "signatures"), 1, 4) ||
	    !is_between(issued, 1, TIME_MAX) ||
	    !is_between(expires, 1, TIME_MAX))
		return false;
	life = json_integer_value(expires) - json_integer_value(issued);
	return life > 0 && life <= 24 * HOUR_MS && json_is_object(match) &&
	       reference_match_valid(match) && answer_is_good(root) &&
	       command_is_good(json_object_get(root, "command")) &&
	       options_are_good(json_object_get(root, "options"), match);
}

/* NULL for what is no request in strict JSON. */
static json_t *
read_request(const struct letter *letter)
{
	json_t *root;

	if (memchr(letter->payload, '\0', letter->payload_len) != NULL)
		return NULL;
	root = json_loadb((const char *)letter->payload, letter->payload_len,
	    JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(root) && is_plain(root, 1) && request_is_good(root))
		return root;
	json_decref(root);
	return NULL;
}

/* ---- admission ---- */

static bool
is_addressed(const struct reference_state *state, const struct letter *letter,
    const json_t *root)
{
	const char *principal = NULL;

	for (unsigned i = letter->lines; i-- > 0;) {
		principal = principal_of(&letter->signers[i], state->now);
		if (principal == NULL)
			return false;
	}
	return json_integer_value(json_object_get(root, "signatures")) ==
		   letter->lines &&
	       strcmp(json_string_value(json_object_get(root, "operator")),
		   principal) == 0 &&
	       strcmp(json_string_value(json_object_get(root, "fleet")),
		   REFERENCE_FLEET) == 0 &&
	       reference_match(json_object_get(root, "match"), state->facts);
}

/* Alice and Bob both: nobody else may sign here. */
static bool
are_two(const struct letter *letter, int64_t now)
{
	unsigned bobs_lines = 0;

	for (unsigned i = 0; i < letter->lines; i++)
		bobs_lines += strcmp(principal_of(&letter->signers[i], now),
				  "bob@example.com") == 0;
	return bobs_lines > 0 && bobs_lines < letter->lines;
}

static bool
is_built_in(const char *provider)
{
	return strcmp(provider, "ping") == 0 ||
	       strcmp(provider, "facts") == 0 ||
	       strcmp(provider, "status") == 0 ||
	       strcmp(provider, "cancel") == 0;
}

/* ---- the policy of targets/admit.c's configuration ---- */

struct asked {
	const struct reference_state *state;
	const char *operator_, *provider;
	json_t *args;
	const json_t *match;
	bool two_people;
};

static unsigned
hour_minute(const struct asked *asked)
{
	int64_t minutes = asked->state->now / 60000;

	return (unsigned)(minutes / 60 % 24 * 100 + minutes % 60);
}

/* Each argument is one of the section's, as that text. */
static bool
arguments_are(
    const struct asked *asked, bool (*takes)(const char *, const char *))
{
	const char *name, *text;
	json_t *value;
	char number[32];

	json_object_foreach (asked->args, name, value) {
		text = json_string_value(value);
		if (json_is_integer(value)) {
			snprintf(number, sizeof(number), "%lld",
			    (long long)json_integer_value(value));
			text = number;
		}
		if (json_is_true(value))
			text = "true";
		if (json_is_false(value))
			text = "false";
		if (text == NULL || !takes(name, text))
			return false;
	}
	return true;
}

static bool
bob_takes(const char *name, const char *text)
{
	if (strcmp(name, "word") == 0)
		return reference_glob("[a-m]*", text, false) ||
		       reference_glob("x?z", text, false);
	if (strcmp(name, "count") == 0)
		return strcmp(text, "1") == 0 || strcmp(text, "2") == 0;
	if (strcmp(name, "flag") == 0)
		return strcmp(text, "true") == 0;
	return strcmp(name, "where") == 0 && strncmp(text, "/srv/", 5) == 0 &&
	       strchr(text + 5, '/') == NULL;
}

static bool
both_take(const char *name, const char *text)
{
	return (strcmp(name, "word") == 0 || strcmp(name, "count") == 0) &&
	       strchr(text, '/') == NULL;
}

/*
 * How far a section lets it come: 0 not named, 1 arguments, 2 jobs, 3 hosts,
 * 4 facts, 5 hours, 6 signatures are wrong; 7 nothing is.
 */
static int
bobs(const struct asked *asked)
{
	if (strcmp(asked->operator_, "bob@example.com") != 0 ||
	    strcmp(asked->provider, "run") != 0)
		return 0;
	if (!arguments_are(asked, bob_takes))
		return 1;
	return asked->state->facts == NULL ? 4 : 7;
}

static int
bobs_nights(const struct asked *asked)
{
	const json_t *hosts = json_object_get(asked->match, "hosts");
	unsigned clock = hour_minute(asked);

	if (strcmp(asked->operator_, "bob@example.com") != 0 ||
	    strlen(asked->provider) != 3 || asked->provider[0] != 'r' ||
	    asked->provider[2] != 'n')
		return 0;
	if (hosts == NULL || json_array_size(hosts) > 1)
		return 3;
	return clock >= 2230 || clock < 100 || (clock >= 500 && clock < 600)
		   ? 7
		   : 5;
}

static int
of_both(const struct asked *asked)
{
	if (strcmp(asked->provider, "run") != 0)
		return 0;
	if (!arguments_are(asked, both_take))
		return 1;
	return asked->two_people ? 7 : 6;
}

static enum reply_reason
judge_policy(const struct asked *asked)
{
	int (*const sections[])(
	    const struct asked *) = { bobs, bobs_nights, of_both };
	int most = 0, at;

	if (is_built_in(asked->provider) ||
	    strcmp(asked->provider, "uptime") == 0)
		return REASON_NONE;
	if (strcmp(asked->operator_, "alice@example.com") == 0 &&
	    (strcmp(asked->provider, "absent") == 0 ||
		strncmp(asked->provider, "ru", 2) == 0))
		return REASON_NONE;
	for (unsigned i = 0; i < 3; i++) {
		at = sections[i](asked);
		most = at > most ? at : most;
	}
	if (most == 7)
		return REASON_NONE;
	return most == 6 ? REASON_SIGNATURES : REASON_DENIED;
}

static enum reply_reason
judge_built_in(const struct asked *asked)
{
	const struct reference_state *state = asked->state;
	const json_t *args = asked->args;
	const char *operator_ = asked->operator_, *provider = asked->provider;
	bool cancel = strcmp(provider, "cancel") == 0;
	bool any = !cancel && strcmp(operator_, "alice@example.com") == 0 &&
		   hour_minute(asked) / 100 == 8;
	const json_t *digest = json_object_get(args, "digest");
	const json_t *expires = json_object_get(args, "expires");
	uint8_t bytes[33];

	if (!cancel && strcmp(provider, "status") != 0)
		return json_object_size(args) == 0 ? REASON_NONE
						   : REASON_BAD_ARGS;
	if (json_object_size(args) != 1 + (size_t)cancel ||
	    !json_is_string(digest) || (cancel && !json_is_integer(expires)) ||
	    unbase64(json_string_value(digest), json_string_length(digest),
		bytes, sizeof(bytes)) != 32)
		return REASON_BAD_ARGS;
	if (cancel && json_integer_value(expires) > state->now + 24 * HOUR_MS)
		return REASON_BAD_ARGS;
	return strcmp(json_string_value(digest), state->taken) == 0 &&
		       strcmp(operator_, "bob@example.com") != 0 && !any
		   ? REASON_DENIED
		   : REASON_NONE;
}

/* X25519 with a low-order point gives zeros, which libsodium refuses. */
static bool
keeps_secrets(const json_t *root)
{
	static const uint8_t scalar[32] = { 8 };
	const json_t *seal = json_object_get(root, "seal_to");
	uint8_t point[32], shared[32];

	return seal == NULL ||
	       (unbase64(json_string_value(seal), json_string_length(seal),
		    point, sizeof(point)) == 32 &&
		   crypto_scalarmult(shared, scalar, point) == 0);
}

static enum reply_reason
judge_time(const struct reference_state *state, int64_t issued, int64_t expires)
{
	if (issued > state->now + 30000)
		return REASON_CLOCK;
	if (expires <= state->now)
		return REASON_EXPIRED;
	if (expires - issued > TTL_MS)
		return REASON_DENIED;
	if (expires <= state->floor)
		return REASON_EXPIRED;
	return issued < state->started ? REASON_NO_JOURNAL : REASON_NONE;
}

static enum reply_reason
judge_command(const struct reference_state *state, const struct letter *letter,
    const json_t *root)
{
	const json_t *command = json_object_get(root, "command");
	const struct asked asked = {
		.state = state,
		.operator_ =
		    json_string_value(json_object_get(root, "operator")),
		.provider =
		    json_string_value(json_object_get(command, "provider")),
		.args = json_object_get(command, "args"),
		.match = json_object_get(root, "match"),
		.two_people = are_two(letter, state->now),
	};
	const char *provider = asked.provider;
	const json_t *args = asked.args;
	enum reply_reason reason = judge_policy(&asked);

	if (reason != REASON_NONE)
		return reason;
	if (is_built_in(provider)) {
		reason = judge_built_in(&asked);
		if (reason != REASON_NONE)
			return reason;
	} else if (state->described(provider) == NULL) {
		return REASON_UNKNOWN_PROVIDER;
	} else if (!reference_arguments(state->described(provider), args)) {
		return REASON_BAD_ARGS;
	}
	if (!keeps_secrets(root))
		return REASON_BAD_SEAL;
	if (state->share >= 65536 / 4 - 1024)
		return REASON_BUSY;
	return !is_built_in(provider) &&
		       (state->jobs >= 63 || state->jobs_own >= 16)
		   ? REASON_BUSY
		   : REASON_NONE;
}

static enum reference_verdict
judge(const struct reference_state *state, const struct letter *letter,
    const json_t *root, enum reply_reason *reason)
{
	int64_t issued = json_integer_value(json_object_get(root, "issued"));
	int64_t expires = json_integer_value(json_object_get(root, "expires"));

	if (state->known)
		return REFERENCE_KNOWN;
	if (state->share >= 65536 / 4)
		return REFERENCE_SILENT;
	if (state->cancelled)
		*reason = REASON_CANCELLED;
	else
		*reason = judge_time(state, issued, expires);
	/* It would be remembered for too long. */
	if (*reason == REASON_CLOCK && issued > state->now + 24 * HOUR_MS &&
	    state->share >= 1024)
		return REFERENCE_SILENT;
	/* Nobody waits any more. */
	if (*reason == REASON_EXPIRED && expires <= state->now - 600000)
		return REFERENCE_SILENT;
	if (*reason == REASON_NONE)
		*reason = judge_command(state, letter, root);
	return *reason == REASON_NONE ? REFERENCE_ADMITTED : REFERENCE_REFUSED;
}

enum reference_verdict
reference_admit(const struct reference_state *state, const uint8_t *bytes,
    size_t len, enum reply_reason *reason)
{
	enum reference_verdict verdict = REFERENCE_SILENT;
	struct letter letter;
	json_t *root = NULL;

	*reason = REASON_NONE;
	if (envelope_is_good(bytes, len, &letter))
		root = read_request(&letter);
	if (root != NULL && is_addressed(state, &letter, root))
		verdict = judge(state, &letter, root, reason);
	json_decref(root);
	return verdict;
}
