/*
 * Stands where amirald expects amirald-gate or amiral-net: hands its links to
 * the test (a Unix socket beside the executable, named after it), says who it
 * is, and then does what the test says: one byte, an exit status. End of file
 * is exit status 0.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/privsep/standin.h"

static int
connect_to_test(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	ssize_t len;
	int fd;

	len = readlink(
	    "/proc/self/exe", address.sun_path, sizeof address.sun_path - 6);
	if (len <= 0)
		return -1;
	memcpy(address.sun_path + len, ".sock", 6);
	if ((fd = socket(AF_UNIX, SOCK_SEQPACKET, 0)) == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == -1)
		return -1;
	return fd;
}

static void
look_at_self(struct standin *out)
{
	*out = (struct standin){ .pid = getpid(),
		.uid = getuid(),
		.gid = getgid(),
		.groups = getgroups(0, NULL),
		.session = getsid(0),
		.no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) };
	for (int cap = 0; cap < 64; cap++) {
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) ==
		    1)
			out->ambient |= (uint64_t)1 << cap;
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			out->bounding |= (uint64_t)1 << cap;
	}
}

static int
send_links(int to, const struct standin *self, size_t count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control = { .bytes = { 0 } };
	struct standin copy = *self;
	struct iovec piece = { .iov_base = &copy, .iov_len = sizeof copy };
	struct msghdr msg = { .msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&msg);
	const int links[] = { 3, 4 };

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(header), links, count * sizeof(int));
	return sendmsg(to, &msg, 0) == -1 ? -1 : 0;
}

int
main(int argc, char **argv)
{
	struct standin self;
	unsigned char status = 0;
	/* net has two links, and its role for an argument. */
	size_t links = argc == 2 && strcmp(argv[1], "agent") == 0 ? 2 : 1;
	int to;

	look_at_self(&self);
	/* The test holds the only copies of the links from here on. */
	if ((to = connect_to_test()) == -1 ||
	    send_links(to, &self, links) == -1 || close(3) == -1)
		return 99;
	if (links == 2)
		close(4);
	if (read(to, &status, 1) == -1)
		return 98;
	return status;
}
