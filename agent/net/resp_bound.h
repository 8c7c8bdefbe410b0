/*
 * Part of amiral-net. Every byte from Redis passes here before hiredis sees
 * it: the reader of hiredis 0.14 believes any announced length, so what is
 * announced is judged while it costs nothing. Strict RESP2: five types,
 * decimal numbers without frills, every line ended by CR LF.
 */
#ifndef AMIRAL_AGENT_NET_RESP_BOUND_H
#define AMIRAL_AGENT_NET_RESP_BOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RESP_DEPTH_MAX 5 /* XREAD's answer needs all of them */

struct resp_limits {
	uint32_t line;     /* bytes of a line, without type and CR LF */
	uint32_t elements; /* of all arrays of one reply together */
	uint64_t bulk;     /* bytes of one string */
	uint64_t total;    /* bytes of one reply, announced ones included */
};
extern const struct resp_limits resp_limits_default;

enum resp_state {
	RESP_TYPE,
	RESP_LINE,
	RESP_LINE_FEED,
	RESP_BULK,
	RESP_BULK_RETURN,
	RESP_BULK_FEED,
};

struct resp_bound {
	const struct resp_limits *limits;
	enum resp_state state;
	uint8_t type;
	uint32_t line; /* bytes seen of this line */
	bool negative;
	uint64_t number; /* of a $ or * line */
	uint64_t bulk_left, total;
	uint32_t elements;
	unsigned depth;
	uint32_t left[RESP_DEPTH_MAX]; /* elements still to come */
	unsigned complete; /* whole replies seen; the caller takes them off */
};

void resp_bound_init(struct resp_bound *, const struct resp_limits *);
/* NULL, or what is wrong: the connection must not be read any further. */
const char *resp_bound_feed(struct resp_bound *, const void *bytes, size_t len);

#endif
