#include "ctl/local.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/slurp.h"

char *
local_known_text(const struct settings *settings, size_t *len,
    char error[static CTL_ERROR_MAX])
{
	const char *path = settings->known_hosts;
	char *text;
	int fd = file_open(path, FILE_TRUSTED, FILE_TRUST_MAX, error);

	if (fd == -1)
		return NULL;
	text = slurp(fd, FILE_TRUST_MAX, len);
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
	char *text = local_known_text(settings, &len, error);

	if (text == NULL)
		return NULL;
	known = known_hosts_parse(settings->known_hosts, text, len, error);
	free(text);
	return known;
}
