/* Runs a program as amirald runs amiral-net: nobody, with SYS_CHROOT alone. */
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "privsep/drop.h"

int
main(int argc, char *argv[])
{
	const struct drop_ids ids = {
		.uid = 65534,
		.gid = 65534,
		.keep = (uint64_t)1 << CAP_SYS_CHROOT,
	};

	if (argc < 2 || drop_to(&ids) == -1) {
		perror("as_amirald");
		return 1;
	}
	execv(argv[1], argv + 1);
	perror(argv[1]);
	return 1;
}
