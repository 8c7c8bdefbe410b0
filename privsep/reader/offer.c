/* Part of amirald-reader. */
#include "privsep/reader/offer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "privsep/messages.h"
#include "privsep/reader/audit_open.h"
#include "privsep/reader/rights.h"
#include "privsep/reader/state_dir.h"
#include "privsep/reader/table_make.h"

/*
 * The kernel takes no more for now: of its memory, or of descriptors that are
 * on their way in all of root's processes. Nothing tells when it does again;
 * amirald waits for as long as it lets a reader take.
 */
static void
wait_for_room(void)
{
	static const struct timespec a_moment = { .tv_nsec = 10000000 };

	if (errno == ETOOMANYREFS || errno == ENOBUFS || errno == ENOMEM)
		nanosleep(&a_moment, NULL);
	else if (errno != EINTR)
		fatal_errno("amirald does not take the configuration");
}

/* One frame of privsep/link.h; it may wait until amirald has read some. */
static void
send_frame(enum reader_to_executor type, const struct iovec pieces[2],
    const int *fds, unsigned n)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(LINK_FDS_MAX * sizeof(int))];
	} control = { 0 };
	uint8_t first = (uint8_t)type;
	struct iovec all[] = { { &first, 1 }, pieces[0], pieces[1] };
	struct msghdr msg = { .msg_iov = all, .msg_iovlen = 3 };
	struct cmsghdr *header;

	if (n > 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		header = CMSG_FIRSTHDR(&msg);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(header), fds, n * sizeof(int));
	}
	while (sendmsg(LINK_FD_EXECUTOR, &msg, MSG_NOSIGNAL) == -1)
		wait_for_room();
}

static const struct iovec nothing[2];

static void
send_file(const struct file_set_entry *file)
{
	uint8_t kind = (uint8_t)file->kind;
	const struct iovec pieces[2] = { { &kind, 1 },
		{ file->name, strlen(file->name) } };

	send_frame(R2E_FILE, pieces, &file->fd, 1);
}

static void
send_all(const struct reading *s, int table, int state, int empty)
{
	const struct iovec net[2] = { { s->net_config, s->net_config_len } };
	const int fds[] = { table, state, empty };

	for (unsigned i = 0; i < s->files.count; i++)
		send_file(&s->files.entries[i]);
	send_frame(R2E_NET, net, NULL, 0);
	if (s->audit != AUDIT_SYSLOG)
		send_frame(R2E_AUDIT, nothing, &s->audit, 1);
	send_frame(R2E_TABLE, nothing, fds, 3);
}

static bool
rights_suffice(const struct reading *s, uint64_t gone)
{
	uint64_t missing = rights_needed(&s->table) & gone;
	char name[RIGHTS_TEXT_MAX];

	if (missing == 0)
		return true;
	rights_text(missing, name);
	log_error("the new table needs %s, which was given up when no row "
		  "needed it: restart amirald",
	    name);
	return false;
}

static int
offer(const struct reading *s, uint64_t gone, bool root)
{
	int state, empty;

	if (root && !rights_suffice(s, gone))
		return -1;
	if (state_dir_open(s->state_dir, &state, &empty) == -1)
		return -1;
	send_all(s, table_make(s, root), state, empty);
	return 0;
}

int
offer_run(const char *conf, uint64_t gone)
{
	bool root = geteuid() == 0;
	struct reading *s = reading_load(conf, root);
	int result = s != NULL ? offer(s, gone, root) : -1;

	reading_free(s);
	if (result == -1)
		send_frame(R2E_REFUSED, nothing, NULL, 0);
	return result == 0 ? 0 : 1;
}
