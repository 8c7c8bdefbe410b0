/*
 * Part of amiral-net. Commands on their way to Redis, as RESP arrays of
 * strings in one piece of memory. How much may wait is the business of
 * whoever fills it.
 */
#ifndef AMIRAL_AGENT_NET_OUTBUF_H
#define AMIRAL_AGENT_NET_OUTBUF_H

#include <stddef.h>
#include <sys/types.h>

#define OUTBUF_KEEP 65536 /* bytes of memory kept while nothing waits */

struct outbuf {
	char *bytes;
	size_t start, end, size; /* what waits is from start to end */
};

struct conn_arg {
	const void *bytes;
	size_t len;
};
#define CONN_TEXT(s) ((struct conn_arg){ (s), strlen(s) })

/* Fatal when out of memory. */
void outbuf_put(struct outbuf *, const struct conn_arg *args, unsigned n);
size_t outbuf_waiting(const struct outbuf *);
/* Writes until all is out or fd takes no more; -1 with errno otherwise. */
int outbuf_write(struct outbuf *, int fd);
/* What waits is lost, and nothing of it stays in memory. */
void outbuf_wipe(struct outbuf *);

#endif
