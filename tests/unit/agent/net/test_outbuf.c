/* agent/net/outbuf: the bytes of commands, through a pipe that is full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/net/outbuf.h"

static void
test_bytes(void **state)
{
	const struct conn_arg args[] = {
		CONN_TEXT("SET"),
		{ "a\0\r\n", 4 },
		{ NULL, 0 },
	};
	static const char want[] =
	    "*3\r\n$3\r\nSET\r\n$4\r\na\0\r\n\r\n$0\r\n\r\n";
	struct outbuf out = { 0 };

	(void)state;
	outbuf_put(&out, args, 3);
	assert_int_equal(outbuf_waiting(&out), sizeof want - 1);
	assert_memory_equal(out.bytes, want, sizeof want - 1);
	outbuf_wipe(&out);
	assert_int_equal(outbuf_waiting(&out), 0);
	assert_null(out.bytes);
}

static void
make_pipe(int fds[2])
{
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
}

/* Reads all that is there and compares it with the pattern from *at on. */
static void
drain(int fd, size_t *at)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof bytes)) > 0)
		for (ssize_t i = 0; i < n; i++, (*at)++)
			assert_int_equal((uint8_t)bytes[i], *at % 10007 % 251);
}

/* The argument of a command whose every byte, header included, is known. */
static size_t
put_pattern(struct outbuf *out, size_t at, size_t len)
{
	struct conn_arg arg = { NULL, len };
	size_t before = out->end - out->start;

	arg.bytes = calloc(1, len);
	assert_non_null(arg.bytes);
	outbuf_put(out, &arg, 1);
	size_t total = out->end - out->start - before;
	for (size_t i = 0; i < total; i++)
		out->bytes[out->start + before + i] =
		    (char)((at + i) % 10007 % 251);
	free((void *)(uintptr_t)arg.bytes);
	return at + total;
}

static void
test_through_a_full_pipe(void **state)
{
	struct outbuf out = { 0 };
	size_t put = 0, got = 0;
	int fds[2];

	(void)state;
	make_pipe(fds);
	for (size_t len = 0; len < 200000; len += 7919) {
		put = put_pattern(&out, put, len);
		assert_int_equal(outbuf_write(&out, fds[1]), 0);
		if (len % 3 == 0)
			drain(fds[0], &got);
	}
	assert_true(outbuf_waiting(&out) > 0);
	while (outbuf_waiting(&out) > 0) {
		drain(fds[0], &got);
		assert_int_equal(outbuf_write(&out, fds[1]), 0);
	}
	drain(fds[0], &got);
	assert_int_equal(got, put);
	assert_true(out.size <= OUTBUF_KEEP);
	outbuf_wipe(&out);
	close(fds[0]);
	close(fds[1]);
}

static void
test_broken_pipe(void **state)
{
	struct outbuf out = { 0 };
	int fds[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	make_pipe(fds);
	close(fds[0]);
	outbuf_put(&out, &CONN_TEXT("PING"), 1);
	assert_int_equal(outbuf_write(&out, fds[1]), -1);
	assert_int_equal(errno, EPIPE);
	outbuf_wipe(&out);
	close(fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_through_a_full_pipe),
		cmocka_unit_test(test_broken_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
