/*
 * A reply's payload (protocol section 3): statuses, reasons and endings,
 * each with its name in one table. Part of gate and controller.
 */
#ifndef AMIRAL_WIRE_REPLY_H
#define AMIRAL_WIRE_REPLY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/name.h"
#include "wire/verify/envelope.h"

#define REPLY_BOOT_SIZE  16    /* random bytes of a gate's start */
#define REPLY_OUTPUT_MAX 32768 /* bytes of a provider's object, as written */
#define REPLY_PIECE_MAX  32768 /* raw bytes of an output piece */
#define REPLY_DETAIL_MAX 512
#define REPLY_SEQ_MAX    INT32_MAX

enum reply_status {
	REPLY_START,
	REPLY_NOOP,
	REPLY_OUTPUT,
	REPLY_COMPLETE,
	REPLY_STATUSES
};
enum reply_reason {
	REASON_NONE,
	REASON_EXPIRED,
	REASON_CLOCK,
	REASON_DENIED,
	REASON_SIGNATURES,
	REASON_UNKNOWN_PROVIDER,
	REASON_BAD_ARGS,
	REASON_BAD_SEAL,
	REASON_BUSY,
	REASON_NO_JOURNAL,
	REASON_CANCELLED,
	REASON_POISONED,
	REASONS
};
enum reply_ended {
	ENDED_NONE,
	ENDED_EXIT,
	ENDED_SIGNAL,
	ENDED_TIMEOUT,
	ENDED_CANCELLED,
	ENDED_LOST,
	ENDED_COUNT
};
const char *reply_status_name(enum reply_status);
const char *reply_reason_name(enum reply_reason);
const char *reply_ended_name(enum reply_ended);

struct reply_usage {
	int64_t wall_ms, user_ms, system_ms, max_rss_kib;
};
struct reply_chunks {
	int64_t count;
	uint8_t sha256[32];
};

struct reply {
	json_t *root; /* parsed replies: owns output */
	char in_reply_to[UUID_LEN + 1];
	uint8_t request[ENVELOPE_DIGEST_SIZE];
	char uuid[UUID_LEN + 1]; /* "" in a noop */
	char hostname[HOSTNAME_MAX + 1];
	uint8_t boot[REPLY_BOOT_SIZE];
	enum reply_status status;
	int64_t seq, at;
	/* noop; both members stand in every one */
	enum reply_reason reason;
	char detail[REPLY_DETAIL_MAX + 1];
	/* output */
	char stream[8];      /* "stdout" or "stderr" */
	const uint8_t *data; /* raw bytes; parsed replies own a copy */
	size_t data_len;
	uint8_t *data_owned;
	/* complete: ended and output stand in every one */
	enum reply_ended ended;
	json_t
	    *output; /* an object; borrowed from the caller, or inside root */
	int64_t signal;                       /* 0: none */
	char cancelled_by[PRINCIPAL_MAX + 1]; /* "": none */
	bool truncated, output_lost;
	bool has_chunks;
	struct reply_chunks chunks[2]; /* stdout, stderr */
	bool has_usage;
	struct reply_usage usage;
};

/*
 * The payload bytes, allocated. NULL when out of memory, or where a member
 * cannot be sent: text that is not UTF-8, output that is no object or longer
 * than REPLY_OUTPUT_MAX, data longer than REPLY_PIECE_MAX. data becomes
 * data64 where it is not UTF-8, has a NUL, or would be longer escaped.
 */
char *reply_build(const struct reply *, size_t *len);
enum status reply_parse(const uint8_t *payload, size_t len, struct reply *out);
void reply_clear(struct reply *);

/*
 * The outer object of a sealed reply: version, in_reply_to, hostname, seq,
 * sealed = base64 of crypto_box_seal(inner) to public key to. NULL when out
 * of memory or if to is a low-order point.
 */
char *reply_seal(const struct reply *, const uint8_t to[static 32],
    const char *inner, size_t inner_len, size_t *len);
/*
 * Either form: plain payloads are parsed, sealed ones opened with the pair,
 * parsed, and their outer members compared with the inner ones. A plain
 * reply where a pair is given passes for start and noop only, and these two
 * pass in no other way (STATUS_SEAL otherwise); pair NULL takes plain
 * replies alone.
 */
struct seal_pair {
	uint8_t public_key[32], secret_key[32];
};
void seal_pair_new(struct seal_pair *);
enum status reply_open(const uint8_t *payload, size_t len,
    const struct seal_pair *, struct reply *out);

#endif
