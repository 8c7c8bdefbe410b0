/*
 * amiral: what is known of each known host in this run, from verified
 * replies only. The first final reply wins.
 */
#ifndef AMIRAL_CTL_VERDICT_H
#define AMIRAL_CTL_VERDICT_H

#include "ctl/verify.h"

#define VERDICT_MEMORY_MAX (512 * 1024 * 1024) /* bytes of replies kept */
#define VERDICT_SEQS_MAX   65536 /* replies of one host to one request */

enum verdict {
	VERDICT_OK,
	VERDICT_FAILED,
	VERDICT_REFUSED,
	VERDICT_NO_ANSWER,
	VERDICT_UNFINISHED,
	VERDICTS
};
/* "no_answer": as in JSON. */
const char *verdict_name(enum verdict);

/* A piece of output, ordered by seq. */
struct piece {
	int64_t seq;
	bool is_stderr;
	char *bytes;
	size_t len;
};

/* What came under which number, so that a repetition is known as one. */
struct seen_reply {
	int64_t seq;
	uint8_t digest[ENVELOPE_DIGEST_SIZE];
	uint8_t boot[REPLY_BOOT_SIZE];
};

struct host {
	const char *name; /* of known_hosts */
	bool expected, acknowledged, is_final, cancel_answered;
	int64_t acknowledged_ms, completed_ms; /* since published */
	enum reply_status last;
	char uuid[UUID_LEN + 1];
	struct reply final; /* where is_final */
	int64_t exit;       /* of the final reply's output; -1: it has none */
	struct piece *pieces;
	size_t piece_count;
	bool pieces_lost; /* over a bound of ours */
	struct seen_reply *seen;
	size_t seen_count;
	int64_t highest_seq;
	uint8_t boot[REPLY_BOOT_SIZE]; /* the newest */
};

struct verdicts {
	struct host *hosts; /* as in known_hosts, so sorted by name */
	size_t count;
	size_t memory;
	/* Sums, kept as replies come. */
	size_t expected, acknowledged, finals, expected_acknowledged;
};

/* known must outlive it. Fatal when out of memory. */
void verdicts_init(struct verdicts *, const struct known_hosts *known);
void verdicts_clear(struct verdicts *);
void verdicts_expect(struct verdicts *, size_t host);

enum outcome {
	OUTCOME_NEW,      /* something to show */
	OUTCOME_REPEATED, /* known, byte for byte */
	OUTCOME_LATE,     /* after the final reply, or over a bound: dropped */
	OUTCOME_CONTRADICTS,
	OUTCOME_CLONED,
};
/*
 * A verified reply to the request, now_ms after it was published. A final
 * one that is new moves into the host, v->reply is then empty; every other
 * stays the caller's.
 */
enum outcome verdicts_take(
    struct verdicts *, struct verified *v, int64_t now_ms);
/* Part of this run: expected, or it answered. */
bool host_counts(const struct host *);
enum verdict host_verdict(const struct host *);
/*
 * False where the final reply speaks of pieces of output that did not come,
 * or came with other bytes.
 */
bool host_output_whole(const struct host *);
/* The pieces of one stream, joined; the caller frees. */
char *host_stream(const struct host *, bool is_stderr, size_t *len);

struct tally {
	size_t matched, verdicts[VERDICTS];
	unsigned long unverified;
	size_t incomplete; /* hosts whose output did not come whole */
};
void verdicts_tally(
    const struct verdicts *, unsigned long unverified, struct tally *);
/* interface: 0 ok, 2, 3, 4, 5; 4 beats all, else the highest. */
int tally_exit_status(const struct tally *);

#endif
