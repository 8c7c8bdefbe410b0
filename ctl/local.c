#include "ctl/local.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/slurp.h"

#define JUDGED_NAME "judged-known-hosts"

void
local_make_directories(const char *path)
{
	char part[4096];

	for (const char *p = path + 1; (p = strchr(p, '/')) != NULL; p++) {
		if ((size_t)(p - path) >= sizeof part)
			return;
		memcpy(part, path, (size_t)(p - path));
		part[p - path] = '\0';
		mkdir(part, 0700);
	}
}

/* The digest of the bytes whose keys were judged last; false: none. */
static bool
judged_read(const char *path, uint8_t digest[static crypto_hash_sha256_BYTES])
{
	char error[FILE_ERROR_MAX];
	uint8_t read[crypto_hash_sha256_BYTES];
	int fd = file_open(path, FILE_SECRET, sizeof read, error);
	long n;

	if (fd == -1)
		return false;
	n = slurp_into(fd, read, sizeof read);
	close(fd);
	if (n != (long)sizeof read)
		return false;
	memcpy(digest, read, sizeof read);
	return true;
}

static struct known_hosts *
parse(const struct settings *settings, const char *judged, const char *text,
    size_t len, char error[static CTL_ERROR_MAX])
{
	uint8_t digest[crypto_hash_sha256_BYTES], last[sizeof digest];
	char unwritten[FILE_ERROR_MAX];
	struct known_hosts *known;

	crypto_hash_sha256(digest, (const uint8_t *)text, len);
	if (judged != NULL && judged_read(judged, last) &&
	    memcmp(digest, last, sizeof digest) == 0)
		return known_hosts_parse_again(
		    settings->known_hosts, text, len, error);
	known = known_hosts_parse(settings->known_hosts, text, len, error);
	if (known != NULL && judged != NULL) {
		local_make_directories(judged);
		/* Not written: judged again next time, nothing else. */
		file_replace(judged, 0600, digest, sizeof digest, unwritten);
	}
	return known;
}

char *
local_known_text(const struct settings *settings, size_t *len,
    char error[static CTL_ERROR_MAX])
{
	const char *path = settings->known_hosts;
	char *text;
	int fd = file_open(path, FILE_TRUSTED, KNOWN_HOSTS_FILE_MAX, error);

	if (fd == -1)
		return NULL;
	text = slurp(fd, KNOWN_HOSTS_FILE_MAX, len);
	close(fd);
	if (text == NULL)
		snprintf(error, CTL_ERROR_MAX, "%.300s: cannot be read", path);
	return text;
}

struct known_hosts *
local_known_hosts(
    const struct settings *settings, char error[static CTL_ERROR_MAX])
{
	struct known_hosts *known;
	size_t len;
	char *text = local_known_text(settings, &len, error), *judged = NULL;

	if (text == NULL)
		return NULL;
	if (settings->cache != NULL &&
	    asprintf(&judged, "%s/%s", settings->cache, JUDGED_NAME) == -1)
		judged = NULL;
	known = parse(settings, judged, text, len, error);
	free(judged);
	free(text);
	return known;
}
