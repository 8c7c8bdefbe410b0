#include "ctl/verify.h"

#include <string.h>

#include "base/log.h"
#include "wire/json.h"

/* What known_hosts has against a key that signed. */
static enum oddity
key_oddity(enum status status)
{
	static const struct {
		enum status status;
		enum oddity oddity;
	} rows[] = {
		{ STATUS_OK, ODDITY_NONE },
		{ STATUS_REVOKED, ODDITY_REVOKED_KEY },
		{ STATUS_HOST, ODDITY_WRONG_KEY },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].status == status)
			return rows[i].oddity;
	return ODDITY_UNKNOWN_HOST;
}

static bool
find_request(const struct verify_context *c, const struct reply *reply,
    unsigned *request)
{
	if (strcmp(reply->in_reply_to, c->reply_to) != 0)
		return false;
	for (unsigned i = 0; i < c->count; i++) {
		if (memcmp(reply->request, c->requests[i],
			ENVELOPE_DIGEST_SIZE) != 0)
			continue;
		*request = i;
		return true;
	}
	return false;
}

/* The name and the key first: a stranger's word on anything counts nothing. */
static enum oddity
judge(const struct verify_context *c, struct verified *v)
{
	enum oddity oddity =
	    key_oddity(known_hosts_check(c->known, v->reply.hostname, &v->key));
	long host;

	if (oddity != ODDITY_NONE)
		return oddity;
	if (!find_request(c, &v->reply, &v->request))
		return ODDITY_OTHER_REQUEST;
	host = known_hosts_find(c->known, v->reply.hostname);
	if (host < 0)
		return ODDITY_UNKNOWN_HOST;
	v->host = (size_t)host;
	return ODDITY_NONE;
}

/*
 * Signed by its key, and not a reply to us: whose it says it is, and whether
 * it belongs to another request (sealed for that one, we cannot open it).
 */
static void
judge_unreadable(const struct verify_context *c,
    const struct envelope *envelope, struct verified *v)
{
	enum oddity oddity;
	json_t *root;

	if (json_strict(envelope->payload, envelope->payload_len, "", &root) !=
	    STATUS_OK)
		return;
	if (json_get_name(root, "hostname", name_is_host, v->claimed,
		sizeof v->claimed)) {
		oddity = key_oddity(
		    known_hosts_check(c->known, v->claimed, &v->key));
		if (oddity != ODDITY_NONE)
			v->oddity = oddity;
		else if (strcmp(json_get_text(root, "in_reply_to", ""),
			     c->reply_to) != 0)
			v->oddity = ODDITY_OTHER_REQUEST;
	}
	json_decref(root);
}

static void
out_of_memory_is_ours(enum status status)
{
	if (status == STATUS_MEMORY)
		fatal("out of memory");
}

void
verify_reply(const struct verify_context *c, const uint8_t *bytes, size_t len,
    struct verified *out)
{
	struct verified v = { .oddity = ODDITY_BAD_SIGNATURE };
	struct envelope envelope;
	enum status status =
	    envelope_read(bytes, len, ENVELOPE_REPLY, &envelope);

	/* Whose key it is comes later; known_hosts has judged its point. */
	if (status == STATUS_OK)
		status = envelope_verify(&envelope, ENVELOPE_REPLY);
	out_of_memory_is_ours(status);
	*out = v;
	if (status != STATUS_OK)
		return;
	v.oddity = ODDITY_BAD_CONTENT;
	v.has_key = true;
	v.key = envelope.signature[0].key;
	v.size = envelope.payload_len;
	envelope_digest(&envelope, v.digest);
	status = envelope.signatures != 1
		     ? STATUS_LINES
		     : reply_open(envelope.payload, envelope.payload_len,
			   c->pair, &v.reply);
	out_of_memory_is_ours(status);
	if (status == STATUS_OK) {
		memcpy(v.claimed, v.reply.hostname, sizeof v.claimed);
		v.oddity = judge(c, &v);
		if (v.oddity != ODDITY_NONE)
			reply_clear(&v.reply);
	} else {
		judge_unreadable(c, &envelope, &v);
	}
	*out = v;
}
