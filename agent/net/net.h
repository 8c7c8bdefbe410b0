/*
 * Part of amiral-net. What both roles do before they read a byte of Redis,
 * in this order: net_begin(), net_await_config(), net_dial(), net_lock_in().
 */
#ifndef AMIRAL_AGENT_NET_NET_H
#define AMIRAL_AGENT_NET_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/net/dial.h"
#include "agent/net/report.h"
#include "agent/net/url.h"
#include "base/cursor.h"
#include "base/loop.h"
#include "base/name.h"
#include "privsep/link.h"

#define NET_URL_MAX      1024
#define NET_PASSWORD_MAX 1024
#define NET_DIAL_MS      5000 /* from the name to two connections */
#define NET_ERROR_MAX    512  /* both kinds of message that follow */

struct net_config {
	char url_text[NET_URL_MAX];
	char password[NET_PASSWORD_MAX];
	char fleet[FLEET_MAX + 1];
	struct url url;
};

struct net {
	struct loop *loop;
	struct link *parent; /* amirald or amiral */
	bool orphaned;       /* its end of that link is closed */
	struct report report;
	struct net_config config;
};

/* Limits, no dump, no new privileges, libsodium, the loop. */
void net_begin(struct net *);
/* url, password, fleet: the texts that both CONFIG frames have. Fatal. */
void net_read_config(struct net_config *, struct cursor *);
/*
 * Runs the loop until CONFIG has come and its handler stops it. Ends the
 * process where the parent has gone, even right behind its CONFIG.
 */
void net_await_config(struct net *);
/*
 * The url parsed, two connections; or false and a message. late is the handler
 * of the alarm that ends the process when the resolver does not.
 */
bool net_dial(struct net_config *, void (*late)(int), int fds[static 2],
    char error[static NET_ERROR_MAX]);
/* For that handler: one finished frame to the parent, and out. */
_Noreturn void net_last_words(const void *frame, size_t len);
#define NET_LATE                                                               \
	"looking up the name of Redis took too long; check this machine's "    \
	"resolver or configure an address"
/* No capability left, filter loaded: only now may bytes of Redis be read. */
void net_lock_in(void);

/* The roles; the process's exit status. */
int agent_run(void);
int controller_run(void);

#endif
