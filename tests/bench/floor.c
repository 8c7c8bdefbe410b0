/*
 * The floors that tests/bench/fleet compares with, each measured alone:
 * what Redis needs to carry the same bytes, what the cryptography costs,
 * what starting an empty program costs. One number a line, microseconds.
 */
#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS    200
#define ECHOES    15
#define HOSTS_MAX 1000
#define TEXT_MAX  140000

__attribute__((format(printf, 1, 2))) static _Noreturn void
die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, ": %s\n", strerror(errno));
	exit(1);
}

static double
now_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static int
compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n / 2];
}

static int
dial(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd == -1 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) == -1)
		die("%s", path);
	return fd;
}

static void
say(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n <= 0)
			die("write");
		text += n;
		len -= (size_t)n;
	}
}

/* Reads that many lines: every answer here has a known number of them. */
static void
hear(int fd, size_t lines)
{
	char buffer[65536];

	while (lines > 0) {
		ssize_t n = read(fd, buffer, sizeof(buffer));

		if (n <= 0)
			die("read");
		for (ssize_t i = 0; i < n; i++)
			if (buffer[i] == '\n' && lines-- == 0)
				die("more than was asked for");
	}
}

#define WORDS_SUBSCRIBE "*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\nc\r\n"
#define WORDS_PUBLISH   "*3\r\n$7\r\nPUBLISH\r\n$1\r\nc\r\n"
#define WORDS_XADD      "*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$1\r\n*\r\n$1\r\nm\r\n"
#define WORDS_XREAD                                                            \
	"*4\r\n$5\r\nXREAD\r\n$7\r\nSTREAMS\r\n$1\r\ns\r\n$1\r\n0\r\n"
#define WORDS_DEL       "*2\r\n$3\r\nDEL\r\n$1\r\ns\r\n"
#define LINES_SUBSCRIBE 6
#define LINES_PUSH      7
#define LINES_ID        2
#define LINES_XREAD(n)  (5 + 8 * (n))

struct echo {
	int hosts[HOSTS_MAX], commands[HOSTS_MAX];
	int publisher;
	size_t n, request, reply;
	char text[TEXT_MAX];
};

static void
subscribe(struct echo *echo, const char *path)
{
	echo->publisher = dial(path);
	for (size_t i = 0; i < echo->n; i++) {
		echo->hosts[i] = dial(path);
		echo->commands[i] = dial(path);
		say(echo->hosts[i], WORDS_SUBSCRIBE, strlen(WORDS_SUBSCRIBE));
		hear(echo->hosts[i], LINES_SUBSCRIBE);
	}
}

static size_t
command_text(char *out, const char *head, size_t body)
{
	int n = snprintf(out, TEXT_MAX, "%s$%zu\r\n", head, body);

	memset(out + n, 'x', body);
	memcpy(out + (size_t)n + body, "\r\n", 2);
	return (size_t)n + body + 2;
}

/* Each host answers as soon as it has the question. */
static void
answer_all(struct echo *echo)
{
	size_t len = command_text(echo->text, WORDS_XADD, echo->reply);
	struct pollfd polls[HOSTS_MAX];
	size_t left = echo->n;

	for (size_t i = 0; i < echo->n; i++)
		polls[i] = (struct pollfd){ echo->hosts[i], POLLIN, 0 };
	while (left > 0) {
		if (poll(polls, (nfds_t)echo->n, 10000) < 1)
			die("poll");
		for (size_t i = 0; i < echo->n; i++) {
			if ((polls[i].revents & POLLIN) == 0)
				continue;
			hear(echo->hosts[i], LINES_PUSH);
			say(echo->commands[i], echo->text, len);
			polls[i].fd = -1;
			polls[i].revents = 0;
			left--;
		}
	}
	for (size_t i = 0; i < echo->n; i++)
		hear(echo->commands[i], LINES_ID);
}

/* One question to all, one answer from each, read when all are there. */
static double
echo_once(struct echo *echo)
{
	double start = now_us(CLOCK_MONOTONIC), took;
	size_t len = command_text(echo->text, WORDS_PUBLISH, echo->request);

	say(echo->publisher, echo->text, len);
	hear(echo->publisher, 1);
	answer_all(echo);
	say(echo->publisher, WORDS_XREAD, strlen(WORDS_XREAD));
	hear(echo->publisher, LINES_XREAD(echo->n));
	took = now_us(CLOCK_MONOTONIC) - start;
	say(echo->publisher, WORDS_DEL, strlen(WORDS_DEL));
	hear(echo->publisher, 1);
	return took;
}

static void
measure_echo(char **argv)
{
	static struct echo echo;
	double times[ECHOES];

	echo.n = strtoul(argv[1], NULL, 10);
	echo.request = strtoul(argv[2], NULL, 10);
	echo.reply = strtoul(argv[3], NULL, 10);
	if (echo.n == 0 || echo.n > HOSTS_MAX || echo.request > 65536 ||
	    echo.reply > 65536) {
		errno = EINVAL;
		die("echo");
	}
	subscribe(&echo, argv[0]);
	for (size_t i = 0; i < ECHOES; i++)
		times[i] = echo_once(&echo);
	printf("%.1f\n", median(times, ECHOES));
}

/* A host's share: verify twice, seal, sign. A controller's: verify, open. */
static void
measure_crypto(char **argv)
{
	static unsigned char text[65536], sealed[65536 + crypto_box_SEALBYTES];
	unsigned char pk[32], sk[64], box_pk[32], box_sk[32], sig[64], hash[64];
	double host[ROUNDS], controller[ROUNDS];
	size_t request = strtoul(argv[0], NULL, 10) % sizeof(text);
	size_t reply = strtoul(argv[1], NULL, 10) % sizeof(text);

	crypto_sign_keypair(pk, sk);
	crypto_box_keypair(box_pk, box_sk);
	crypto_sign_detached(sig, NULL, text, 106, sk);
	for (size_t i = 0; i < ROUNDS; i++) {
		double start = now_us(CLOCK_THREAD_CPUTIME_ID), middle;

		for (int twice = 0; twice < 2; twice++) {
			crypto_hash_sha512(hash, text, request);
			if (crypto_sign_verify_detached(sig, text, 106, pk) !=
			    0)
				die("verify");
		}
		crypto_box_seal(sealed, text, reply, box_pk);
		crypto_hash_sha512(hash, text, reply);
		crypto_sign_detached(sig, NULL, text, 106, sk);
		middle = now_us(CLOCK_THREAD_CPUTIME_ID);
		host[i] = middle - start;
		crypto_hash_sha512(hash, text, reply);
		if (crypto_sign_verify_detached(sig, text, 106, pk) != 0 ||
		    crypto_box_seal_open(text, sealed,
			reply + crypto_box_SEALBYTES, box_pk, box_sk) != 0)
			die("open");
		controller[i] = now_us(CLOCK_THREAD_CPUTIME_ID) - middle;
	}
	printf(
	    "%.1f\n%.1f\n", median(host, ROUNDS), median(controller, ROUNDS));
}

static double
spawn_once(const char *program)
{
	char *const words[] = { (char *)(uintptr_t)program, NULL };
	double start = now_us(CLOCK_MONOTONIC);
	pid_t pid = vfork();

	if (pid == 0) {
		execve(program, words, words + 1);
		_exit(127);
	}
	if (pid == -1 || waitpid(pid, NULL, 0) != pid)
		die("vfork");
	return now_us(CLOCK_MONOTONIC) - start;
}

static void
measure_spawn(char **argv)
{
	double times[ROUNDS];

	for (size_t i = 0; i < ROUNDS; i++)
		times[i] = spawn_once(argv[0]);
	printf("%.1f\n", median(times, ROUNDS));
}

static const struct {
	const char *name;
	int words;
	void (*measure)(char **argv);
} floors[] = {
	{ "echo", 4, measure_echo },     /* SOCKET HOSTS REQUEST REPLY */
	{ "crypto", 2, measure_crypto }, /* REQUEST REPLY */
	{ "spawn", 1, measure_spawn },   /* PROGRAM */
};

int
main(int argc, char **argv)
{
	if (argc == 1)
		return 0; /* the empty program itself */
	if (sodium_init() == -1)
		return 1;
	for (size_t i = 0; i < sizeof(floors) / sizeof(floors[0]); i++) {
		if (strcmp(argv[1], floors[i].name) == 0 &&
		    argc == 2 + floors[i].words) {
			floors[i].measure(argv + 2);
			return 0;
		}
	}
	fprintf(stderr, "usage: floor echo SOCKET HOSTS REQUEST REPLY | "
			"crypto REQUEST REPLY | spawn PROGRAM\n");
	return 2;
}
