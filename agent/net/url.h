/*
 * Part of amiral-net. Where Redis is, read from the one text that the parent
 * passes. Nothing is decoded or guessed: what does not fit the grammar is
 * refused with the remedy. A password never stands in a URL.
 */
#ifndef AMIRAL_AGENT_NET_URL_H
#define AMIRAL_AGENT_NET_URL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/un.h>

#include "base/name.h"

#define URL_ERROR_MAX 512
#define URL_USER_MAX  128
#define URL_DB_MAX    65535

struct url {
	bool local; /* a Unix socket: path; else host and port */
	char path[sizeof((struct sockaddr_un *)0)->sun_path];
	char host[HOSTNAME_MAX + 1]; /* a name or a numeric address */
	char port[6];
	char user[URL_USER_MAX + 1]; /* "" for the default user */
	uint32_t db;
};

/*
 * redis://[user@]host[:port][/db], an IPv6 address in brackets, or
 * unix:///path. False and a message; out is then untouched.
 */
bool url_parse(
    struct url *out, const char *text, char error[static URL_ERROR_MAX]);

#endif
