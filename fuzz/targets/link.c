/*
 * Fuzz target: one end of a link against a peer that does what it likes. The
 * first byte: which of the nine directions comes in; then steps. A handler
 * is called for exactly the frames that the rule table allows, in order, and
 * a frame that it does not allow is the last thing ever read. No descriptor
 * is lost.
 */
#include "privsep/link.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "privsep/messages.h"

#define STEPS_MAX 192
#define FDS_SENT  4 /* one more than any frame may carry */

static const struct link_direction *const directions[][2] = {
	{ &executor_to_net, &net_to_executor },
	{ &net_to_executor, &executor_to_net },
	{ &executor_to_gate, &gate_to_executor },
	{ &gate_to_executor, &executor_to_gate },
	{ &gate_to_net, &net_to_gate },
	{ &net_to_gate, &gate_to_net },
	{ &ctl_to_net, &net_to_ctl },
	{ &net_to_ctl, &ctl_to_net },
	{ &reader_to_executor, &executor_to_reader },
};

struct scene {
	const struct link_direction *in, *out;
	struct loop *loop;
	struct link *link;
	int peer, fd; /* fd: what is passed around */
	uint32_t state;
	bool paused;
	uint8_t types[STEPS_MAX];   /* of the frames that must be handled */
	unsigned handled, expected; /* of them */
	bool ended, must_end;
	bool refused; /* a frame of ours, since the queue was drained */
};

static void
on_frame(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct scene *s = arg;
	const struct link_rule *rule;

	MUST(!s->ended && s->handled < s->expected);
	rule = &s->in->rules[s->types[s->handled++]];
	MUST(len >= rule->min && len <= rule->max);
	(void)body;
	for (unsigned i = 0; i < rule->fds; i++)
		MUST(close(fds[i]) == 0);
}

static void
on_ended(enum link_end end, const char *why, void *arg)
{
	struct scene *s = arg;

	MUST(!s->ended && strlen(why) > 0);
	MUST(s->must_end && (end == LINK_EOF || end == LINK_VIOLATION));
	s->ended = true;
}

static void
on_drained(void *arg)
{
	struct scene *s = arg;

	MUST(!link_full(s->link));
	s->refused = false;
}

static void
stop(void *arg)
{
	loop_stop(arg, 0);
}

/* Until nothing is left to read. */
static void
settle(struct scene *s)
{
	struct loop_timer timer = { .fn = stop, .arg = s->loop };

	for (unsigned i = 0; i < STEPS_MAX; i++) {
		loop_timer_set(s->loop, &timer, 0);
		loop_run(s->loop);
		loop_timer_clear(s->loop, &timer);
		if (s->paused || s->ended ||
		    (s->handled == s->expected && !s->must_end))
			break;
	}
	MUST(s->paused || s->handled == s->expected);
	MUST(s->paused || s->ended == s->must_end);
}

static bool
allowed(const struct scene *s, unsigned type, size_t len, unsigned fds)
{
	const struct link_rule *rule = s->in->rules;

	if (type >= s->in->count)
		return false;
	rule += type;
	return (rule->states & s->state) != 0 && len >= rule->min &&
	       len <= rule->max && rule->fds == fds;
}

static bool
send_raw(struct scene *s, const uint8_t *frame, size_t len, unsigned fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(FDS_SENT * sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec piece = { (void *)(uintptr_t)frame, len };
	struct msghdr msg = { .msg_iov = &piece, .msg_iovlen = 1 };

	if (fds > 0) {
		struct cmsghdr *header;

		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(fds * sizeof(int));
		header = CMSG_FIRSTHDR(&msg);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(fds * sizeof(int));
		for (unsigned i = 0; i < fds; i++)
			memcpy(CMSG_DATA(header) + i * sizeof(int), &s->fd,
			    sizeof(int));
	}
	return sendmsg(s->peer, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

/*
 * u8 type, u16 length, u8 descriptors; bit 7 of the latter: a length of
 * three bytes. Type 255 with no body is a frame without even a type.
 */
static void
step_peer_sends(struct scene *s, struct input *in)
{
	static uint8_t frame[1 + LINK_BODY_MAX + 2];
	unsigned type = input_u8(in), fds;
	size_t len = input_u16(in), all;

	fds = input_u8(in);
	if (fds & 128)
		len = len << 8 | (fds & 127);
	if (len > LINK_BODY_MAX + 2)
		len = LINK_BODY_MAX + 2;
	fds %= FDS_SENT + 1;
	all = type == UINT8_MAX && len == 0 ? 0 : 1 + len;
	frame[0] = (uint8_t)type;
	if (s->must_end || !send_raw(s, frame, all, fds))
		return;
	if (allowed(s, type, len, fds))
		s->types[s->expected++] = (uint8_t)type;
	else
		s->must_end = true;
}

/* Judged when it is read: while frames wait, the state stays. */
static void
step_state(struct scene *s, struct input *in)
{
	uint32_t state = input_u8(in) & 3;

	if (s->paused || state == 0)
		return;
	s->state = state;
	link_state(s->link, state);
}

static void
step_pause(struct scene *s, struct input *in)
{
	s->paused = input_u8(in) & 1;
	link_pause(s->link, s->paused);
}

static void
step_peer_leaves(struct scene *s, struct input *in)
{
	(void)in;
	if (s->must_end)
		return;
	MUST(shutdown(s->peer, SHUT_WR) == 0);
	s->must_end = true;
}

/* An allowed frame of ours, and what the peer reads of it. */
static void
step_we_send(struct scene *s, struct input *in)
{
	static uint8_t frame[1 + LINK_BODY_MAX + 1];
	const int fds[LINK_FDS_MAX] = { s->fd, s->fd, s->fd };
	const struct link_rule *rule;
	struct iovec piece = { .iov_base = frame };
	unsigned type;

	if (s->out->count == 0)
		return;
	type = input_u8(in) % s->out->count;
	rule = &s->out->rules[type];
	piece.iov_len = rule->min + input_u16(in);
	if (piece.iov_len > rule->max)
		piece.iov_len = rule->max;
	if (rule->fds > 0
		? link_send(s->link, type, &piece, 1, fds)
		: link_send_bytes(s->link, type, frame, piece.iov_len))
		return;
	MUST(link_full(s->link) && !link_empty(s->link));
	s->refused = true;
}

static void
step_peer_reads(struct scene *s, struct input *in)
{
	static uint8_t frame[1 + LINK_BODY_MAX + 1];
	ssize_t n = recv(s->peer, frame, sizeof(frame), MSG_DONTWAIT);

	(void)in;
	if (n <= 0)
		return;
	MUST(frame[0] < s->out->count);
	MUST((size_t)n - 1 >= s->out->rules[frame[0]].min);
	MUST((size_t)n - 1 <= s->out->rules[frame[0]].max);
}

static void (*const steps[])(struct scene *, struct input *) = {
	step_peer_sends,
	step_state,
	step_pause,
	step_peer_leaves,
	step_we_send,
	step_peer_reads,
};

static int
lowest_free(int fd)
{
	int copy = dup(fd);

	MUST(copy >= 0 && close(copy) == 0);
	return copy;
}

static void
play(struct scene *s, struct input *in)
{
	static link_handler *handlers[UINT8_MAX + 1];
	int fds[2];

	for (unsigned i = 0; i < s->in->count; i++)
		handlers[i] = on_frame;
	MUST(link_pair(fds) == 0);
	s->peer = fds[1];
	s->loop = loop_new(4);
	s->link = link_open(&(struct link_setup){ .loop = s->loop,
				.fd = fds[0],
				.in = s->in,
				.out = s->out,
				.handlers = handlers,
				.ended = on_ended,
				.drained = on_drained,
				.arg = s },
	    s->state);
	for (unsigned i = 0; i < STEPS_MAX && in->left > 0; i++) {
		steps[input_u8(in) % (sizeof(steps) / sizeof(steps[0]))](s, in);
		settle(s);
	}
	/* Who was refused is told once there is room, or nobody is there. */
	MUST(!s->refused || s->ended || !link_empty(s->link));
	link_close(s->link);
	loop_free(s->loop);
	close(s->peer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	unsigned which =
	    input_u8(&in) % (sizeof directions / sizeof directions[0]);
	struct scene scene = { .in = directions[which][0],
		.out = directions[which][1],
		.fd = STDERR_FILENO,
		.state = 1 };
	int before = lowest_free(STDERR_FILENO);

	fuzz_prepare();
	play(&scene, &in);
	MUST(lowest_free(STDERR_FILENO) == before);
	return 0;
}
