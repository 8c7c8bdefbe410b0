/* Part of amiral-net: the grammar of Redis addresses. */
#include "agent/net/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URL_FORMS "write redis://[user@]host[:port][/db] or unix:///path"

static bool
url_refuse(char error[static URL_ERROR_MAX], const char *what)
{
	snprintf(error, URL_ERROR_MAX, "Redis url: %s; " URL_FORMS, what);
	return false;
}

/* Copies n bytes as a text; false if they do not fit or are not printable. */
static bool
url_copy(char *dst, size_t size, const char *src, size_t n)
{
	if (n == 0 || n >= size)
		return false;
	for (size_t i = 0; i < n; i++)
		if (src[i] <= ' ' || src[i] > '~')
			return false;
	memcpy(dst, src, n);
	dst[n] = '\0';
	return true;
}

static bool
url_number(const char *text, size_t n, uint32_t max, uint32_t *out)
{
	uint32_t value = 0;

	if (n == 0 || n > 5 || (n > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (uint32_t)(text[i] - '0');
	}
	if (value > max)
		return false;
	*out = value;
	return true;
}

static bool
url_read_user(struct url *url, const char **at, const char *end,
    char error[static URL_ERROR_MAX])
{
	const char *sign = memrchr(*at, '@', (size_t)(end - *at));

	if (sign == NULL)
		return true;
	size_t n = (size_t)(sign - *at);
	if (memchr(*at, ':', n) != NULL)
		return url_refuse(error, "a password has no place in a url, "
					 "put it into the password file");
	if (memchr(*at, '%', n) != NULL || memchr(*at, '@', n) != NULL ||
	    !url_copy(url->user, sizeof url->user, *at, n))
		return url_refuse(error, "not a user name before '@'");
	*at = sign + 1;
	return true;
}

static bool
url_read_port(struct url *url, const char *at, const char *end,
    char error[static URL_ERROR_MAX])
{
	uint32_t port = 6379;

	if (at != end &&
	    (*at != ':' ||
		!url_number(at + 1, (size_t)(end - at - 1), 65535, &port) ||
		port == 0))
		return url_refuse(error, "not a port from 1 to 65535");
	snprintf(url->port, sizeof url->port, "%u", port & 0xffff);
	return true;
}

static bool
url_read_host(struct url *url, const char *at, const char *end,
    char error[static URL_ERROR_MAX])
{
	bool bracket = at < end && *at == '[';
	const char *start = at + (bracket ? 1 : 0);
	const char *stop =
	    memchr(start, bracket ? ']' : ':', (size_t)(end - start));

	if (stop == NULL && bracket)
		return url_refuse(error, "'[' without ']'");
	if (stop == NULL)
		stop = end;
	if (!url_copy(
		url->host, sizeof url->host, start, (size_t)(stop - start)))
		return url_refuse(error, "no host name or address");
	return url_read_port(url, stop + (bracket ? 1 : 0), end, error);
}

static bool
url_read_tcp(struct url *url, const char *at, char error[static URL_ERROR_MAX])
{
	const char *end = strchrnul(at, '/');

	if (*end == '/' && end[1] != '\0' &&
	    !url_number(end + 1, strlen(end + 1), URL_DB_MAX, &url->db))
		return url_refuse(error, "not a database number after '/'");
	return url_read_user(url, &at, end, error) &&
	       url_read_host(url, at, end, error);
}

static bool
url_read_unix(struct url *url, const char *at, char error[static URL_ERROR_MAX])
{
	url->local = true;
	if (*at != '/' || at[1] == '\0' ||
	    !url_copy(url->path, sizeof url->path, at, strlen(at)))
		return url_refuse(error, "not an absolute path of a socket "
					 "(at most 107 bytes, no spaces)");
	return true;
}

static bool
url_read_tls(struct url *url, const char *at, char error[static URL_ERROR_MAX])
{
	(void)url;
	(void)at;
	return url_refuse(error, "this build has no TLS (every message is "
				 "signed; a local tunnel hides the traffic)");
}

static const struct {
	const char *prefix;
	bool (*read)(struct url *, const char *, char[static URL_ERROR_MAX]);
} url_schemes[] = {
	{ "redis://", url_read_tcp },
	{ "unix://", url_read_unix },
	{ "rediss://", url_read_tls },
};

bool
url_parse(struct url *out, const char *text, char error[static URL_ERROR_MAX])
{
	struct url url = { .local = false };

	for (size_t i = 0; i < sizeof url_schemes / sizeof url_schemes[0];
	     i++) {
		size_t n = strlen(url_schemes[i].prefix);

		if (strncmp(text, url_schemes[i].prefix, n) != 0)
			continue;
		if (!url_schemes[i].read(&url, text + n, error))
			return false;
		*out = url;
		return true;
	}
	return url_refuse(error, "unknown kind of address");
}
