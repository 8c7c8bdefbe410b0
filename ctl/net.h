/*
 * amiral and amiral-keygen: their amiral-net. The child is started before
 * keys are read, so that both happen at once; it lives as long as its
 * connection.
 */
#ifndef AMIRAL_CTL_NET_H
#define AMIRAL_CTL_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/loop.h"
#include "base/name.h"
#include "ctl/settings.h"
#include "privsep/messages.h"

#define NET_POSITION_MAX 63

struct net;

/* Bytes are Redis's word and live as long as the call. */
struct net_events {
	void (*connected)(void *arg);
	/* No connection (any more); net_stop() is due, not from in here. */
	void (*ended)(const char *why, void *arg);
	/* Who never asks leaves these NULL: an answer all the same is fatal. */
	void (*published)(bool taken, const char *why, size_t len, void *arg);
	/* The envelopes are strings in entries. */
	void (*entries)(
	    const char *position, struct cursor *entries, void *arg);
	void (*hellos)(bool last, struct cursor *hellos, void *arg);
	void (*value)(bool there, const uint8_t *value, size_t len, void *arg);
	void (*set)(bool taken, const char *why, size_t len, void *arg);
	/* The values are strings; cut: there were more than the bounds. */
	void (*list)(bool last, bool cut, struct cursor *values, void *arg);
	/* The names are texts. */
	void (*names)(bool last, struct cursor *names, void *arg);
};

struct net_config {
	const char *url, *password, *fleet;
	bool verbose; /* show the child's log lines below warnings too */
};

/* Starts the child and tells it where Redis is. NULL and a message. */
struct net *net_start(struct loop *, const struct net_config *,
    const struct net_events *, void *arg, char error[static CTL_ERROR_MAX]);
/* Closes the link, which ends the child. NULL is nothing. */
void net_stop(struct net *);

struct net_publication {
	int64_t stream_expires, oldest; /* ms since the epoch */
	const char *reply_to;
	const char *const *hosts; /* whose channels; n 0: everyone's */
	size_t n;
	const uint8_t *envelope;
	size_t len;
};
/* False where the queue is full. */
bool net_publish(struct net *, const struct net_publication *);
bool net_read(struct net *, const char *reply_to, const char *position);
/* names of 1 to CTL_HELLOS_MAX hosts. */
bool net_hellos(struct net *, const char *const *names, size_t n);
/* name as enum ctl_key says. */
bool net_get(struct net *, enum ctl_key, const char *name);
/* expiry 0: none; len 0 deletes. */
bool net_set(struct net *, enum ctl_key, const char *name, uint32_t expiry_ms,
    const void *value, size_t len);
bool net_list(struct net *, enum ctl_key);
/* The names of all hosts that have a hello. */
bool net_names(struct net *);

#endif
