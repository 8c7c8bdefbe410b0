/* Part of amiral-net: bounds on what Redis announces, before it is believed. */
#include "agent/net/resp_bound.h"

#include <string.h>

#define RESP_DIGITS_MAX 18 /* no overflow of 64 bits */

/*
 * A reply of ours is at most a page of envelopes (some 70 KB each). Longer
 * strings than an envelope pass as far as bulk, so that one oversized
 * message is counted and dropped rather than the connection.
 */
const struct resp_limits resp_limits_default = {
	.line = 4096,
	.elements = 4096,
	.bulk = 1024 * 1024,
	.total = 8 * 1024 * 1024,
};

struct resp_input {
	const uint8_t *at, *end;
};

void
resp_bound_init(struct resp_bound *b, const struct resp_limits *limits)
{
	*b = (struct resp_bound){ .limits = limits };
}

/* One element is whole; so may be the arrays around it. */
static void
resp_element_done(struct resp_bound *b)
{
	b->state = RESP_TYPE;
	while (b->depth > 0) {
		if (--b->left[b->depth - 1] > 0)
			return;
		b->depth--;
	}
	b->complete++;
	b->total = 0;
	b->elements = 0;
}

static const char *
resp_count(struct resp_bound *b, uint64_t n)
{
	b->total += n;
	return b->total > b->limits->total ? "a reply is too long" : NULL;
}

static const char *
resp_on_type(struct resp_bound *b, struct resp_input *in)
{
	b->type = *in->at++;
	if (memchr("+-:$*", b->type, 5) == NULL)
		return "not a type of RESP2";
	b->line = 0;
	b->number = 0;
	b->negative = false;
	b->state = RESP_LINE;
	return resp_count(b, 1);
}

static bool
resp_is_number(uint8_t type)
{
	return type == ':' || type == '$' || type == '*';
}

/* Digits without frills, perhaps a minus: as hiredis reads them. */
static const char *
resp_on_digit(struct resp_bound *b, uint8_t byte)
{
	unsigned digits = b->line - (b->negative ? 1 : 0);

	if (b->line == 0 && byte == '-') {
		b->negative = true;
		return NULL;
	}
	if (byte < '0' || byte > '9' || digits >= RESP_DIGITS_MAX)
		return "not a number";
	if (b->number == 0 && (digits > 0 || (b->negative && byte == '0')))
		return "a number begins with 0";
	b->number = b->number * 10 + (uint64_t)(byte - '0');
	return NULL;
}

static const char *
resp_on_digits(struct resp_bound *b, const uint8_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *wrong = resp_on_digit(b, at[i]);

		if (wrong != NULL)
			return wrong;
		b->line++;
	}
	return NULL;
}

static const char *
resp_on_line(struct resp_bound *b, struct resp_input *in)
{
	const char *wrong;
	size_t n = (size_t)(in->end - in->at);
	const uint8_t *cr = memchr(in->at, '\r', n);

	if (cr != NULL)
		n = (size_t)(cr - in->at);
	if (n > b->limits->line - b->line)
		return "a line is too long";
	if (resp_is_number(b->type))
		wrong = resp_on_digits(b, in->at, n);
	else {
		b->line += (uint32_t)n;
		wrong = NULL;
	}
	in->at += n;
	if (wrong == NULL && cr != NULL) {
		in->at++;
		b->state = RESP_LINE_FEED;
		n++;
	}
	return wrong != NULL ? wrong : resp_count(b, n);
}

static const char *
resp_open_bulk(struct resp_bound *b)
{
	if (b->number > b->limits->bulk)
		return "a string is too long";
	if (b->total + b->number + 2 > b->limits->total)
		return "a reply is too long";
	b->bulk_left = b->number;
	b->state = b->number > 0 ? RESP_BULK : RESP_BULK_RETURN;
	return NULL;
}

static const char *
resp_open_array(struct resp_bound *b)
{
	if (b->number > b->limits->elements - b->elements)
		return "an array is too long";
	if (b->number == 0) {
		resp_element_done(b);
		return NULL;
	}
	if (b->depth == RESP_DEPTH_MAX)
		return "arrays are nested too deep";
	b->elements += (uint32_t)b->number;
	b->left[b->depth++] = (uint32_t)b->number;
	b->state = RESP_TYPE;
	return NULL;
}

/* -1 is nil. */
static const char *
resp_open(struct resp_bound *b)
{
	if (!b->negative)
		return b->type == '$' ? resp_open_bulk(b) : resp_open_array(b);
	if (b->number != 1)
		return "a length is negative";
	resp_element_done(b);
	return NULL;
}

static const char *
resp_on_line_feed(struct resp_bound *b, struct resp_input *in)
{
	const char *wrong;

	if (*in->at++ != '\n')
		return "CR without LF";
	if ((wrong = resp_count(b, 1)) != NULL)
		return wrong;
	if (resp_is_number(b->type) && b->line == (b->negative ? 1 : 0))
		return "not a number";
	if (b->type == '$' || b->type == '*')
		return resp_open(b);
	resp_element_done(b);
	return NULL;
}

static const char *
resp_on_bulk(struct resp_bound *b, struct resp_input *in)
{
	size_t n = (size_t)(in->end - in->at);

	if (n > b->bulk_left)
		n = (size_t)b->bulk_left;
	in->at += n;
	b->bulk_left -= n;
	if (b->bulk_left == 0)
		b->state = RESP_BULK_RETURN;
	return resp_count(b, n);
}

static const char *
resp_on_bulk_return(struct resp_bound *b, struct resp_input *in)
{
	if (*in->at++ != '\r')
		return "a string does not end where it said";
	b->state = RESP_BULK_FEED;
	return resp_count(b, 1);
}

static const char *
resp_on_bulk_feed(struct resp_bound *b, struct resp_input *in)
{
	const char *wrong = resp_count(b, 1);

	if (*in->at++ != '\n')
		return "a string does not end where it said";
	if (wrong == NULL)
		resp_element_done(b);
	return wrong;
}

static const char *(*const resp_steps[])(
    struct resp_bound *, struct resp_input *) = {
	[RESP_TYPE] = resp_on_type,
	[RESP_LINE] = resp_on_line,
	[RESP_LINE_FEED] = resp_on_line_feed,
	[RESP_BULK] = resp_on_bulk,
	[RESP_BULK_RETURN] = resp_on_bulk_return,
	[RESP_BULK_FEED] = resp_on_bulk_feed,
};

const char *
resp_bound_feed(struct resp_bound *b, const void *bytes, size_t len)
{
	struct resp_input in = { bytes, (const uint8_t *)bytes + len };

	while (in.at < in.end) {
		const char *wrong = resp_steps[b->state](b, &in);

		if (wrong != NULL)
			return wrong;
	}
	return NULL;
}
