/* Reading a whole descriptor, by pread(2) from its start: no fstat, no open. */
#ifndef AMIRAL_BASE_SLURP_H
#define AMIRAL_BASE_SLURP_H

#include <stddef.h>

/*
 * The bytes with a NUL behind them, allocated; the caller frees. NULL with
 * errno on a read error, EFBIG for more than max bytes.
 */
char *slurp(int fd, size_t max, size_t *len);
/* Into a buffer of the caller's; the length, or -1 as above. */
long slurp_into(int fd, void *dst, size_t size);

#endif
