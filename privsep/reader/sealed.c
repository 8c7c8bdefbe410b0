/* Part of amirald-reader. */
#include "privsep/reader/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "privsep/table.h"

static int
write_whole(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

int
sealed_make(const void *text, size_t len)
{
	int fd, saved;

	fd = memfd_create("amiral", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd == -1)
		return -1;
	if (write_whole(fd, text, len) == 0 &&
	    fcntl(fd, F_ADD_SEALS, TABLE_SEALS) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}
