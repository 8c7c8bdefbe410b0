#include "ctl/cosign.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cursor.h"
#include "base/file.h"
#include "base/log.h"
#include "base/slurp.h"
#include "ctl/confirm.h"
#include "ctl/text.h"
#include "wire/json.h"
#include "wire/sign.h"
#include "wire/verify/base64.h"

#define MARK       "amiral-cosign-v1 "
#define MARK_LEN   (sizeof MARK - 1)
#define KEY_TEXT   44 /* base64 of 32 bytes */
#define HEAD_LEN   (MARK_LEN + KEY_TEXT + 1)
#define PATH_SHOWN 300

static bool
refuse(char error[static CTL_ERROR_MAX], const char *path, const char *why)
{
	snprintf(error, CTL_ERROR_MAX, "%.*s: %s", PATH_SHOWN, path, why);
	return false;
}

/* ---- the file ---- */

/* The whole file, allocated. */
static uint8_t *
write_bytes(const struct ask *ask, const struct seal_pair *pair, size_t *len)
{
	char key[KEY_TEXT + 1];
	uint8_t *bytes = malloc(HEAD_LEN + ask->len);
	struct writer w;

	if (bytes == NULL)
		return NULL;
	sodium_bin2base64(key, sizeof key, pair->secret_key,
	    sizeof pair->secret_key, sodium_base64_VARIANT_ORIGINAL);
	writer_init(&w, bytes, HEAD_LEN + ask->len);
	writer_bytes(&w, MARK, MARK_LEN);
	writer_bytes(&w, key, KEY_TEXT);
	writer_u8(&w, '\n');
	writer_bytes(&w, ask->envelope, ask->len);
	sodium_memzero(key, sizeof key);
	*len = w.used;
	return bytes;
}

typedef int store_fn(const char *path, mode_t mode, const void *bytes,
    size_t len, char error[static FILE_ERROR_MAX]);

static bool
store(store_fn *how, const char *path, const struct ask *ask,
    const struct seal_pair *pair, char error[static CTL_ERROR_MAX])
{
	size_t len = 0;
	uint8_t *bytes = write_bytes(ask, pair, &len);
	bool good;

	if (bytes == NULL)
		return refuse(error, path, "out of memory");
	good = how(path, 0600, bytes, len, error) == 0;
	sodium_memzero(bytes, len);
	free(bytes);
	return good;
}

bool
cosign_is_free(const char *path, char error[static CTL_ERROR_MAX])
{
	struct stat st;

	if (lstat(path, &st) == -1)
		return true;
	return refuse(error, path,
	    "is there already: choose another name; to sign what it asks, "
	    "leave the provider out");
}

bool
cosign_create(const char *path, const struct ask *ask,
    const struct seal_pair *pair, char error[static CTL_ERROR_MAX])
{
	return store(file_create, path, ask, pair, error);
}

static bool
parse_head(struct cosign *c, const char *path, const uint8_t *bytes, size_t len,
    char error[static CTL_ERROR_MAX])
{
	uint8_t *secret = c->pair.secret_key;
	size_t n = 0;

	if (len <= HEAD_LEN || memcmp(bytes, MARK, MARK_LEN) != 0 ||
	    bytes[HEAD_LEN - 1] != '\n' ||
	    !base64_decode(secret, sizeof c->pair.secret_key,
		(const char *)bytes + MARK_LEN, KEY_TEXT, &n) ||
	    n != sizeof c->pair.secret_key)
		return refuse(error, path,
		    "is no request file: amiral run PROVIDER --cosign FILE "
		    "makes one");
	if (crypto_scalarmult_base(c->pair.public_key, secret) != 0)
		return refuse(error, path, "holds no key: make it anew");
	return true;
}

static bool
open_envelope(
    struct cosign *c, const char *path, char error[static CTL_ERROR_MAX])
{
	enum status status = envelope_open(
	    c->ask.envelope, c->ask.len, ENVELOPE_REQUEST, &c->envelope);

	if (status == STATUS_OK) {
		envelope_digest(&c->envelope, c->ask.digest);
		return true;
	}
	snprintf(error, CTL_ERROR_MAX,
	    "%.*s: its signatures do not hold (%s): ask for it anew",
	    PATH_SHOWN, path, status_name(status));
	return false;
}

static bool
parse_request(
    struct cosign *c, const char *path, char error[static CTL_ERROR_MAX])
{
	enum status status = request_parse(
	    c->envelope.payload, c->envelope.payload_len, &c->request);

	if (status == STATUS_OK)
		return true;
	snprintf(error, CTL_ERROR_MAX,
	    "%.*s: hosts would refuse what it asks (%s): ask for it anew",
	    PATH_SHOWN, path, status_name(status));
	return false;
}

/* What this program can send, and read the answers of. */
static bool
judge_request(
    const struct cosign *c, const char *path, char error[static CTL_ERROR_MAX])
{
	const struct request *r = &c->request;

	if (r->signatures < COSIGN_LEAST)
		return refuse(error, path,
		    "asks for one signature, which it has: nobody need sign "
		    "it");
	if (c->envelope.signatures > r->signatures)
		return refuse(error, path,
		    "has more signatures than it asks for: hosts refuse it");
	if (r->reply_via != REPLY_VIA_STREAM)
		return refuse(error, path,
		    "wants its answers in a way that amiral does not read");
	if (!r->sealed ||
	    memcmp(r->seal_to, c->pair.public_key, sizeof r->seal_to) != 0)
		return refuse(error, path,
		    "its key does not open what it asks for: ask for it anew");
	return true;
}

bool
cosign_parse(struct cosign *out, const char *path, const uint8_t *bytes,
    size_t len, char error[static CTL_ERROR_MAX])
{
	*out = (struct cosign){ .ask = { .envelope = NULL } };
	if (len > COSIGN_MAX)
		return refuse(error, path, "is too long for a request file");
	if (!parse_head(out, path, bytes, len, error))
		return false;
	out->ask.len = len - HEAD_LEN;
	out->ask.envelope = malloc(out->ask.len);
	if (out->ask.envelope == NULL)
		return refuse(error, path, "out of memory");
	memcpy(out->ask.envelope, bytes + HEAD_LEN, out->ask.len);
	return open_envelope(out, path, error) &&
	       parse_request(out, path, error) &&
	       judge_request(out, path, error);
}

bool
cosign_read(
    struct cosign *out, const char *path, char error[static CTL_ERROR_MAX])
{
	int fd = file_open(path, FILE_SECRET, COSIGN_MAX, error);
	size_t len = 0;
	char *bytes;
	bool good;

	*out = (struct cosign){ .ask = { .envelope = NULL } };
	if (fd == -1)
		return false;
	bytes = slurp(fd, COSIGN_MAX, &len);
	close(fd);
	if (bytes == NULL)
		return refuse(error, path, "cannot be read");
	good = cosign_parse(out, path, (const uint8_t *)bytes, len, error);
	sodium_memzero(bytes, len);
	free(bytes);
	return good;
}

void
cosign_clear(struct cosign *c)
{
	ask_clear(&c->ask);
	request_clear(&c->request);
	sodium_memzero(&c->pair, sizeof c->pair);
}

/* ---- judging and signing ---- */

/* Signed now and sent by the first one when nobody looks: not that. */
static bool
has_begun(const struct cosign *c, const char *path, int64_t now_ms,
    char error[static CTL_ERROR_MAX])
{
	int64_t early_ms = c->request.issued - now_ms;

	if (early_ms <= REQUEST_SKEW_MS)
		return true;
	snprintf(error, CTL_ERROR_MAX,
	    "%.*s: begins in %" PRId64 " s by this machine's clock: set the "
	    "clock, or ask for it anew",
	    PATH_SHOWN, path, early_ms / 1000);
	return false;
}

bool
cosign_is_live(const struct cosign *c, const char *path, const char *fleet,
    int64_t now_ms, char error[static CTL_ERROR_MAX])
{
	if (strcmp(c->request.fleet, fleet) != 0) {
		snprintf(error, CTL_ERROR_MAX,
		    "%.*s: is for the fleet %s, not for %s: say --fleet %s if "
		    "that is meant",
		    PATH_SHOWN, path, c->request.fleet, fleet,
		    c->request.fleet);
		return false;
	}
	if (c->request.expires <= now_ms) {
		snprintf(error, CTL_ERROR_MAX,
		    "%.*s: expired %" PRId64 " s ago: ask for it anew, with a "
		    "longer --ttl",
		    PATH_SHOWN, path, (now_ms - c->request.expires) / 1000);
		return false;
	}
	return has_begun(c, path, now_ms, error);
}

bool
cosign_complete(const struct cosign *c)
{
	return c->envelope.signatures == c->request.signatures;
}

static bool
has_signed(const struct cosign *c, const struct public_key *key)
{
	for (unsigned i = 0; i < c->envelope.signatures; i++)
		if (public_key_equal(&c->envelope.signature[i].key, key))
			return true;
	return false;
}

/* The lines of c, then that of one, which signs the same payload. */
static uint8_t *
join(const struct cosign *c, const uint8_t *one, size_t one_len, size_t *len)
{
	size_t payload_len = c->envelope.payload_len;
	size_t lines = c->ask.len - payload_len - 1;
	size_t line = one_len - payload_len - 1;
	uint8_t *bytes = malloc(c->ask.len + line);
	struct writer w;

	if (bytes == NULL)
		return NULL;
	writer_init(&w, bytes, c->ask.len + line);
	writer_bytes(&w, c->ask.envelope, lines);
	writer_bytes(&w, one, line + 1);
	writer_bytes(&w, c->envelope.payload, payload_len);
	*len = w.used;
	return bytes;
}

static bool
sign(struct cosign *c, const char *path, struct signer *signer,
    char error[static CTL_ERROR_MAX])
{
	struct ask ask = { .envelope = NULL };
	size_t one_len;
	uint8_t *one = signer_envelope(signer, ENVELOPE_REQUEST,
	    c->envelope.payload, c->envelope.payload_len, &one_len, error);

	if (one == NULL)
		return false;
	ask.envelope = join(c, one, one_len, &ask.len);
	free(one);
	if (ask.envelope == NULL)
		return refuse(error, path, "out of memory");
	free(c->ask.envelope);
	c->ask = ask;
	return open_envelope(c, path, error);
}

bool
cosign_add(struct cosign *c, const char *path, struct signer *signer,
    const char *operator_, char error[static CTL_ERROR_MAX])
{
	if (strcmp(operator_, c->request.operator_) == 0 ||
	    has_signed(c, signer_key(signer))) {
		snprintf(error, CTL_ERROR_MAX,
		    "%.*s: %s has signed it already: somebody else has to, or "
		    "say who you are with -k and -O",
		    PATH_SHOWN, path, operator_);
		return false;
	}
	return sign(c, path, signer, error) &&
	       store(file_replace, path, &c->ask, &c->pair, error);
}

/* ---- showing ---- */

static void
show_signers(const struct cosign *c, FILE *f)
{
	char fingerprint[FINGERPRINT_SIZE];

	for (unsigned i = 0; i < c->envelope.signatures; i++) {
		sign_fingerprint(&c->envelope.signature[i].key, fingerprint);
		fprintf(f, "  signed     with %s\n", fingerprint);
	}
}

/*
 * What the first one wrote, on a terminal that is as narrow as he knows: so
 * many spaces together that the next line would look like a row are not
 * shown as such. What he wrote with a backslash has two.
 */
static void
put_without(FILE *f, const char *gap, const char *text)
{
	size_t len = strlen(gap);
	const char *at;

	while ((at = strstr(text, gap)) != NULL) {
		text_put(f, text, (size_t)(at - text) + len - 1);
		fputs("\\u0020", f);
		text = at + len;
	}
	text_puts(f, text);
}

/* In ASCII, as JSON has it; a name's quotes are left out. */
static void
put_json(FILE *f, const json_t *value, bool name)
{
	char *text = json_dumps(
	    value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);

	if (text == NULL)
		fatal("out of memory");
	if (name)
		text[strlen(text) - 1] = '\0';
	put_without(f, name ? " " : "  ", name ? text + 1 : text);
	free(text);
}

/* "caption name value" for each member. */
static void
show_members(FILE *f, const char *caption, const json_t *object)
{
	struct json_each each = { 0 };

	while (json_each(object, &each)) {
		json_t *name = json_string(each.name);

		fprintf(f, "  %-10s ", caption);
		put_json(f, name, true);
		fputc(' ', f);
		put_json(f, each.value, false);
		fputc('\n', f);
		json_decref(name);
	}
}

static void
show_targets(FILE *f, const json_t *match)
{
	const json_t *hosts = json_object_get(match, "hosts");

	if (hosts == NULL || json_object_size(match) > 1) {
		show_members(f, "targets", match);
		return;
	}
	fputs("  hosts      ", f);
	text_put_value(f, hosts);
	fputc('\n', f);
}

static void
show_expiry(FILE *f, int64_t expires, int64_t now_ms)
{
	time_t at = (time_t)(expires / 1000);
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&at, &tm) != NULL)
		strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &tm);
	fprintf(f, "  expires    %s, in %" PRId64 " s\n", text,
	    (expires - now_ms) / 1000);
}

void
cosign_show(const struct cosign *c, const char *path, int64_t now_ms, FILE *f)
{
	const struct request *r = &c->request;

	text_puts(f, path);
	fprintf(f, " has %u of %u signatures and asks:\n",
	    c->envelope.signatures, r->signatures);
	fprintf(f, "  operator   %s, as it says\n", r->operator_);
	show_signers(c, f);
	if (r->on_behalf_of[0] != '\0') {
		fputs("  for        ", f);
		put_without(f, "  ", r->on_behalf_of);
		fputc('\n', f);
	}
	fprintf(f, "  fleet      %s\n  provider   %s\n", r->fleet, r->provider);
	show_members(f, "argument", r->args);
	show_targets(f, r->match);
	if (r->timeout_s > 0)
		fprintf(f, "  timeout    %" PRId64 " s\n", r->timeout_s);
	show_expiry(f, r->expires, now_ms);
}

void
cosign_say_next(const char *path, unsigned have, unsigned want, FILE *f)
{
	text_puts(f, path);
	if (have == want) {
		fprintf(f, " has all %u signatures; this sends it:\n", want);
	} else {
		fprintf(f, " has %u of %u signatures.\n", have, want);
		fputs("Hand it to another operator, in private: it opens the "
		      "answers. To sign it:\n",
		    f);
	}
	fputs("  amiral run --cosign ", f);
	text_puts(f, path);
	fputc('\n', f);
}

/* Whether this signature, or none, makes it whole, so that it is sent. */
static bool
will_send(const struct cosign *c, const struct options *o)
{
	return c->envelope.signatures + 1 >= c->request.signatures &&
	       !o->no_send;
}

bool
cosign_confirm(const struct cosign *c, const struct options *o,
    const char *operator_, char error[static CTL_ERROR_MAX])
{
	if (!o->quiet || !o->yes)
		cosign_show(c, o->cosign, clock_wall_ms(), stderr);
	if (o->yes)
		return true;
	if (!confirm_terminal())
		return refuse(error, o->cosign,
		    "there is no terminal to ask on: say -y as well");
	if (cosign_complete(c))
		fputs("Send it?", stderr);
	else
		fprintf(stderr, "Sign it as %s%s?", operator_,
		    will_send(c, o) ? " and send it" : "");
	if (confirm_yes())
		return true;
	return refuse(error, o->cosign, "nothing was signed or sent");
}
