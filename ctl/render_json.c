#include "ctl/render_json.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/log.h"

static int
put_chunk(const char *bytes, size_t len, void *arg)
{
	FILE *f = arg;

	while (len > 0) {
		const char *del = memchr(bytes, 0x7f, len);
		size_t n = del != NULL ? (size_t)(del - bytes) : len;

		fwrite(bytes, 1, n, f);
		if (del == NULL)
			return 0;
		fputs("\\u007f", f);
		bytes += n + 1;
		len -= n + 1;
	}
	return 0;
}

void
render_json_value(FILE *f, const json_t *value, size_t indent)
{
	size_t flags = JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15) |
		       (indent > 0 ? JSON_INDENT(indent) : JSON_COMPACT);

	if (json_dump_callback(value, put_chunk, f, flags) != 0)
		fatal("out of memory");
	fputc('\n', f);
}

void
render_jsonl(FILE *f, const struct reply *reply)
{
	if (reply->root == NULL)
		return;
	render_json_value(f, reply->root, 0);
	fflush(f);
}

static json_t *
text_or_null(const char *text)
{
	return text != NULL && text[0] != '\0' ? json_string(text)
					       : json_null();
}

/* The pieces of a stream, as text where they are text. */
static void
add_stream(json_t *output, const struct host *host, bool is_stderr)
{
	const char *name = is_stderr ? "stderr" : "stdout";
	char *all, *base64, name64[16];
	size_t len, size;

	all = host_stream(host, is_stderr, &len);
	if (utf8_valid(all, len) && memchr(all, '\0', len) == NULL) {
		json_object_set_new(output, name, json_stringn(all, len));
		free(all);
		return;
	}
	size = sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
	if ((base64 = malloc(size)) == NULL)
		fatal("out of memory");
	sodium_bin2base64(base64, size, (const unsigned char *)all, len,
	    sodium_base64_VARIANT_ORIGINAL);
	snprintf(name64, sizeof name64, "%s64", name);
	json_object_set_new(output, name64, json_string(base64));
	free(base64);
	free(all);
}

/* The provider's object, with what came beside it. */
static json_t *
output_object(const struct host *host)
{
	const struct reply *final = &host->final;
	json_t *output;

	if (host->piece_count == 0 &&
	    (!host->is_final || final->output == NULL))
		return json_null();
	output = host->is_final && final->output != NULL
		     ? json_copy(final->output)
		     : json_object();
	if (output == NULL)
		fatal("out of memory");
	if (host->is_final && final->signal > 0)
		json_object_set_new(
		    output, "signal", json_integer(final->signal));
	if (host->is_final && final->truncated)
		json_object_set_new(output, "truncated", json_true());
	if (!host_output_whole(host))
		json_object_set_new(output, "output_lost", json_true());
	if (host->piece_count > 0) {
		add_stream(output, host, false);
		add_stream(output, host, true);
	}
	return output;
}

/* Why a host refused, or how it ended otherwise than by exit. */
static json_t *
reason_text(const struct host *host)
{
	const struct reply *final = &host->final;

	if (!host->is_final)
		return json_null();
	if (final->status == REPLY_NOOP)
		return json_string(reply_reason_name(final->reason));
	return final->ended == ENDED_EXIT
		   ? json_null()
		   : json_string(reply_ended_name(final->ended));
}

static json_t *
host_object(const struct host *host)
{
	json_t *row = json_pack("{ss ss so so so so so so}", "hostname",
	    host->name, "verdict", verdict_name(host_verdict(host)), "status",
	    host->acknowledged ? json_string(reply_status_name(host->last))
			       : json_null(),
	    "output", output_object(host), "reason", reason_text(host), "uuid",
	    text_or_null(host->uuid), "acknowledged_ms",
	    host->acknowledged ? json_integer(host->acknowledged_ms)
			       : json_null(),
	    "completed_ms",
	    host->is_final ? json_integer(host->completed_ms) : json_null());

	if (row == NULL)
		fatal("out of memory");
	return row;
}

static json_t *
hosts_array(const struct verdicts *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->count; i++)
		if (host_counts(&v->hosts[i]))
			json_array_append_new(list, host_object(&v->hosts[i]));
	return list;
}

void
render_json(FILE *f, const struct run *run)
{
	const struct request *request = run->request;
	struct tally t;
	json_t *document;

	verdicts_tally(&run->verdicts, run->oddities.total, &t);
	document = json_pack("{s{ss ss sO sI} so s{sI sI sI sI sI sI sI sI}}",
	    "request", "id", request->reply_to, "provider", request->provider,
	    "match", run->targets->match, "issued", (json_int_t)request->issued,
	    "hosts", hosts_array(&run->verdicts), "stats", "matched",
	    (json_int_t)t.matched, "ok", (json_int_t)t.verdicts[VERDICT_OK],
	    "failed", (json_int_t)t.verdicts[VERDICT_FAILED], "refused",
	    (json_int_t)t.verdicts[VERDICT_REFUSED], "no_answer",
	    (json_int_t)t.verdicts[VERDICT_NO_ANSWER], "unfinished",
	    (json_int_t)t.verdicts[VERDICT_UNFINISHED], "unverified",
	    (json_int_t)t.unverified, "elapsed_ms",
	    (json_int_t)run_elapsed_ms(run));
	if (document == NULL)
		fatal("out of memory");
	render_json_value(f, document, 2);
	json_decref(document);
}
