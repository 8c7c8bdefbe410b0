#include "ctl/verdict.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "wire/json.h"

static const char *const names[VERDICTS] = {
	[VERDICT_OK] = "ok",
	[VERDICT_FAILED] = "failed",
	[VERDICT_REFUSED] = "refused",
	[VERDICT_NO_ANSWER] = "no_answer",
	[VERDICT_UNFINISHED] = "unfinished",
};

const char *
verdict_name(enum verdict verdict)
{
	return names[verdict];
}

void
verdicts_init(struct verdicts *v, const struct known_hosts *known)
{
	*v = (struct verdicts){ .count = known_hosts_count(known) };
	v->hosts = calloc(v->count + 1, sizeof *v->hosts);
	if (v->hosts == NULL)
		fatal("out of memory");
	for (size_t i = 0; i < v->count; i++)
		v->hosts[i] = (struct host){
			.name = known_hosts_name(known, i),
			.exit = -1,
			.highest_seq = -1,
		};
}

static void
host_clear(struct host *host)
{
	for (size_t i = 0; i < host->piece_count; i++)
		free(host->pieces[i].bytes);
	free(host->pieces);
	free(host->seen);
	if (host->is_final)
		reply_clear(&host->final);
}

void
verdicts_clear(struct verdicts *v)
{
	for (size_t i = 0; i < v->count; i++)
		host_clear(&v->hosts[i]);
	free(v->hosts);
	*v = (struct verdicts){ .hosts = NULL };
}

void
verdicts_expect(struct verdicts *v, size_t i)
{
	struct host *host = &v->hosts[i];

	if (host->expected)
		return;
	host->expected = true;
	v->expected++;
	if (host->acknowledged)
		v->expected_acknowledged++;
}

/* An array of ours that grows at each power of two. */
static void *
grown(void *array, size_t n, size_t size)
{
	if ((n & (n - 1)) != 0)
		return array;
	array = reallocarray(array, n == 0 ? 1 : n * 2, size);
	if (array == NULL)
		fatal("out of memory");
	return array;
}

static const struct seen_reply *
find_seq(const struct host *host, int64_t seq)
{
	if (seq > host->highest_seq)
		return NULL;
	for (size_t i = host->seen_count; i-- > 0;)
		if (host->seen[i].seq == seq)
			return &host->seen[i];
	return NULL;
}

static bool
boot_is_older(const struct host *host, const uint8_t boot[REPLY_BOOT_SIZE])
{
	if (host->seen_count == 0 ||
	    memcmp(host->boot, boot, REPLY_BOOT_SIZE) == 0)
		return false;
	for (size_t i = 0; i < host->seen_count; i++)
		if (memcmp(host->seen[i].boot, boot, REPLY_BOOT_SIZE) == 0)
			return true;
	return false;
}

/*
 * A gate that was started anew speaks with a new boot, and goes on with the
 * numbers of the former one; it never comes back to the former boot. Two
 * machines with one key use the same numbers, or take turns. A gate that
 * lost its job knows only that, not how many replies it had sent.
 */
static enum outcome
compare_seen(const struct host *host, const struct verified *v)
{
	const struct reply *reply = &v->reply;
	const struct seen_reply *seen = find_seq(host, reply->seq);
	bool lost =
	    reply->status == REPLY_COMPLETE && reply->ended == ENDED_LOST;

	if (seen != NULL &&
	    memcmp(seen->digest, v->digest, ENVELOPE_DIGEST_SIZE) == 0)
		return OUTCOME_REPEATED;
	/* Started anew, it knows nothing of what it began: not a refusal. */
	if (reply->status == REPLY_NOOP && reply->reason == REASON_NO_JOURNAL &&
	    host->seen_count > 0 &&
	    memcmp(host->boot, reply->boot, REPLY_BOOT_SIZE) != 0)
		return OUTCOME_LATE;
	if (boot_is_older(host, reply->boot))
		return OUTCOME_CLONED;
	if (seen != NULL && !lost)
		return memcmp(seen->boot, reply->boot, REPLY_BOOT_SIZE) != 0
			   ? OUTCOME_CLONED
			   : OUTCOME_CONTRADICTS;
	if (host->is_final &&
	    (reply->status == REPLY_COMPLETE || reply->status == REPLY_NOOP))
		return OUTCOME_CONTRADICTS;
	return OUTCOME_NEW;
}

static void
remember(struct host *host, const struct verified *v)
{
	struct seen_reply *seen;

	host->seen = grown(host->seen, host->seen_count, sizeof *host->seen);
	seen = &host->seen[host->seen_count++];
	seen->seq = v->reply.seq;
	if (host->highest_seq < seen->seq)
		host->highest_seq = seen->seq;
	memcpy(seen->digest, v->digest, sizeof seen->digest);
	memcpy(seen->boot, v->reply.boot, sizeof seen->boot);
	memcpy(host->boot, v->reply.boot, sizeof host->boot);
}

static void
acknowledge(struct verdicts *v, struct host *host, int64_t now_ms)
{
	if (host->acknowledged)
		return;
	host->acknowledged = true;
	host->acknowledged_ms = now_ms;
	v->acknowledged++;
	if (host->expected)
		v->expected_acknowledged++;
}

/* Pieces come in order, but for those that were sent again. */
static bool
take_piece(struct verdicts *v, struct host *host, const struct reply *reply)
{
	struct piece piece = {
		.seq = reply->seq,
		.is_stderr = strcmp(reply->stream, "stderr") == 0,
		.len = reply->data_len,
	};
	size_t at = host->piece_count;

	if (piece.len > VERDICT_MEMORY_MAX - v->memory) {
		host->pieces_lost = true;
		return false;
	}
	piece.bytes = malloc(piece.len + 1);
	if (piece.bytes == NULL)
		fatal("out of memory");
	memcpy(piece.bytes, reply->data, piece.len);
	v->memory += piece.len;
	host->pieces = grown(host->pieces, at, sizeof piece);
	for (; at > 0 && host->pieces[at - 1].seq > piece.seq; at--)
		host->pieces[at] = host->pieces[at - 1];
	host->pieces[at] = piece;
	host->piece_count++;
	return true;
}

/* The reply moves into the host; over the bound its output is given up. */
static void
take_final(struct verdicts *v, struct host *host, struct verified *from,
    int64_t now_ms)
{
	struct reply *final = &host->final;

	*final = from->reply;
	from->reply = (struct reply){ .root = NULL };
	host->is_final = true;
	host->completed_ms = now_ms;
	v->finals++;
	if (final->status == REPLY_COMPLETE)
		host->exit = json_get_integer(final->output, "exit", -1);
	if (from->size <= VERDICT_MEMORY_MAX - v->memory) {
		v->memory += from->size;
		return;
	}
	json_decref(final->root);
	final->root = final->output = NULL;
	host->pieces_lost = true;
}

enum outcome
verdicts_take(struct verdicts *v, struct verified *from, int64_t now_ms)
{
	struct host *host = &v->hosts[from->host];
	enum outcome outcome = compare_seen(host, from);
	struct reply *reply = &from->reply;

	if (outcome != OUTCOME_NEW)
		return outcome;
	acknowledge(v, host, now_ms);
	if (host->seen_count == VERDICT_SEQS_MAX &&
	    reply->status == REPLY_OUTPUT) {
		host->pieces_lost = true;
		return OUTCOME_LATE;
	}
	remember(host, from);
	if (!host->is_final)
		host->last = reply->status;
	if (reply->uuid[0] != '\0')
		memcpy(host->uuid, reply->uuid, sizeof host->uuid);
	if (reply->status == REPLY_OUTPUT)
		return take_piece(v, host, reply) ? OUTCOME_NEW : OUTCOME_LATE;
	if (reply->status == REPLY_START)
		return host->is_final ? OUTCOME_LATE : OUTCOME_NEW;
	take_final(v, host, from, now_ms);
	return OUTCOME_NEW;
}

bool
host_counts(const struct host *host)
{
	return host->expected || host->acknowledged;
}

enum verdict
host_verdict(const struct host *host)
{
	if (!host->acknowledged)
		return VERDICT_NO_ANSWER;
	if (!host->is_final)
		return VERDICT_UNFINISHED;
	if (host->final.status == REPLY_NOOP)
		return VERDICT_REFUSED;
	return host->final.ended == ENDED_EXIT && host->exit == 0
		   ? VERDICT_OK
		   : VERDICT_FAILED;
}

static bool
stream_whole(
    const struct host *host, bool is_stderr, const struct reply_chunks *chunks)
{
	crypto_hash_sha256_state state;
	uint8_t digest[crypto_hash_sha256_BYTES];
	int64_t count = 0;

	crypto_hash_sha256_init(&state);
	for (size_t i = 0; i < host->piece_count; i++) {
		const struct piece *piece = &host->pieces[i];

		if (piece->is_stderr != is_stderr)
			continue;
		crypto_hash_sha256_update(
		    &state, (const unsigned char *)piece->bytes, piece->len);
		count++;
	}
	crypto_hash_sha256_final(&state, digest);
	return count == chunks->count &&
	       (count == 0 ||
		   memcmp(digest, chunks->sha256, sizeof digest) == 0);
}

bool
host_output_whole(const struct host *host)
{
	if (!host->is_final || host->final.status != REPLY_COMPLETE)
		return true;
	if (host->final.output_lost || host->pieces_lost)
		return false;
	return !host->final.has_chunks ||
	       (stream_whole(host, false, &host->final.chunks[0]) &&
		   stream_whole(host, true, &host->final.chunks[1]));
}

char *
host_stream(const struct host *host, bool is_stderr, size_t *len)
{
	size_t size = 0;
	char *all, *at;

	for (size_t i = 0; i < host->piece_count; i++)
		if (host->pieces[i].is_stderr == is_stderr)
			size += host->pieces[i].len;
	if ((all = malloc(size + 1)) == NULL)
		fatal("out of memory");
	at = all;
	for (size_t i = 0; i < host->piece_count; i++) {
		const struct piece *piece = &host->pieces[i];

		if (piece->is_stderr == is_stderr)
			at = mempcpy(at, piece->bytes, piece->len);
	}
	*len = size;
	return all;
}

void
verdicts_tally(
    const struct verdicts *v, unsigned long unverified, struct tally *out)
{
	*out = (struct tally){ .unverified = unverified };
	for (size_t i = 0; i < v->count; i++) {
		if (!host_counts(&v->hosts[i]))
			continue;
		out->matched++;
		out->verdicts[host_verdict(&v->hosts[i])]++;
		out->incomplete += !host_output_whole(&v->hosts[i]);
	}
}

int
tally_exit_status(const struct tally *t)
{
	if (t->unverified > 0)
		return 4;
	if (t->matched == 0)
		return 5;
	if (t->verdicts[VERDICT_NO_ANSWER] + t->verdicts[VERDICT_UNFINISHED] +
		t->incomplete >
	    0)
		return 3;
	if (t->verdicts[VERDICT_FAILED] + t->verdicts[VERDICT_REFUSED] > 0)
		return 2;
	return 0;
}
