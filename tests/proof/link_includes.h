/* What privsep/link.c needs and Frama-C's C library does not have. */
#ifndef AMIRAL_TESTS_PROOF_LINK_INCLUDES_H
#define AMIRAL_TESTS_PROOF_LINK_INCLUDES_H

#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>

#undef CMSG_SPACE
#undef CMSG_LEN
#define CMSG_SPACE(n)    (16 + ((n) + 7) / 8 * 8)
#define CMSG_LEN(n)      (16 + (n))
#define SOCK_CLOEXEC     02000000
#define MSG_CMSG_CLOEXEC 0x40000000
#define ETOOMANYREFS     109

#endif
