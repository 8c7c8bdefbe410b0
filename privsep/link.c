/* The framed socketpair: linked into every process of ours. */
#include "privsep/link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

#define FRAMES_PER_WAKEUP 16 /* so that one busy peer starves no other */
#define PIECES_MAX        16
#define WHY_MAX           160

struct frame {
	struct frame *next;
	int fds[LINK_FDS_MAX];
	unsigned fd_count;
	size_t len;
	uint8_t bytes[]; /* the type, then the body */
};

struct link {
	struct link_setup setup;
	uint32_t state;
	uint8_t *buffer; /* one frame of the largest rule */
	size_t buffer_size;
	size_t largest_out;
	bool takes_fds;
	struct frame *head, **tail;
	unsigned frames;
	size_t bytes;
	bool watched, paused, ended, was_full;
	bool busy;   /* a callback of ours may be running */
	bool closed; /* by such a callback: link_wake() frees */
};

/* What one recvmsg() brought. */
struct received {
	size_t len;
	int flags;
	int fds[LINK_FDS_MAX];
	unsigned fd_count;
};

static void link_wake(int, short, void *);

int
link_pair(int fds[static 2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds);
}

static size_t
largest_body(const struct link_direction *direction)
{
	size_t largest = 0;

	for (unsigned i = 0; i < direction->count; i++)
		if (direction->rules[i].max > largest)
			largest = direction->rules[i].max;
	if (largest > LINK_BODY_MAX)
		fatal("%s: a rule is over LINK_BODY_MAX", direction->name);
	return largest;
}

static bool
carries_fds(const struct link_direction *direction)
{
	for (unsigned i = 0; i < direction->count; i++)
		if (direction->rules[i].fds > 0)
			return true;
	return false;
}

/* A peer that is not read is not watched either: a hang-up would spin. */
static void
watch_wanted(struct link *l)
{
	short events = 0;

	if (!l->paused)
		events |= POLLIN;
	if (l->head != NULL)
		events |= POLLOUT;
	if (l->ended || l->closed)
		events = 0;
	if (events == 0 && l->watched)
		loop_unwatch(l->setup.loop, l->setup.fd);
	else if (events != 0 && l->watched)
		loop_events(l->setup.loop, l->setup.fd, events);
	else if (events != 0)
		loop_watch(l->setup.loop, l->setup.fd, events, link_wake, l);
	l->watched = events != 0;
}

struct link *
link_open(const struct link_setup *setup, uint32_t state)
{
	struct link *l;

	if ((l = calloc(1, sizeof *l)) == NULL)
		fatal_errno("link");
	l->setup = *setup;
	l->state = state;
	l->buffer_size = 1 + largest_body(setup->in);
	/* Untouched pages of it cost nothing. */
	if ((l->buffer = malloc(l->buffer_size)) == NULL)
		fatal_errno("link");
	l->largest_out = largest_body(setup->out);
	l->takes_fds = carries_fds(setup->in);
	l->tail = &l->head;
	watch_wanted(l);
	return l;
}

static void
frame_free(struct frame *f)
{
	for (unsigned i = 0; i < f->fd_count; i++)
		close(f->fds[i]);
	free(f);
}

static void
queue_pop(struct link *l)
{
	struct frame *f = l->head;

	l->head = f->next;
	if (l->head == NULL)
		l->tail = &l->head;
	l->frames--;
	l->bytes -= f->len;
	frame_free(f);
}

static void
queue_discard(struct link *l)
{
	while (l->head != NULL)
		queue_pop(l);
}

static void
link_free(struct link *l)
{
	explicit_bzero(l->buffer, l->buffer_size); /* a password may be in it */
	free(l->buffer);
	free(l);
}

void
link_close(struct link *l)
{
	if (l->closed)
		return;
	queue_discard(l);
	l->closed = true;
	watch_wanted(l);
	close(l->setup.fd);
	if (!l->busy)
		link_free(l);
}

void
link_state(struct link *l, uint32_t state)
{
	l->state = state;
}

void
link_pause(struct link *l, bool paused)
{
	l->paused = paused;
	watch_wanted(l);
}

unsigned
link_queued(const struct link *l)
{
	return l->frames;
}

bool
link_full(const struct link *l)
{
	const struct link_direction *out = l->setup.out;

	return l->frames >= out->queue_frames ||
	       l->bytes + 1 + l->largest_out > out->queue_bytes;
}

bool
link_empty(const struct link *l)
{
	return l->head == NULL;
}

static void
link_end(struct link *l, enum link_end end, const char *why)
{
	if (l->ended || l->closed)
		return;
	l->ended = true;
	queue_discard(l);
	watch_wanted(l);
	l->setup.ended(end, why, l->setup.arg);
}

/* Sending */

enum sent { SENT, SENT_LATER, SENT_NEVER };

static enum sent
send_now(
    int fd, struct iovec *pieces, size_t n, const int *fds, unsigned fd_count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(LINK_FDS_MAX * sizeof(int))];
	} control = { .bytes = { 0 } };
	struct msghdr msg = { .msg_iov = pieces, .msg_iovlen = n };
	struct cmsghdr *header;

	if (fd_count > 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		header = CMSG_FIRSTHDR(&msg);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(header), fds, fd_count * sizeof(int));
	}
	if (sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return SENT;
	switch (errno) {
	case EAGAIN:
	case EINTR:
	case ENOBUFS:
	case ENOMEM:
	case ETOOMANYREFS:
		return SENT_LATER;
	case EPIPE:
	case ECONNRESET:
		return SENT_NEVER; /* reading will tell */
	default:
		fatal_errno("sendmsg on a link");
	}
}

static bool
queue_push(struct link *l, const struct iovec *pieces, size_t n, size_t len,
    const int *fds, unsigned fd_count)
{
	const struct link_direction *out = l->setup.out;
	struct frame *f;
	size_t at = 0;

	if (l->frames >= out->queue_frames || l->bytes + len > out->queue_bytes)
		return false;
	if ((f = calloc(1, sizeof *f + len)) == NULL)
		fatal_errno("%s: queue", out->name);
	for (size_t i = 0; i < n; i++) {
		if (pieces[i].iov_len > 0)
			memcpy(f->bytes + at, pieces[i].iov_base,
			    pieces[i].iov_len);
		at += pieces[i].iov_len;
	}
	f->len = len;
	for (; f->fd_count < fd_count; f->fd_count++) {
		f->fds[f->fd_count] =
		    fcntl(fds[f->fd_count], F_DUPFD_CLOEXEC, 0);
		if (f->fds[f->fd_count] == -1) {
			frame_free(f);
			return false;
		}
	}
	*l->tail = f;
	l->tail = &f->next;
	l->frames++;
	l->bytes += len;
	return true;
}

/* Our own frames obey the rules, or we are broken. */
static const struct link_rule *
rule_for_sending(
    const struct link *l, unsigned type, size_t len, const int *fds)
{
	const struct link_direction *out = l->setup.out;
	const struct link_rule *rule;

	if (type >= out->count)
		fatal("%s: no message %u", out->name, type);
	rule = &out->rules[type];
	if (len < rule->min || len > rule->max)
		fatal("%s: %s with %zu bytes", out->name, rule->name, len);
	if ((rule->fds > 0) != (fds != NULL))
		fatal("%s: %s takes %u descriptors", out->name, rule->name,
		    rule->fds);
	return rule;
}

bool
link_send(struct link *l, unsigned type, const struct iovec *pieces, int n,
    const int *fds)
{
	struct iovec all[1 + PIECES_MAX];
	const struct link_rule *rule;
	uint8_t first = (uint8_t)type;
	size_t len = 0, count = 1 + (size_t)n;
	enum sent sent = SENT_LATER;

	if (n < 0 || n > PIECES_MAX)
		fatal("%s: %d pieces", l->setup.out->name, n);
	all[0] = (struct iovec){ .iov_base = &first, .iov_len = 1 };
	for (int i = 0; i < n; i++) {
		all[1 + i] = pieces[i];
		len += pieces[i].iov_len;
	}
	rule = rule_for_sending(l, type, len, fds);
	if (l->ended || l->closed)
		return true; /* nobody is there any more */
	if (l->head == NULL)
		sent = send_now(l->setup.fd, all, count, fds, rule->fds);
	if (sent != SENT_LATER)
		return true;
	if (!queue_push(l, all, count, 1 + len, fds, rule->fds)) {
		l->was_full = true;
		return false;
	}
	l->was_full = l->was_full || link_full(l);
	watch_wanted(l);
	return true;
}

bool
link_send_bytes(struct link *l, unsigned type, const void *body, size_t len)
{
	/* sendmsg() only reads it; struct iovec cannot say so. */
	struct iovec piece = { .iov_base = (void *)(uintptr_t)body,
		.iov_len = len };

	return link_send(l, type, &piece, len > 0 ? 1 : 0, NULL);
}

static void
queue_flush(struct link *l)
{
	const struct link_direction *out = l->setup.out;
	enum sent sent = SENT;
	struct iovec whole;

	while (l->head != NULL && sent == SENT) {
		whole = (struct iovec){ .iov_base = l->head->bytes,
			.iov_len = l->head->len };
		sent = send_now(
		    l->setup.fd, &whole, 1, l->head->fds, l->head->fd_count);
		if (sent == SENT)
			queue_pop(l);
	}
	if (sent == SENT_NEVER)
		queue_discard(l);
	watch_wanted(l);
	if (l->was_full && l->frames <= out->queue_frames / 2 &&
	    l->bytes <= out->queue_bytes / 2) {
		l->was_full = false;
		if (l->setup.drained != NULL)
			l->setup.drained(l->setup.arg);
	}
}

/* Receiving */

static void
fds_close(const struct received *got)
{
	for (unsigned i = 0; i < got->fd_count; i++)
		close(got->fds[i]);
}

static void
fds_collect(struct msghdr *msg, struct received *got)
{
	struct cmsghdr *header;
	unsigned n;

	for (header = CMSG_FIRSTHDR(msg); header != NULL;
	     header = CMSG_NXTHDR(msg, header)) {
		if (header->cmsg_level != SOL_SOCKET ||
		    header->cmsg_type != SCM_RIGHTS)
			continue;
		n = (unsigned)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		if (n > LINK_FDS_MAX - got->fd_count)
			fatal("more descriptors than there was room for");
		memcpy(got->fds + got->fd_count, CMSG_DATA(header),
		    n * sizeof(int));
		got->fd_count += n;
	}
}

/* 1 for a frame, 0 for none yet, -1 for the end. */
static int
receive(struct link *l, struct received *got)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(LINK_FDS_MAX * sizeof(int))];
	} control;
	struct iovec piece = { .iov_base = l->buffer,
		.iov_len = l->buffer_size };
	struct msghdr msg = { .msg_iov = &piece, .msg_iovlen = 1 };
	ssize_t n;

	/*
	 * Without room for descriptors the kernel drops them and says
	 * MSG_CTRUNC; with it, exactly LINK_FDS_MAX fit, padding or not.
	 */
	if (l->takes_fds) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_LEN(LINK_FDS_MAX * sizeof(int));
	}
	n = recvmsg(l->setup.fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	/* A reset comes once, before the peer's last words: poll(2) returns. */
	if (n == -1 &&
	    (errno == EAGAIN || errno == EINTR || errno == ECONNRESET))
		return 0;
	if (n == -1)
		fatal_errno("recvmsg on a link");
	*got = (struct received){ 0 };
	got->len = (size_t)n;
	got->flags = msg.msg_flags;
	if (l->takes_fds)
		fds_collect(&msg, got);
	if (n > 0)
		return 1;
	fds_close(got);
	return -1;
}

/* The rule that the frame obeys, or NULL and why there is none. */
/*@
  requires \valid_read(l) && \valid_read(l->setup.in) && \valid_read(got);
  requires \valid_read(l->setup.in->rules + (0 .. l->setup.in->count - 1));
  requires \valid_read(l->buffer) && got->len >= 1;
  requires \valid(why + (0 .. WHY_MAX - 1));
  requires \separated(why + (0 .. WHY_MAX - 1), l, l->setup.in, got, l->buffer,
      l->setup.in->rules + (0 .. l->setup.in->count - 1));
  assigns \result \from *l, *got, *l->buffer;
  assigns why[0 .. WHY_MAX - 1];
  ensures \result != \null ==>
      *l->buffer < l->setup.in->count &&
      \result == &l->setup.in->rules[*l->buffer] &&
      (\result->states & l->state) != 0 &&
      \result->min <= got->len - 1 <= \result->max &&
      got->fd_count == \result->fds;
*/
static const struct link_rule *
rule_for_received(
    const struct link *l, const struct received *got, char why[static WHY_MAX])
{
	const struct link_direction *in = l->setup.in;
	unsigned type = l->buffer[0];
	size_t len = got->len - 1;
	const struct link_rule *rule = NULL;

	if (got->flags & MSG_TRUNC)
		snprintf(why, WHY_MAX, "%s: a frame over the largest of all",
		    in->name);
	else if (got->flags & MSG_CTRUNC)
		snprintf(why, WHY_MAX,
		    "%s: descriptors that nobody asked for, or over the limit "
		    "of open files",
		    in->name);
	else if (type >= in->count)
		snprintf(why, WHY_MAX, "%s: no message %u", in->name, type);
	else
		rule = &in->rules[type];
	if (rule == NULL)
		return NULL;
	if ((rule->states & l->state) == 0)
		snprintf(
		    why, WHY_MAX, "%s: %s out of turn", in->name, rule->name);
	else if (len < rule->min || len > rule->max)
		snprintf(why, WHY_MAX, "%s: %s with %zu bytes", in->name,
		    rule->name, len);
	else if (got->fd_count != rule->fds)
		snprintf(why, WHY_MAX, "%s: %s with %u descriptors", in->name,
		    rule->name, got->fd_count);
	else
		return rule;
	return NULL;
}

/* False when there is no more to read for now. */
static bool
read_frame(struct link *l)
{
	struct received got;
	char why[WHY_MAX];
	int r;

	if ((r = receive(l, &got)) == 0)
		return false;
	if (r < 0) {
		snprintf(why, sizeof why, "%s: end of file", l->setup.in->name);
		link_end(l, LINK_EOF, why);
		return false;
	}
	if (rule_for_received(l, &got, why) == NULL) {
		fds_close(&got);
		link_end(l, LINK_VIOLATION, why);
		return false;
	}
	l->setup.handlers[l->buffer[0]](
	    l->buffer + 1, got.len - 1, got.fds, l->setup.arg);
	return true;
}

static void
read_frames(struct link *l)
{
	int left = FRAMES_PER_WAKEUP;

	if (l->setup.reading != NULL)
		l->setup.reading(true, l->setup.arg);
	while (!l->closed && !l->ended && !l->paused && left-- > 0)
		if (!read_frame(l))
			break;
	if (l->setup.reading != NULL)
		l->setup.reading(false, l->setup.arg);
}

static void
link_wake(int fd, short events, void *arg)
{
	struct link *l = arg;

	(void)fd;
	l->busy = true;
	/* A hang-up while there is a queue: sending finds out. */
	if (l->head != NULL && (events & (POLLOUT | POLLHUP | POLLERR)))
		queue_flush(l);
	if (!l->closed && !l->ended && !l->paused)
		read_frames(l);
	l->busy = false;
	if (l->closed)
		link_free(l);
}
