/* Part of amirald. */
#include "privsep/executor/notes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "privsep/messages.h"

/* Who maps it must not be hurt by who had it before. */
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

int
notes_open(void)
{
	int fd = memfd_create("amiral notes", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd == -1 || ftruncate(fd, NOTES_SIZE) == -1 ||
	    fcntl(fd, F_ADD_SEALS, SEALS) == -1)
		fatal_errno("memory for the gate's notes");
	return fd;
}
