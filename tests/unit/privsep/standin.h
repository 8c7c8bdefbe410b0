/* What a stand-in for gate or net tells the test about itself. */
#ifndef AMIRAL_TESTS_STANDIN_H
#define AMIRAL_TESTS_STANDIN_H

#include <stdint.h>
#include <sys/types.h>

struct standin {
	pid_t pid, session;
	uid_t uid;
	gid_t gid;
	int groups, no_new_privs;
	uint64_t ambient, bounding;
};

#endif
