/* Part of amirald. */
#include "privsep/executor/audit.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"
#include "privsep/messages.h"

void
audit_write(int fd, const uint8_t *line, size_t len)
{
	char text[AUDIT_LINE_MAX + 1];
	ssize_t n;

	for (size_t i = 0; i < len; i++)
		text[i] =
		    (char)(line[i] >= 0x20 && line[i] < 0x7f ? line[i] : '?');
	if (fd == -1) {
		syslog(LOG_AUTHPRIV | LOG_NOTICE, "%.*s", (int)len, text);
		return;
	}
	text[len] = '\n';
	/* One write: lines of a rotated file never mix. */
	n = write(fd, text, len + 1);
	if (n == -1)
		log_error("audit: %s", strerror(errno));
	else if ((size_t)n != len + 1)
		log_error("audit: a line was cut, the disk may be full");
}
