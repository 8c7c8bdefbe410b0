/*
 * Part of amiral-net. The keys and channels of protocol section 4, all of
 * which begin with amiral:<fleet>: .
 */
#ifndef AMIRAL_AGENT_NET_NAMES_H
#define AMIRAL_AGENT_NET_NAMES_H

#include <stddef.h>

#include "agent/net/outbuf.h"
#include "base/name.h"

#define NAMES_MAX (32 + FLEET_MAX + HOSTNAME_MAX)

struct name {
	char text[NAMES_MAX];
	size_t len;
};

#define NAMES_REQUESTS "requests"
#define NAMES_CHANNEL  "requests:host:" /* and a host */
#define NAMES_LOG      "log"
#define NAMES_REPLY    "reply:"  /* and a reply_to */
#define NAMES_HELLO    "host:"   /* and a host */
#define NAMES_ENROLL   "enroll:" /* and a fingerprint */
#define NAMES_TRUST    "trust"   /* a key, and a channel */

/* what, then suffix ("" where there is none). */
void name_make(
    struct name *, const char *fleet, const char *what, const char *suffix);
struct conn_arg name_arg(const struct name *);

#endif
