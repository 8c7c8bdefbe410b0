/* Directories, processes and frames of a scene; part of test_executor. */
#include "tests/unit/privsep/scene.h"
#include "tests/lib/place.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LOG_MAX (1024 * 1024)

/* What should come comes in a fraction of it. */
static int
patience_ms(void)
{
	const char *seconds = getenv("AMIRAL_TEST_PATIENCE");

	return (seconds != NULL ? atoi(seconds) : 20) * 1000;
}

static void
wait_readable(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	if (poll(&poll_fd, 1, patience_ms()) != 1)
		fail_msg("nothing came for %d ms", patience_ms());
}

static void
path_of(const struct scene *s, const char *name, char path[static 256])
{
	assert_true(snprintf(path, 256, "%s/%s", s->dir, name) < 256);
}

void
scene_write(
    const struct scene *s, const char *name, mode_t mode, const char *text)
{
	char path[256];
	FILE *file;

	path_of(s, name, path);
	assert_non_null(file = fopen(path, "we"));
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void
copy_program(const struct scene *s, const char *from, const char *name)
{
	char path[256], bytes[65536];
	size_t n;
	FILE *in, *out;

	path_of(s, name, path);
	assert_non_null(in = fopen(from, "re"));
	assert_non_null(out = fopen(path, "we"));
	while ((n = fread(bytes, 1, sizeof bytes, in)) > 0)
		assert_int_equal(fwrite(bytes, 1, n, out), n);
	assert_int_equal(fclose(in), 0);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(path, 0755), 0);
}

static int
open_door(const struct scene *s, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	snprintf(address.sun_path, sizeof address.sun_path, "%s/%s.sock",
	    s->dir, name);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_not_equal(fd, -1);
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(chmod(address.sun_path, 0777), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

void
scene_configure(const struct scene *s, const char *more)
{
	char text[4096];

	assert_true(
	    snprintf(text, sizeof text,
		"[agent]\n"
		"fleet = test-00000000\n"
		"hostname = host.example\n"
		"host_key = %s/host_key\n"
		"operators = %s/operators\n"
		"facts_dir = %s/facts.d\n"
		"providers = %s/absent, %s/providers\n"
		"state_dir = %s/state\n"
		"users = %d, %d\n"
		"audit = %s/audit\n"
		"[redis]\n"
		"url = unix://%s/redis.sock\n"
		"[policy all]\n"
		"operators = *\n"
		"providers = *\n"
		"%s",
		s->dir, s->dir, s->dir, s->dir, s->dir, s->dir, SCENE_NET_UID,
		SCENE_GATE_UID, s->dir, s->dir, more) < (int)sizeof text);
	scene_write(s, "amirald.conf", 0600, text);
}

struct scene *
scene_make(const struct scene_programs *programs)
{
	struct scene *s = calloc(1, sizeof *s);
	char path[256];

	assert_non_null(s);
	place_name(s->dir, "amirald-test");
	assert_non_null(mkdtemp(s->dir));
	assert_int_equal(chmod(s->dir, 0755), 0);
	path_of(s, "providers", path);
	assert_int_equal(mkdir(path, 0755), 0);
	copy_program(s, programs->amirald, "amirald");
	copy_program(s, programs->reader, "reader");
	copy_program(s, programs->standin, "gate");
	copy_program(s, programs->standin, "net");
	copy_program(s, programs->probe, "providers/facts");
	scene_write(s, "providers/facts.json", 0644, "facts");
	scene_write(s, "host_key", 0600, "host key");
	scene_write(s, "operators", 0644, "operators");
	s->gate_door = open_door(s, "gate");
	s->net_door = open_door(s, "net");
	s->logged = calloc(1, LOG_MAX);
	assert_non_null(s->logged);
	return s;
}

/* In the child; what it inherits is what amirald must get rid of. */
static _Noreturn void
become_amirald(const struct scene *s, int log)
{
	char amirald[256], gate[256], net[256], reader[256], conf[256];

	path_of(s, "amirald", amirald);
	path_of(s, "gate", gate);
	path_of(s, "net", net);
	path_of(s, "reader", reader);
	path_of(s, "amirald.conf", conf);
	if (dup2(log, STDERR_FILENO) == -1 || dup2(log, 77) == -1)
		_exit(90);
	/* A test that fails leaves nothing behind. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGUSR1, SIG_IGN);
	setenv("LD_POISON", "1", 1);
	if (s->environment[0] != NULL)
		setenv(s->environment[0], s->environment[1], 1);
	execl(amirald, amirald, gate, net, reader, "-f", conf, (char *)NULL);
	_exit(91);
}

void
scene_start(struct scene *s)
{
	int pipe_fds[2];

	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	s->amirald = fork();
	assert_int_not_equal(s->amirald, -1);
	if (s->amirald == 0)
		become_amirald(s, pipe_fds[1]);
	close(pipe_fds[1]);
	s->log = pipe_fds[0];
	assert_int_equal(fcntl(s->log, F_SETFL, O_NONBLOCK), 0);
}

static int
remove_entry(
    const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st, (void)kind, (void)walk;
	return remove(path);
}

void
scene_remove(struct scene *s)
{
	if (s->amirald > 0) {
		kill(s->amirald, SIGKILL);
		waitpid(s->amirald, NULL, 0);
	}
	nftw(s->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	close(s->gate_door);
	close(s->net_door);
	close(s->log);
	free(s->logged);
	free(s);
}

int
scene_wait(struct scene *s)
{
	int fd = (int)syscall(SYS_pidfd_open, s->amirald, 0);
	int status;

	assert_int_not_equal(fd, -1);
	wait_readable(fd);
	close(fd);
	assert_int_equal(waitpid(s->amirald, &status, 0), s->amirald);
	s->amirald = 0;
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
read_log(struct scene *s)
{
	ssize_t n;

	while ((n = read(s->log, s->logged + s->logged_len,
		    LOG_MAX - 1 - s->logged_len)) > 0)
		s->logged_len += (size_t)n;
}

void
scene_expect_log(struct scene *s, const char *text)
{
	struct pollfd poll_fd = { .fd = s->log, .events = POLLIN };

	for (read_log(s); strstr(s->logged, text) == NULL; read_log(s))
		if (poll(&poll_fd, 1, patience_ms()) != 1 ||
		    (poll_fd.revents & POLLIN) == 0)
			fail_msg(
			    "'%s' is not in the log:\n%s", text, s->logged);
}

void
scene_forget_log(struct scene *s)
{
	read_log(s);
	s->logged_len = 0;
	memset(s->logged, 0, LOG_MAX);
}

unsigned
scene_count_log(struct scene *s, const char *text)
{
	unsigned count = 0;

	read_log(s);
	for (const char *at = s->logged; (at = strstr(at, text)) != NULL; at++)
		count++;
	return count;
}

/* A message with whatever descriptors come with it; its length. */
static size_t
receive(int fd, void *bytes, size_t size, int *fds, unsigned *fd_count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(LINK_FDS_MAX * sizeof(int))];
	} control;
	struct iovec piece = { .iov_base = bytes, .iov_len = size };
	struct msghdr msg = { .msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control };
	struct cmsghdr *header;
	ssize_t n;

	wait_readable(fd);
	n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	if (n == -1 && errno == ECONNRESET)
		n = 0;
	assert_int_not_equal(n, -1);
	*fd_count = 0;
	if ((header = CMSG_FIRSTHDR(&msg)) != NULL) {
		*fd_count =
		    (unsigned)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds, CMSG_DATA(header), *fd_count * sizeof(int));
	}
	return (size_t)n;
}

void
scene_meet(int door, struct visitor *out)
{
	int fds[LINK_FDS_MAX];
	unsigned count;

	wait_readable(door);
	out->control = accept4(door, NULL, NULL, SOCK_CLOEXEC);
	assert_int_not_equal(out->control, -1);
	assert_int_equal(
	    receive(out->control, &out->self, sizeof out->self, fds, &count),
	    sizeof out->self);
	assert_in_range(count, 1, 2);
	out->links[0] = fds[0];
	out->links[1] = count == 2 ? fds[1] : -1;
}

void
visitor_leave(struct visitor *v)
{
	close(v->links[0]);
	if (v->links[1] != -1)
		close(v->links[1]);
	close(v->control);
}

struct frame *
frame_expect(int link, unsigned type)
{
	struct frame *frame = malloc(sizeof *frame);
	uint8_t *bytes = malloc(1 + LINK_BODY_MAX);
	size_t len;

	assert_non_null(frame);
	assert_non_null(bytes);
	len = receive(
	    link, bytes, 1 + LINK_BODY_MAX, frame->fds, &frame->fd_count);
	assert_int_not_equal(len, 0);
	assert_int_equal(bytes[0], type);
	frame->type = type;
	frame->len = len - 1;
	memcpy(frame->body, bytes + 1, frame->len);
	free(bytes);
	return frame;
}

void
frame_free(struct frame *frame)
{
	for (unsigned i = 0; i < frame->fd_count; i++)
		close(frame->fds[i]);
	free(frame);
}

void
frame_expect_end(int link)
{
	uint8_t bytes[1024];
	int fds[LINK_FDS_MAX];
	unsigned count;

	/* What was under way, then the end. */
	while (receive(link, bytes, sizeof bytes, fds, &count) > 0)
		while (count > 0)
			close(fds[--count]);
}

void
frame_send(int link, unsigned type, const void *body, size_t len)
{
	uint8_t first = (uint8_t)type;
	struct iovec pieces[2] = { { .iov_base = &first, .iov_len = 1 },
		{ .iov_base = (void *)(uintptr_t)body, .iov_len = len } };
	struct msghdr msg = { .msg_iov = pieces, .msg_iovlen = 2 };

	assert_int_equal(sendmsg(link, &msg, MSG_NOSIGNAL), len + 1);
}
