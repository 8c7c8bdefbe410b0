/*
 * Test helper: in_profile service|network PROGRAM [ARGUMENT ...] runs a
 * program as the executor would a provider: its filter, 256 MiB of address
 * space, nobody where that is possible.
 */
#include <err.h>
#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config.h"
#include "privsep/sandbox.h"

#define NOBODY 65534

int
main(int argc, char **argv)
{
	const struct rlimit memory = { 256 << 20, 256 << 20 };
	enum sandbox profile = SANDBOX_SERVICE;

	if (argc < 3)
		errx(64, "usage: in_profile service|network PROGRAM");
	if (strcmp(argv[1], "network") == 0)
		profile = SANDBOX_SERVICE_NETWORK;
	/* Sanitizers, which need the sandbox off, need all addresses too. */
	if (!AMIRAL_SANDBOX_OFF && setrlimit(RLIMIT_AS, &memory) == -1)
		err(64, "setrlimit");
	if (geteuid() == 0 && (setgroups(0, NULL) == -1 ||
				  setresgid(NOBODY, NOBODY, NOBODY) == -1 ||
				  setresuid(NOBODY, NOBODY, NOBODY) == -1))
		err(64, "nobody");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    !sandbox_enter(profile))
		err(64, "sandbox");
	execv(argv[2], argv + 2);
	err(64, "%s", argv[2]);
}
