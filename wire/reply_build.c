/* Replies written and sealed: see reply.h. Part of gate and controller. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "wire/json.h"
#include "wire/reply.h"

static json_t *
build_start(const struct reply *reply)
{
	return json_pack("{ss}", "uuid", reply->uuid);
}

static json_t *
build_noop(const struct reply *reply)
{
	return json_pack("{ss ss}", "reason", reply_reason_name(reply->reason),
	    "detail", reply->detail);
}

/* Bytes of a JSON string's text, as it is written. */
static size_t
escaped_length(const uint8_t *data, size_t len)
{
	size_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		if (data[i] != '\0' &&
		    strchr("\"\\\b\f\n\r\t", data[i]) != NULL)
			sum += 2;
		else
			sum += data[i] < ' ' ? 6 : 1;
	}
	return sum;
}

static bool
goes_as_text(const uint8_t *data, size_t len)
{
	return (len == 0 || memchr(data, '\0', len) == NULL) &&
	       utf8_valid(data, len) &&
	       escaped_length(data, len) <= (len + 2) / 3 * 4;
}

static json_t *
build_output(const struct reply *reply)
{
	const char *data = reply->data == NULL ? "" : (const char *)reply->data;
	json_t *bytes;

	if (reply->data_len > REPLY_PIECE_MAX)
		return NULL;
	if (goes_as_text(reply->data, reply->data_len))
		return json_pack("{ss ss ss%}", "uuid", reply->uuid, "stream",
		    reply->stream, "data", data, reply->data_len);
	bytes = json_from_bytes(reply->data, reply->data_len);
	if (bytes == NULL)
		return NULL;
	return json_pack("{ss ss so}", "uuid", reply->uuid, "stream",
	    reply->stream, "data64", bytes);
}

static bool
output_fits(const json_t *output)
{
	size_t len = json_is_object(output)
			 ? json_dumpb(output, NULL, 0,
			       JSON_COMPACT | JSON_REAL_PRECISION(15))
			 : 0;

	return len > 0 && len <= REPLY_OUTPUT_MAX;
}

static json_t *
chunk_object(const struct reply_chunks *chunks)
{
	json_t *digest = json_from_bytes(chunks->sha256, 32);

	if (digest == NULL)
		return NULL;
	return json_pack(
	    "{sI so}", "count", (json_int_t)chunks->count, "sha256", digest);
}

static int
add_chunks(json_t *root, const struct reply *reply)
{
	json_t *chunks = json_object();

	if (json_object_set_new(
		chunks, "stdout", chunk_object(&reply->chunks[0])) != 0 ||
	    json_object_set_new(
		chunks, "stderr", chunk_object(&reply->chunks[1])) != 0) {
		json_decref(chunks);
		return -1;
	}
	return json_object_set_new(root, "chunks", chunks);
}

static int
add_usage(json_t *root, const struct reply_usage *usage)
{
	return json_object_set_new(root, "usage",
	    json_pack("{sI sI sI sI}", "wall_ms", (json_int_t)usage->wall_ms,
		"user_ms", (json_int_t)usage->user_ms, "system_ms",
		(json_int_t)usage->system_ms, "max_rss_kib",
		(json_int_t)usage->max_rss_kib));
}

/* The members that stand only where they apply. */
static int
add_optional(json_t *root, const struct reply *reply)
{
	if (reply->signal != 0 && json_object_set_new(root, "signal",
				      json_integer(reply->signal)) != 0)
		return -1;
	if (reply->cancelled_by[0] != '\0' &&
	    json_object_set_new(
		root, "cancelled_by", json_string(reply->cancelled_by)) != 0)
		return -1;
	if (reply->truncated &&
	    json_object_set_new(root, "truncated", json_true()) != 0)
		return -1;
	if (reply->output_lost &&
	    json_object_set_new(root, "output_lost", json_true()) != 0)
		return -1;
	if (reply->has_chunks && add_chunks(root, reply) != 0)
		return -1;
	return reply->has_usage ? add_usage(root, &reply->usage) : 0;
}

static json_t *
build_complete(const struct reply *reply)
{
	json_t *root;

	if (!output_fits(reply->output))
		return NULL;
	root = json_pack("{ss ss sO}", "uuid", reply->uuid, "ended",
	    reply_ended_name(reply->ended), "output", reply->output);
	if (root != NULL && add_optional(root, reply) != 0) {
		json_decref(root);
		return NULL;
	}
	return root;
}

static json_t *
build_common(const struct reply *reply)
{
	json_t *request =
	    json_from_bytes(reply->request, sizeof(reply->request));
	json_t *boot = json_from_bytes(reply->boot, sizeof(reply->boot));

	if (request == NULL || boot == NULL) {
		json_decref(request);
		json_decref(boot);
		return NULL;
	}
	return json_pack("{si ss so ss so ss sI sI}", "version", 1,
	    "in_reply_to", reply->in_reply_to, "request", request, "hostname",
	    reply->hostname, "boot", boot, "status",
	    reply_status_name(reply->status), "seq", (json_int_t)reply->seq,
	    "at", (json_int_t)reply->at);
}

char *
reply_build(const struct reply *reply, size_t *len)
{
	static json_t *(*const builders[REPLY_STATUSES])(
	    const struct reply *) = {
		[REPLY_START] = build_start,
		[REPLY_NOOP] = build_noop,
		[REPLY_OUTPUT] = build_output,
		[REPLY_COMPLETE] = build_complete,
	};
	json_t *root = build_common(reply);
	json_t *special = builders[reply->status](reply);
	char *text = NULL;

	if (root != NULL && special != NULL &&
	    json_object_update(root, special) == 0)
		text = json_compact(root, len);
	json_decref(special);
	json_decref(root);
	return text;
}

/* base64 of the sealed bytes; NULL when out of memory or to is no good. */
static json_t *
seal_text(const uint8_t to[static 32], const char *inner, size_t inner_len)
{
	size_t len = inner_len + crypto_box_SEALBYTES;
	uint8_t *box = malloc(len);
	json_t *text = NULL;

	if (box == NULL)
		return NULL;
	if (crypto_box_seal(box, (const uint8_t *)inner, inner_len, to) == 0)
		text = json_from_bytes(box, len);
	free(box);
	return text;
}

char *
reply_seal(const struct reply *reply, const uint8_t to[static 32],
    const char *inner, size_t inner_len, size_t *len)
{
	json_t *sealed = seal_text(to, inner, inner_len);
	json_t *root;
	char *text;

	if (sealed == NULL)
		return NULL;
	root = json_pack("{si ss ss sI so}", "version", 1, "in_reply_to",
	    reply->in_reply_to, "hostname", reply->hostname, "seq",
	    (json_int_t)reply->seq, "sealed", sealed);
	text = root == NULL ? NULL : json_compact(root, len);
	json_decref(root);
	return text;
}

void
seal_pair_new(struct seal_pair *pair)
{
	crypto_box_keypair(pair->public_key, pair->secret_key);
}
