/* A filter that is made already: amirald only, which links no libseccomp. */
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include "config.h"
#include "privsep/sandbox.h"

int
sandbox_apply(const struct sock_fprog *program)
{
	if (AMIRAL_SANDBOX_OFF)
		return 0;
	return prctl(PR_SET_SECCOMP, (unsigned long)SECCOMP_MODE_FILTER,
	    program, 0UL, 0UL);
}
