/* See reply.h. Part of gate and controller. */
#include "wire/reply.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "wire/json.h"

#define SIGNAL_MAX  127
#define COUNT_MAX   (INT64_C(1) << 40)
#define DIGEST_TEXT 44 /* base64 characters of 32 bytes */
#define BOOT_TEXT   24
#define PIECE_TEXT  ((REPLY_PIECE_MAX + 2) / 3 * 4)

static const char *const status_names[REPLY_STATUSES] = {
	[REPLY_START] = "start",
	[REPLY_NOOP] = "noop",
	[REPLY_OUTPUT] = "output",
	[REPLY_COMPLETE] = "complete",
};

static const char *const reason_names[REASONS] = {
	[REASON_NONE] = "",
	[REASON_EXPIRED] = "expired",
	[REASON_CLOCK] = "clock",
	[REASON_DENIED] = "denied",
	[REASON_SIGNATURES] = "signatures",
	[REASON_UNKNOWN_PROVIDER] = "unknown-provider",
	[REASON_BAD_ARGS] = "bad-args",
	[REASON_BAD_SEAL] = "bad-seal",
	[REASON_BUSY] = "busy",
	[REASON_NO_JOURNAL] = "no-journal",
	[REASON_CANCELLED] = "cancelled",
	[REASON_POISONED] = "poisoned",
};

static const char *const ended_names[ENDED_COUNT] = {
	[ENDED_NONE] = "",
	[ENDED_EXIT] = "exit",
	[ENDED_SIGNAL] = "signal",
	[ENDED_TIMEOUT] = "timeout",
	[ENDED_CANCELLED] = "cancelled",
	[ENDED_LOST] = "lost",
};

static const char *const stream_names[] = { "stdout", "stderr" };

const char *
reply_status_name(enum reply_status status)
{
	return status_names[status];
}

const char *
reply_reason_name(enum reply_reason reason)
{
	return reason_names[reason];
}

const char *
reply_ended_name(enum reply_ended ended)
{
	return ended_names[ended];
}

/* ---- reading ---- */

static const struct json_member common_members[] = {
	{ "version", JSON_INTEGER, true, 1, 1 },
	{ "in_reply_to", JSON_STRING, true, UUID_LEN, UUID_LEN },
	{ "request", JSON_STRING, true, DIGEST_TEXT, DIGEST_TEXT },
	{ "hostname", JSON_STRING, true, 1, HOSTNAME_MAX },
	{ "boot", JSON_STRING, true, BOOT_TEXT, BOOT_TEXT },
	{ "status", JSON_STRING, true, 1, 16 },
	{ "seq", JSON_INTEGER, true, 0, REPLY_SEQ_MAX },
	{ "at", JSON_INTEGER, true, 0, JSON_TIME_MAX },
	{ 0 },
};
static const struct json_member start_members[] = {
	{ "uuid", JSON_STRING, true, UUID_LEN, UUID_LEN },
	{ 0 },
};
static const struct json_member noop_members[] = {
	{ "reason", JSON_STRING, true, 1, 32 },
	{ "detail", JSON_STRING, true, 0, REPLY_DETAIL_MAX },
	{ 0 },
};
static const struct json_member output_members[] = {
	{ "uuid", JSON_STRING, true, UUID_LEN, UUID_LEN },
	{ "stream", JSON_STRING, true, 1, 16 },
	{ "data", JSON_STRING, false, 0, REPLY_PIECE_MAX },
	{ "data64", JSON_STRING, false, 0, PIECE_TEXT },
	{ 0 },
};
static const struct json_member complete_members[] = {
	{ "uuid", JSON_STRING, true, UUID_LEN, UUID_LEN },
	{ "ended", JSON_STRING, true, 1, 16 },
	{ "output", JSON_OBJECT, true, 0, 0 },
	{ "signal", JSON_INTEGER, false, 1, SIGNAL_MAX },
	{ "cancelled_by", JSON_STRING, false, 1, PRINCIPAL_MAX },
	{ "truncated", JSON_TRUE, false, 0, 0 },
	{ "output_lost", JSON_TRUE, false, 0, 0 },
	{ "chunks", JSON_OBJECT, false, 0, 0 },
	{ "usage", JSON_OBJECT, false, 0, 0 },
	{ 0 },
};
static const struct json_member chunks_members[] = {
	{ "stdout", JSON_OBJECT, true, 0, 0 },
	{ "stderr", JSON_OBJECT, true, 0, 0 },
	{ 0 },
};
static const struct json_member chunk_members[] = {
	{ "count", JSON_INTEGER, true, 0, COUNT_MAX },
	{ "sha256", JSON_STRING, true, DIGEST_TEXT, DIGEST_TEXT },
	{ 0 },
};
static const struct json_member usage_members[] = {
	{ "wall_ms", JSON_INTEGER, true, 0, INT64_MAX },
	{ "user_ms", JSON_INTEGER, true, 0, INT64_MAX },
	{ "system_ms", JSON_INTEGER, true, 0, INT64_MAX },
	{ "max_rss_kib", JSON_INTEGER, true, 0, INT64_MAX },
	{ 0 },
};
static const struct json_member sealed_members[] = {
	{ "version", JSON_INTEGER, true, 1, 1 },
	{ "in_reply_to", JSON_STRING, true, UUID_LEN, UUID_LEN },
	{ "hostname", JSON_STRING, true, 1, HOSTNAME_MAX },
	{ "seq", JSON_INTEGER, true, 0, REPLY_SEQ_MAX },
	{ "sealed", JSON_STRING, true, 4, ENVELOPE_PAYLOAD_MAX },
	{ 0 },
};

/* The index of a member's value in names; 0, which no value has, if none. */
static unsigned
name_index(const json_t *object, const char *member, const char *const names[],
    unsigned n)
{
	const char *text = json_get_text(object, member, "");

	for (unsigned i = 1; i < n; i++)
		if (strcmp(names[i], text) == 0)
			return i;
	return 0;
}

static enum status
read_names(struct reply *reply, const json_t *root)
{
	if (!json_get_name(root, "in_reply_to", name_is_uuid,
		reply->in_reply_to, sizeof(reply->in_reply_to)) ||
	    !json_get_name(root, "hostname", name_is_host, reply->hostname,
		sizeof(reply->hostname)))
		return STATUS_RANGE;
	if (json_object_get(root, "uuid") != NULL &&
	    !json_get_name(
		root, "uuid", name_is_uuid, reply->uuid, sizeof(reply->uuid)))
		return STATUS_RANGE;
	reply->seq = json_get_integer(root, "seq", 0);
	return STATUS_OK;
}

static enum status
read_common(struct reply *reply, const json_t *root)
{
	if (!json_get_base64(
		root, "request", reply->request, sizeof(reply->request)) ||
	    !json_get_base64(root, "boot", reply->boot, sizeof(reply->boot)))
		return STATUS_BASE64;
	reply->at = json_get_integer(root, "at", 0);
	return read_names(reply, root);
}

static enum status
read_start(struct reply *reply, const json_t *root)
{
	(void)reply;
	(void)root;
	return STATUS_OK;
}

static enum status
read_noop(struct reply *reply, const json_t *root)
{
	const char *detail = json_get_text(root, "detail", "");

	reply->reason = (enum reply_reason)name_index(
	    root, "reason", reason_names, REASONS);
	memcpy(reply->detail, detail, strlen(detail) + 1);
	return reply->reason == REASON_NONE ? STATUS_RANGE : STATUS_OK;
}

static enum status
read_text_piece(struct reply *reply, const json_t *root)
{
	const char *text = json_get_text(root, "data", "");
	size_t len = strlen(text);
	uint8_t *copy = malloc(len + 1);

	if (copy == NULL)
		return STATUS_MEMORY;
	memcpy(copy, text, len + 1);
	reply->data_owned = copy;
	reply->data_len = len;
	return STATUS_OK;
}

static enum status
read_output(struct reply *reply, const json_t *root)
{
	const char *stream = json_get_text(root, "stream", "");
	bool raw = json_object_get(root, "data64") != NULL;
	enum status status;

	if (raw == (json_object_get(root, "data") != NULL))
		return STATUS_SCHEMA;
	if (strcmp(stream, stream_names[0]) != 0 &&
	    strcmp(stream, stream_names[1]) != 0)
		return STATUS_RANGE;
	memcpy(reply->stream, stream, strlen(stream) + 1);
	status = raw ? json_get_bytes(root, "data64", REPLY_PIECE_MAX,
			   &reply->data_owned, &reply->data_len)
		     : read_text_piece(reply, root);
	reply->data = reply->data_owned;
	return status;
}

static enum status
read_chunks(struct reply *reply, const json_t *chunks)
{
	enum status status = json_check(chunks, chunks_members);

	for (unsigned i = 0; i < 2 && status == STATUS_OK; i++) {
		const json_t *one = json_object_get(chunks, stream_names[i]);

		status = json_check(one, chunk_members);
		if (status != STATUS_OK)
			break;
		reply->chunks[i].count = json_get_integer(one, "count", 0);
		if (!json_get_base64(
			one, "sha256", reply->chunks[i].sha256, 32))
			status = STATUS_BASE64;
	}
	reply->has_chunks = status == STATUS_OK;
	return status;
}

static enum status
read_usage(struct reply *reply, const json_t *usage)
{
	enum status status = json_check(usage, usage_members);

	if (status != STATUS_OK)
		return status;
	reply->usage = (struct reply_usage){
		.wall_ms = json_get_integer(usage, "wall_ms", 0),
		.user_ms = json_get_integer(usage, "user_ms", 0),
		.system_ms = json_get_integer(usage, "system_ms", 0),
		.max_rss_kib = json_get_integer(usage, "max_rss_kib", 0),
	};
	reply->has_usage = true;
	return STATUS_OK;
}

static enum status
read_complete(struct reply *reply, const json_t *root)
{
	const json_t *chunks = json_object_get(root, "chunks");
	const json_t *usage = json_object_get(root, "usage");
	enum status status = STATUS_OK;

	reply->ended = (enum reply_ended)name_index(
	    root, "ended", ended_names, ENDED_COUNT);
	if (reply->ended == ENDED_NONE)
		return STATUS_RANGE;
	if (json_object_get(root, "cancelled_by") != NULL &&
	    !json_get_name(root, "cancelled_by", name_is_principal,
		reply->cancelled_by, sizeof(reply->cancelled_by)))
		return STATUS_RANGE;
	reply->output = json_object_get(root, "output");
	reply->signal = json_get_integer(root, "signal", 0);
	reply->truncated = json_get_boolean(root, "truncated", false);
	reply->output_lost = json_get_boolean(root, "output_lost", false);
	if (chunks != NULL)
		status = read_chunks(reply, chunks);
	if (status == STATUS_OK && usage != NULL)
		status = read_usage(reply, usage);
	return status;
}

static const struct form {
	const struct json_member *members;
	enum status (*read)(struct reply *, const json_t *);
} forms[REPLY_STATUSES] = {
	[REPLY_START] = { start_members, read_start },
	[REPLY_NOOP] = { noop_members, read_noop },
	[REPLY_OUTPUT] = { output_members, read_output },
	[REPLY_COMPLETE] = { complete_members, read_complete },
};

static enum status
read_members(struct reply *reply, const json_t *root)
{
	const struct form *form;
	const char *name = json_get_text(root, "status", NULL);
	unsigned i = 0;
	enum status status;

	if (name == NULL)
		return STATUS_SCHEMA;
	while (i < REPLY_STATUSES && strcmp(name, status_names[i]) != 0)
		i++;
	if (i == REPLY_STATUSES)
		return STATUS_RANGE;
	form = &forms[i];
	reply->status = (enum reply_status)i;
	status = json_check_parts(root, common_members, form->members);
	if (status == STATUS_OK)
		status = read_common(reply, root);
	return status == STATUS_OK ? form->read(reply, root) : status;
}

/* Takes root over, whatever the outcome. */
static enum status
reply_take(json_t *root, struct reply *out)
{
	struct reply reply = { .root = root };
	enum status status = read_members(&reply, root);

	if (status != STATUS_OK)
		reply_clear(&reply);
	else
		*out = reply;
	return status;
}

enum status
reply_parse(const uint8_t *payload, size_t len, struct reply *out)
{
	json_t *root;
	enum status status;

	if (len > ENVELOPE_PAYLOAD_MAX)
		return STATUS_TOO_LONG;
	status = json_strict(payload, len, "output", &root);
	return status == STATUS_OK ? reply_take(root, out) : status;
}

void
reply_clear(struct reply *reply)
{
	json_decref(reply->root);
	free(reply->data_owned);
	*reply = (struct reply){ 0 };
}

/* ---- opening ---- */

static bool
may_be_sealed(enum reply_status status)
{
	return status != REPLY_START && status != REPLY_NOOP;
}

/* What Redis could read, and a controller may have acted on, must be true. */
static bool
outer_equals_inner(const struct reply *outer, const struct reply *inner)
{
	return strcmp(outer->in_reply_to, inner->in_reply_to) == 0 &&
	       strcmp(outer->hostname, inner->hostname) == 0 &&
	       outer->seq == inner->seq;
}

static enum status
open_box(const uint8_t *box, size_t len, const struct seal_pair *pair,
    struct reply *inner)
{
	uint8_t *text;
	enum status status = STATUS_SEAL;

	if (len <= crypto_box_SEALBYTES)
		return STATUS_SEAL;
	text = malloc(len - crypto_box_SEALBYTES);
	if (text == NULL)
		return STATUS_MEMORY;
	if (crypto_box_seal_open(
		text, box, len, pair->public_key, pair->secret_key) == 0)
		status = reply_parse(text, len - crypto_box_SEALBYTES, inner);
	free(text);
	return status;
}

static enum status
open_base64_box(
    const json_t *root, const struct seal_pair *pair, struct reply *inner)
{
	uint8_t *box;
	size_t len;
	enum status status = json_get_bytes(
	    root, "sealed", ENVELOPE_PAYLOAD_MAX / 4 * 3, &box, &len);

	if (status != STATUS_OK)
		return status;
	status = open_box(box, len, pair, inner);
	free(box);
	return status;
}

static enum status
open_sealed(const json_t *root, const struct seal_pair *pair, struct reply *out)
{
	struct reply outer = { 0 }, inner;
	enum status status = json_check(root, sealed_members);

	if (status == STATUS_OK)
		status = read_names(&outer, root);
	if (status != STATUS_OK)
		return status;
	if (pair == NULL)
		return STATUS_SEAL;
	status = open_base64_box(root, pair, &inner);
	if (status != STATUS_OK)
		return status;
	if (!may_be_sealed(inner.status) ||
	    !outer_equals_inner(&outer, &inner)) {
		reply_clear(&inner);
		return STATUS_SEAL;
	}
	*out = inner;
	return STATUS_OK;
}

static enum status
open_plain(json_t *root, const struct seal_pair *pair, struct reply *out)
{
	struct reply reply;
	enum status status = reply_take(root, &reply);

	if (status != STATUS_OK)
		return status;
	if (pair != NULL && may_be_sealed(reply.status)) {
		reply_clear(&reply);
		return STATUS_SEAL;
	}
	*out = reply;
	return STATUS_OK;
}

enum status
reply_open(const uint8_t *payload, size_t len, const struct seal_pair *pair,
    struct reply *out)
{
	json_t *root;
	enum status status;

	if (len > ENVELOPE_PAYLOAD_MAX)
		return STATUS_TOO_LONG;
	status = json_strict(payload, len, "output", &root);
	if (status != STATUS_OK)
		return status;
	if (json_object_get(root, "sealed") == NULL)
		return open_plain(root, pair, out);
	status = open_sealed(root, pair, out);
	json_decref(root);
	return status;
}
