/* The framed socketpair: one end is a link, the other end is the test. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/loop.h"
#include "privsep/messages.h"

#define TYPES_MAX 12
#define STATES    4 /* bits tried; no table uses more */
#define FDS_TRIED 4

static const struct link_direction *const directions[] = { &executor_to_net,
	&net_to_executor, &executor_to_gate, &gate_to_executor, &gate_to_net,
	&net_to_gate, &ctl_to_net, &net_to_ctl };

#define DIRECTIONS (sizeof directions / sizeof directions[0])

/* What a link has told its owner. */
struct seen {
	struct link *link;
	unsigned frames, type, ends, drains;
	size_t len;
	uint8_t first;
	enum link_end end;
	char why[256];
	bool close_in_handler, close_in_end, close_in_drained;
};

/* A link at one end of a pair; the other end is plain. */
struct end {
	struct loop *loop;
	struct seen seen;
	const struct link_direction *in;
	int peer;
};

static void
record(unsigned type, const uint8_t *body, size_t len, const int *fds,
    struct seen *seen, const struct link_direction *in)
{
	seen->frames++;
	seen->type = type;
	seen->len = len;
	seen->first = len > 0 ? body[0] : 0;
	for (unsigned i = 0; i < in->rules[type].fds; i++)
		assert_int_equal(close(fds[i]), 0);
	if (seen->close_in_handler)
		link_close(seen->link);
}

/* A handler is not told the type: one for each of them. */
#define HANDLER(n)                                                             \
	static void on_##n(                                                    \
	    const uint8_t *body, size_t len, const int *fds, void *arg)        \
	{                                                                      \
		struct end *end = arg;                                         \
                                                                               \
		record(n, body, len, fds, &end->seen, end->in);                \
	}
HANDLER(0)
HANDLER(1)
HANDLER(2)
HANDLER(3)
HANDLER(4)
HANDLER(5)
HANDLER(6)
HANDLER(7)
HANDLER(8)
HANDLER(9)
HANDLER(10)
HANDLER(11)

static link_handler *const handlers[TYPES_MAX] = { on_0, on_1, on_2, on_3, on_4,
	on_5, on_6, on_7, on_8, on_9, on_10, on_11 };

static void
on_end(enum link_end end, const char *why, void *arg)
{
	struct seen *seen = &((struct end *)arg)->seen;

	seen->ends++;
	seen->end = end;
	snprintf(seen->why, sizeof seen->why, "%s", why);
	if (seen->close_in_end)
		link_close(seen->link);
}

static void
on_drained(void *arg)
{
	struct seen *seen = &((struct end *)arg)->seen;

	seen->drains++;
	if (seen->close_in_drained)
		link_close(seen->link);
}

static void
end_open(struct end *end, const struct link_direction *in,
    const struct link_direction *out, uint32_t state)
{
	struct link_setup setup = { .in = in,
		.out = out,
		.handlers = handlers,
		.ended = on_end,
		.drained = on_drained,
		.arg = end };
	int pair[2];

	*end = (struct end){ .in = in };
	assert_true(in->count <= TYPES_MAX);
	assert_int_equal(link_pair(pair), 0);
	end->loop = setup.loop = loop_new(2);
	setup.fd = pair[0];
	end->peer = pair[1];
	end->seen.link = link_open(&setup, state);
}

static void
end_close(struct end *end)
{
	link_close(end->seen.link);
	close(end->peer);
	loop_free(end->loop);
}

static void
stop(void *arg)
{
	loop_stop(arg, 0);
}

/* One turn of the loop: what is there now is dispatched. */
static void
turn(struct loop *loop)
{
	struct loop_timer timer = { .fn = stop, .arg = loop };

	loop_timer_set(loop, &timer, 0);
	loop_run(loop);
}

static int
peer_send(int peer, const void *bytes, size_t len, unsigned fd_count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(FDS_TRIED * sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec piece = { (void *)(uintptr_t)bytes, len };
	struct msghdr msg = { .msg_iov = &piece, .msg_iovlen = 1 };
	const int fds[FDS_TRIED] = { peer, peer, peer, peer };
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
	return (int)sendmsg(peer, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static unsigned
count_fds(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(directory);
	while (readdir(directory) != NULL)
		count++;
	closedir(directory);
	return count;
}

/* Sends one frame to a fresh link; it must be taken, or end the link. */
static void
try_frame(const struct link_direction *in, uint32_t state, const uint8_t *frame,
    size_t len, unsigned fd_count, bool good)
{
	unsigned before = count_fds();
	struct end end;

	end_open(&end, in, &net_to_executor, state);
	assert_int_equal(peer_send(end.peer, frame, len, fd_count), len);
	turn(end.loop);
	if (end.seen.frames != good || end.seen.ends == good)
		fail_msg("%s: type %u, state %u, %zu bytes, %u fds: %s",
		    in->name, frame[0], state, len - 1, fd_count,
		    good ? end.seen.why : "taken");
	if (good) {
		assert_int_equal(end.seen.type, frame[0]);
		assert_int_equal(end.seen.len, len - 1);
	} else {
		assert_int_equal(end.seen.end, LINK_VIOLATION);
		assert_non_null(strstr(end.seen.why, in->name));
	}
	end_close(&end);
	assert_int_equal(count_fds(), before);
}

static bool
may(const struct link_direction *in, unsigned type, uint32_t state, size_t len,
    unsigned fd_count)
{
	const struct link_rule *rule = &in->rules[type];

	return type < in->count && (rule->states & state) != 0 &&
	       len >= rule->min && len <= rule->max && fd_count == rule->fds;
}

static void
try_type(const struct link_direction *in, unsigned type, uint8_t *frame)
{
	const struct link_rule *rule = &in->rules[type];
	const size_t sizes[] = { rule->min - (rule->min > 0), rule->min,
		rule->max, (size_t)rule->max + 1, 0 };

	frame[0] = (uint8_t)type;
	for (unsigned bit = 0; bit < STATES; bit++)
		for (unsigned fds = 0; fds <= FDS_TRIED; fds++)
			for (size_t i = 0; i < 5; i++)
				try_frame(in, 1U << bit, frame, 1 + sizes[i],
				    fds,
				    may(in, type, 1U << bit, sizes[i], fds));
}

static void
every_rule_at_its_bounds(void **state)
{
	uint8_t *frame = calloc(1, LINK_BODY_MAX + 2);

	(void)state;
	assert_non_null(frame);
	for (size_t d = 0; d < DIRECTIONS; d++)
		for (unsigned type = 0; type < directions[d]->count; type++)
			try_type(directions[d], type, frame);
	free(frame);
}

static void
every_type_that_is_none(void **state)
{
	uint8_t frame[64] = { 0 };

	(void)state;
	for (size_t d = 0; d < DIRECTIONS; d++)
		for (unsigned type = directions[d]->count; type < 256; type++) {
			frame[0] = (uint8_t)type;
			try_frame(directions[d], ~0U, frame, 42, 0, false);
		}
}

/* In the first byte a flipped bit is another type, behind it nothing. */
static void
every_bit_of_a_frame(void **state)
{
	uint8_t frame[42] = { E2G_EXITED };
	size_t bits = 8 * sizeof frame;

	(void)state;
	for (size_t bit = 0; bit < bits; bit++) {
		frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
		try_frame(&executor_to_gate, GATE_SERVING, frame, sizeof frame,
		    0, frame[0] == E2G_EXITED);
		frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
}

static void
larger_than_any_is_refused(void **state)
{
	uint8_t *frame = calloc(1, LINK_BODY_MAX + 1000);

	(void)state;
	assert_non_null(frame);
	for (size_t extra = 1; extra < 1000; extra += 499)
		try_frame(&net_to_ctl, ~0U, frame, 1 + LINK_BODY_MAX + extra, 0,
		    false);
	free(frame);
}

static void
state_moves_on(void **state)
{
	const uint8_t ready = G2E_READY;
	struct end end;

	(void)state;
	end_open(&end, &gate_to_executor, &executor_to_gate, EXECUTOR_STARTING);
	peer_send(end.peer, &ready, 1, 0);
	turn(end.loop);
	assert_int_equal(end.seen.frames, 1);
	link_state(end.seen.link, EXECUTOR_SERVING);
	peer_send(end.peer, &ready, 1, 0);
	turn(end.loop);
	assert_int_equal(end.seen.frames, 1);
	assert_int_equal(end.seen.end, LINK_VIOLATION);
	assert_string_equal(
	    end.seen.why, "gate to executor: READY out of turn");
	end_close(&end);
}

static void
end_of_file_comes_last(void **state)
{
	const uint8_t kill_frame[5] = { G2E_KILL };
	struct end end;

	(void)state;
	end_open(&end, &gate_to_executor, &executor_to_gate, 1);
	for (int i = 0; i < 40; i++)
		peer_send(end.peer, kill_frame, 5, 0);
	close(end.peer);
	for (int i = 0; i < 10; i++)
		turn(end.loop);
	assert_int_equal(end.seen.frames, 40);
	assert_int_equal(end.seen.ends, 1);
	assert_int_equal(end.seen.end, LINK_EOF);
	/* Dropped: nobody is there. */
	assert_true(
	    link_send_bytes(end.seen.link, E2G_EXITED, (uint8_t[41]){ 0 }, 41));
	assert_true(link_empty(end.seen.link));
	link_close(end.seen.link);
	loop_free(end.loop);
}

/* The peer ends with frames of ours unread: its own are still delivered. */
static void
last_words_are_heard(void **state)
{
	const uint8_t kill_frame[5] = { G2E_KILL };
	struct end end;

	(void)state;
	end_open(&end, &gate_to_executor, &executor_to_gate, 1);
	assert_true(
	    link_send_bytes(end.seen.link, E2G_EXITED, (uint8_t[41]){ 0 }, 41));
	peer_send(end.peer, kill_frame, 5, 0);
	close(end.peer);
	for (int i = 0; i < 4; i++)
		turn(end.loop);
	assert_int_equal(end.seen.frames, 1);
	assert_int_equal(end.seen.end, LINK_EOF);
	link_close(end.seen.link);
	loop_free(end.loop);
}

static void
empty_message_is_an_end(void **state)
{
	struct end end;

	(void)state;
	end_open(&end, &gate_to_executor, &executor_to_gate, 1);
	peer_send(end.peer, "", 0, 0);
	turn(end.loop);
	assert_int_equal(end.seen.ends, 1);
	end_close(&end);
}

static void
one_wakeup_is_bounded(void **state)
{
	const uint8_t kill_frame[5] = { G2E_KILL };
	struct end end;

	(void)state;
	end_open(&end, &gate_to_executor, &executor_to_gate, 1);
	for (int i = 0; i < 40; i++)
		peer_send(end.peer, kill_frame, 5, 0);
	turn(end.loop);
	assert_in_range(end.seen.frames, 1, 39);
	end_close(&end);
}

static void
callbacks_may_close(void **state)
{
	const uint8_t kill_frame[5] = { G2E_KILL }, bad[1] = { 255 };
	struct end end;

	(void)state;
	for (int way = 0; way < 2; way++) {
		end_open(&end, &gate_to_executor, &executor_to_gate, 1);
		end.seen.close_in_handler = way == 0;
		end.seen.close_in_end = way == 1;
		peer_send(end.peer, kill_frame, 5, 0);
		peer_send(end.peer, way == 0 ? kill_frame : bad, 1, 0);
		turn(end.loop);
		turn(end.loop);
		assert_int_equal(end.seen.frames, 1);
		assert_int_equal(end.seen.ends, way);
		assert_int_equal(recv(end.peer, &(uint8_t){ 0 }, 1, 0) <= 0, 1);
		close(end.peer);
		loop_free(end.loop);
	}
}

/* Sending */

static bool
send_number(struct end *end, uint32_t number, size_t len)
{
	static uint8_t body[70000];

	memcpy(body, &number, sizeof number);
	return link_send_bytes(end->seen.link, G2N_HELLO, body, len);
}

/* Reads what is there; each must have the next number. */
static void
read_numbers(int peer, uint32_t *next)
{
	static uint8_t frame[LINK_BODY_MAX + 1];
	uint32_t number;

	while (recv(peer, frame, sizeof frame, MSG_DONTWAIT) > 0) {
		assert_int_equal(frame[0], G2N_HELLO);
		memcpy(&number, frame + 1, sizeof number);
		assert_int_equal(number, *next);
		++*next;
	}
}

/* Fills the queue with frames of that size, then drains it. */
static void
fill_and_drain(size_t len, unsigned at_least, unsigned at_most)
{
	uint32_t sent = 0, next = 0;
	struct end end;

	end_open(&end, &net_to_gate, &gate_to_net, 1);
	assert_false(link_full(end.seen.link));
	while (send_number(&end, sent, len))
		sent++;
	assert_in_range(sent, at_least, at_most);
	assert_true(link_full(end.seen.link));
	assert_false(send_number(&end, sent, len));
	/* Nobody reads: nothing moves. */
	turn(end.loop);
	assert_int_equal(end.seen.drains, 0);
	while (next < sent) {
		read_numbers(end.peer, &next);
		turn(end.loop);
	}
	assert_int_equal(end.seen.drains, 1);
	assert_true(link_empty(end.seen.link));
	assert_false(link_full(end.seen.link));
	turn(end.loop);
	assert_int_equal(end.seen.drains, 1);
	end_close(&end);
}

static void
queue_is_bounded(void **state)
{
	(void)state;
	/* In frames: the socket takes a few hundred besides. */
	fill_and_drain(5, 1024, 1024 + 1000);
	/* In bytes: 2 MiB, and what the socket takes. */
	fill_and_drain(60000, 2 * 1048576 / 60001, 2 * 1048576 / 60001 + 20);
}

static void
drained_may_close(void **state)
{
	uint32_t sent = 0, next = 0;
	struct end end;

	(void)state;
	end_open(&end, &net_to_gate, &gate_to_net, 1);
	end.seen.close_in_drained = true;
	while (send_number(&end, sent, 5000))
		sent++;
	while (end.seen.drains == 0) {
		read_numbers(end.peer, &next);
		turn(end.loop);
	}
	read_numbers(end.peer, &next);
	assert_true(next < sent);
	close(end.peer);
	loop_free(end.loop);
}

/* A queued frame keeps descriptors of its own. */
static void
queued_descriptors_arrive(void **state)
{
	unsigned before = count_fds(), started = 0;
	uint8_t frame[64];
	struct iovec id = { (uint8_t[4]){ 0 }, 4 };
	int pipes[2], fds[3];
	struct end end;

	(void)state;
	end_open(&end, &gate_to_executor, &executor_to_gate, 1);
	assert_int_equal(pipe(pipes), 0);
	fds[0] = fds[1] = fds[2] = pipes[1];
	while (link_empty(end.seen.link) && started < 2000) {
		assert_true(link_send(end.seen.link, E2G_STARTED, &id, 1, fds));
		started++;
	}
	assert_false(link_empty(end.seen.link));
	close(pipes[1]);
	for (unsigned i = 0; i < started; i++) {
		struct iovec piece = { frame, sizeof frame };
		char control[CMSG_SPACE(3 * sizeof(int))];
		struct msghdr msg = { .msg_iov = &piece,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof control };

		assert_int_equal(recvmsg(end.peer, &msg, MSG_DONTWAIT), 5);
		assert_int_equal(msg.msg_flags & MSG_CTRUNC, 0);
		memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof fds);
		assert_int_equal(write(fds[2], "x", 1), 1);
		for (int k = 0; k < 3; k++)
			close(fds[k]);
		turn(end.loop);
	}
	close(pipes[0]);
	end_close(&end);
	assert_int_equal(count_fds(), before);
}

/* A peer that is gone costs no queue; closing frees what is queued. */
static void
queue_is_dropped(void **state)
{
	uint32_t sent = 0;
	struct end end;

	(void)state;
	end_open(&end, &net_to_gate, &gate_to_net, 1);
	while (send_number(&end, sent, 5000))
		sent++;
	close(end.peer);
	link_pause(end.seen.link, true);
	turn(end.loop);
	assert_true(link_empty(end.seen.link));
	assert_int_equal(end.seen.ends, 0);
	link_pause(end.seen.link, false);
	turn(end.loop);
	turn(end.loop);
	assert_int_equal(end.seen.end, LINK_EOF);
	link_close(end.seen.link);
	loop_free(end.loop);
	end_open(&end, &net_to_gate, &gate_to_net, 1);
	while (send_number(&end, sent, 5000))
		sent++;
	end_close(&end);
}

static void
paused_link_waits(void **state)
{
	const uint8_t stored[10] = { N2G_STORED };
	struct end end;

	(void)state;
	end_open(&end, &net_to_gate, &gate_to_net, 1);
	link_pause(end.seen.link, true);
	peer_send(end.peer, stored, sizeof stored, 0);
	turn(end.loop);
	assert_int_equal(end.seen.frames, 0);
	link_pause(end.seen.link, false);
	turn(end.loop);
	assert_int_equal(end.seen.frames, 1);
	end_close(&end);
}

static void
send_badly(struct end *end, int way)
{
	static const struct {
		unsigned type;
		size_t len;
		bool fds;
	} ways[] = {
		{ E2G_COUNT, 1, false },   /* no such message */
		{ E2G_EXITED, 40, false }, /* short */
		{ E2G_EXITED, 42, false }, /* long */
		{ E2G_STARTED, 4, false }, /* without descriptors */
		{ E2G_EXITED, 41, true },  /* with */
	};
	const struct iovec piece = { (uint8_t[64]){ 0 }, ways[way].len };
	const int fds[3] = { 0, 0, 0 };

	link_send(end->seen.link, ways[way].type, &piece, 1,
	    ways[way].fds ? fds : NULL);
	_exit(0);
}

static void
own_mistakes_are_fatal(void **state)
{
	int status;
	struct end end;
	pid_t pid;

	(void)state;
	end_open(&end, &gate_to_executor, &executor_to_gate, 1);
	for (int way = 0; way < 5; way++) {
		assert_int_not_equal(pid = fork(), -1);
		if (pid == 0) {
			dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
			send_badly(&end, way);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 255);
	}
	end_close(&end);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_at_its_bounds),
		cmocka_unit_test(every_type_that_is_none),
		cmocka_unit_test(every_bit_of_a_frame),
		cmocka_unit_test(larger_than_any_is_refused),
		cmocka_unit_test(state_moves_on),
		cmocka_unit_test(end_of_file_comes_last),
		cmocka_unit_test(last_words_are_heard),
		cmocka_unit_test(empty_message_is_an_end),
		cmocka_unit_test(one_wakeup_is_bounded),
		cmocka_unit_test(callbacks_may_close),
		cmocka_unit_test(queue_is_bounded),
		cmocka_unit_test(drained_may_close),
		cmocka_unit_test(queued_descriptors_arrive),
		cmocka_unit_test(queue_is_dropped),
		cmocka_unit_test(paused_link_waits),
		cmocka_unit_test(own_mistakes_are_fatal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
