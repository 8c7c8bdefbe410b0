/* See standin.h. */
#include "tests/attack/standin.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "privsep/messages.h"

#define OUT_SIZE 65536

static struct {
	char order[65536 * 3];
	char *words[STANDIN_WORDS + 1];
	const uint8_t *payload;
	size_t payload_len;
	char *out;
	size_t said;
} state;

static void
file_of(const char *suffix, char path[static 512])
{
	ssize_t len = readlink("/proc/self/exe", path, 500);

	if (len <= 0)
		fatal_errno("/proc/self/exe");
	snprintf(path + len, 12, "%s", suffix);
}

static size_t
read_order(void)
{
	char path[512];
	size_t len = 0;
	ssize_t n;
	int fd;

	file_of(".do", path);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		fatal_errno("%s", path);
	while (
	    (n = read(fd, state.order + len, sizeof state.order - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	return len;
}

static void
map_out(void)
{
	char path[512];
	int fd;

	file_of(".out", path);
	if ((fd = open(path, O_RDWR | O_CLOEXEC)) == -1)
		fatal_errno("%s", path);
	state.out =
	    mmap(NULL, OUT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (state.out == MAP_FAILED)
		fatal_errno("mmap");
	close(fd);
}

void
standin_begin(char **argv)
{
	size_t len = read_order(), count = 0;
	char *words = strchr(state.order, '\n'), *rest;
	char *none[] = { NULL };

	if (words == NULL || (rest = strchr(words + 1, '\n')) == NULL)
		fatal("an order without two lines");
	*words++ = '\0';
	*rest++ = '\0';
	if (*words == '\0') {
		execve(state.order, argv, none);
		fatal_errno("%s", state.order);
	}
	state.payload = (const uint8_t *)rest;
	state.payload_len = len - (size_t)(rest - state.order);
	for (char *at = strtok(words, " "); at != NULL && count < STANDIN_WORDS;
	     at = strtok(NULL, " "))
		state.words[count++] = at;
	map_out();
}

char **
standin_words(void)
{
	return state.words;
}

void
standin_say(const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(
	    state.out + state.said, OUT_SIZE - 1 - state.said, fmt, args);
	va_end(args);
	if (n < 0 || state.said + (size_t)n + 2 >= OUT_SIZE)
		return;
	state.said += (size_t)n;
	state.out[state.said++] = '\n';
}

void
standin_attack(const struct standin_attack *attacks, char **words)
{
	for (; attacks->name != NULL; attacks++)
		if (strcmp(attacks->name, words[0]) == 0) {
			attacks->run(words + 1);
			return;
		}
	fatal("no attack %s", words[0]);
}

int64_t
standin_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool
standin_receive(int link, struct standin_frame *out)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof out->fds)];
	} control;
	struct iovec piece = { out->bytes, sizeof out->bytes };
	struct msghdr msg = { .msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes };
	struct cmsghdr *header;
	ssize_t n = recvmsg(link, &msg, 0);

	out->fd_count = 0;
	if (n <= 0)
		return false;
	out->len = (size_t)n;
	if ((header = CMSG_FIRSTHDR(&msg)) != NULL) {
		out->fd_count =
		    (unsigned)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(
		    out->fds, CMSG_DATA(header), out->fd_count * sizeof(int));
	}
	return true;
}

bool
standin_send(int link, unsigned type, const void *body, size_t len,
    const int *fds, unsigned fd_count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(16 * sizeof(int))];
	} control = { .bytes = { 0 } };
	uint8_t first = (uint8_t)type;
	struct iovec pieces[] = { { &first, 1 },
		{ (void *)(uintptr_t)body, len } };
	struct msghdr msg = { .msg_iov = pieces, .msg_iovlen = 2 };
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
	return sendmsg(link, &msg, MSG_NOSIGNAL) >= 0;
}

/* No frame is read by halves, and nothing is kept. */
void
standin_wait_for_end(int link)
{
	static struct standin_frame frame;

	while (standin_receive(link, &frame))
		for (unsigned i = 0; i < frame.fd_count; i++)
			close(frame.fds[i]);
	standin_say("end");
}

/* TYPE or TYPE's body: what the order brought, or as many zeros. */
static const void *
body_of(size_t *len)
{
	static const uint8_t zeros[200000];

	if (state.payload_len == 0)
		return zeros;
	*len = state.payload_len;
	return state.payload;
}

void
attack_frame(char **words)
{
	int link = atoi(words[0]), fds[16] = { 0 };
	size_t len = (size_t)atol(words[2]);
	const void *body = body_of(&len);
	bool sent = true;

	for (int i = 0; sent && i < atoi(words[4]); i++)
		sent = standin_send(link, (unsigned)atoi(words[1]), body, len,
		    fds, (unsigned)atoi(words[3]));
	standin_say("sent %d", sent);
	standin_wait_for_end(link);
}

void
attack_flood(char **words)
{
	int link = atoi(words[0]);
	size_t len = (size_t)atol(words[2]);
	const void *body = body_of(&len);
	int64_t end = standin_now_ms() + 1000 * atol(words[3]);
	unsigned long sent = 0;

	standin_say("flooding");
	while (standin_now_ms() < end &&
	       standin_send(link, (unsigned)atoi(words[1]), body, len, NULL, 0))
		sent++;
	standin_say("sent %lu", sent);
	standin_wait_for_end(LINK_FD_EXECUTOR);
}

/* Reads nothing, says nothing. */
void
attack_silence(char **words)
{
	(void)words;
	standin_say("silent");
	for (;;)
		poll(NULL, 0, 1000);
}

/* Computes; reads nothing, says nothing. */
void
attack_spin(char **words)
{
	int64_t end = standin_now_ms() + 1000 * atol(words[0]);

	standin_say("spinning");
	while (standin_now_ms() < end)
		;
	standin_say("spun");
	standin_wait_for_end(LINK_FD_EXECUTOR);
}

static bool
is_called(const char *pid, const char *name, pid_t parent)
{
	char path[300], line[256] = "", comm[64] = "";
	int ppid = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
	if ((file = fopen(path, "re")) == NULL)
		return false;
	if (fgets(line, sizeof line, file) == NULL ||
	    sscanf(line, "%*d (%63[^)]) %*c %d", comm, &ppid) != 2)
		ppid = 0;
	fclose(file);
	return ppid == parent && strcmp(comm, name) == 0;
}

pid_t
standin_find(const char *name, pid_t parent)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	pid_t found = 0;

	while (proc != NULL && (entry = readdir(proc)) != NULL)
		if (atoi(entry->d_name) > 0 &&
		    is_called(entry->d_name, name, parent))
			found = atoi(entry->d_name);
	if (proc != NULL)
		closedir(proc);
	return found;
}
