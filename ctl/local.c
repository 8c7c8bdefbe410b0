#include "ctl/local.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/slurp.h"

struct known_hosts *
local_known_hosts(
    const struct settings *settings, char error[static CTL_ERROR_MAX])
{
	const char *path = settings->known_hosts;
	struct known_hosts *known;
	char *text;
	size_t len;
	int fd = file_open(path, FILE_TRUSTED, FILE_TRUST_MAX, error);

	if (fd == -1)
		return NULL;
	text = slurp(fd, FILE_TRUST_MAX, &len);
	close(fd);
	if (text == NULL) {
		snprintf(error, CTL_ERROR_MAX, "%.300s: cannot be read", path);
		return NULL;
	}
	known = known_hosts_parse(path, text, len, error);
	free(text);
	return known;
}
