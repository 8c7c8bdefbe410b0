/*
 * Part of amiral-net. Resolves Redis's name and makes the two connections,
 * before the process locks itself in: afterwards there is no socket() and no
 * connect(), so a lost connection ends the process.
 */
#ifndef AMIRAL_AGENT_NET_DIAL_H
#define AMIRAL_AGENT_NET_DIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/net/url.h"

#define DIAL_ERROR_MAX 512

/*
 * Two connected, non-blocking descriptors, the second to the address that
 * took the first; by until_ms of the monotonic clock. False and a message
 * naming the address, nothing left open. Looking a name up cannot be
 * bounded from here: the caller has an alarm behind it.
 */
bool dial(const struct url *, int64_t until_ms, int fds[static 2],
    char error[static DIAL_ERROR_MAX]);

#endif
