/* Part of amiral-net: commands on their way to Redis. */
#include "agent/net/outbuf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

#define OUTBUF_FIRST 4096
#define HEADER_MAX   32 /* type, 20 digits, CR LF twice, the NUL of snprintf */

static void
outbuf_make_room(struct outbuf *out, size_t more)
{
	size_t size = out->size > 0 ? out->size : OUTBUF_FIRST;
	char *grown;

	if (more <= out->size - out->end)
		return;
	if (out->start > 0) {
		memmove(
		    out->bytes, out->bytes + out->start, outbuf_waiting(out));
		out->end -= out->start;
		out->start = 0;
	}
	while (size - out->end < more)
		size *= 2;
	if (size == out->size)
		return;
	grown = realloc(out->bytes, size);
	if (grown == NULL)
		fatal("out of memory for %zu bytes to Redis", size);
	out->bytes = grown;
	out->size = size;
}

static void
outbuf_append(struct outbuf *out, const void *bytes, size_t len)
{
	if (len > 0)
		memcpy(out->bytes + out->end, bytes, len);
	out->end += len;
}

static void
outbuf_append_length(struct outbuf *out, char type, size_t n)
{
	out->end += (size_t)snprintf(
	    out->bytes + out->end, out->size - out->end, "%c%zu\r\n", type, n);
}

void
outbuf_put(struct outbuf *out, const struct conn_arg *args, unsigned n)
{
	size_t size = HEADER_MAX;

	for (unsigned i = 0; i < n; i++)
		size += HEADER_MAX + args[i].len;
	outbuf_make_room(out, size);
	outbuf_append_length(out, '*', n);
	for (unsigned i = 0; i < n; i++) {
		outbuf_append_length(out, '$', args[i].len);
		outbuf_append(out, args[i].bytes, args[i].len);
		outbuf_append(out, "\r\n", 2);
	}
}

size_t
outbuf_waiting(const struct outbuf *out)
{
	return out->end - out->start;
}

static void
outbuf_emptied(struct outbuf *out)
{
	out->start = out->end = 0;
	if (out->size <= OUTBUF_KEEP)
		return;
	free(out->bytes);
	*out = (struct outbuf){ 0 };
}

int
outbuf_write(struct outbuf *out, int fd)
{
	ssize_t n;

	while (out->start < out->end) {
		n = write(fd, out->bytes + out->start, outbuf_waiting(out));
		if (n == -1)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		out->start += (size_t)n;
	}
	outbuf_emptied(out);
	return 0;
}

void
outbuf_wipe(struct outbuf *out)
{
	if (out->bytes != NULL)
		explicit_bzero(out->bytes, out->size);
	free(out->bytes);
	*out = (struct outbuf){ 0 };
}
