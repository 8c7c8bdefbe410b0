/*
 * Bounded reading and writing of big-endian fields and of RFC 4251 strings
 * (u32 length, then bytes). Errors stick: after the first one every read
 * returns zero or NULL, every write does nothing, and only *_done() need be
 * looked at. Nothing is copied or allocated.
 */
#ifndef AMIRAL_BASE_CURSOR_H
#define AMIRAL_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
	const uint8_t *at;
	size_t left;
	bool bad;
};

void cursor_init(struct cursor *, const void *bytes, size_t len);
uint8_t cursor_u8(struct cursor *);
uint32_t cursor_u32(struct cursor *);
uint64_t cursor_u64(struct cursor *);
/* n bytes inside the input; NULL if fewer are left. */
const uint8_t *cursor_bytes(struct cursor *, size_t n);
/* An RFC 4251 string inside the input; NULL and *len 0 on error. */
const uint8_t *cursor_string(struct cursor *, size_t *len);
/*
 * A string copied to dst with a NUL behind it. A string of size bytes or
 * more, or with a NUL inside, is an error. False on error, dst then "".
 */
bool cursor_text(struct cursor *, char *dst, size_t size);
/* What is left, consumed. */
const uint8_t *cursor_rest(struct cursor *, size_t *len);
/* True if no read failed and nothing is left. */
bool cursor_done(const struct cursor *);

struct writer {
	uint8_t *start;
	size_t used, size;
	bool bad;
};

void writer_init(struct writer *, void *bytes, size_t size);
void writer_u8(struct writer *, uint8_t);
void writer_u32(struct writer *, uint32_t);
void writer_u64(struct writer *, uint64_t);
void writer_bytes(struct writer *, const void *, size_t);
void writer_string(struct writer *, const void *, size_t);
/* A NUL-terminated text as an RFC 4251 string, without its NUL. */
void writer_text(struct writer *, const char *);
/* True if everything fitted; used is then the length. */
bool writer_done(const struct writer *);

#endif
