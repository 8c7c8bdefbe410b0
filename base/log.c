/*
 * Part of every process. Imports nothing that a jail forbids: a line is
 * made on the stack and written with one writev(2), or given to the sink.
 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/escape.h"

#define LEVELS (LOG_LEVEL_DEBUG + 1)

static void log_to_stderr(enum log_level, const char *, size_t, void *);

static struct {
	const char *name;
	enum log_level threshold;
	log_sink *sink;
	void *arg;
	int fatal_status;
} state = {
	.name = "amiral",
	.threshold = LOG_LEVEL_INFO,
	.sink = log_to_stderr,
	.fatal_status = 255,
};

static const char *const level_names[LEVELS] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

void
log_open(const char *name, enum log_level threshold)
{
	state.name = name;
	state.threshold = threshold;
}

void
fatal_exits_with(int status)
{
	state.fatal_status = status;
}

void
log_to(log_sink *sink, void *arg)
{
	state.sink = sink;
	state.arg = arg;
}

static struct iovec
piece(const char *text, size_t len)
{
	union {
		const char *in;
		char *out;
	} unconst = { .in = text };

	return (struct iovec){ .iov_base = unconst.out, .iov_len = len };
}

static void
log_to_stderr(enum log_level level, const char *line, size_t len, void *arg)
{
	const char *name = level_names[level];
	struct iovec pieces[] = {
		piece(state.name, strlen(state.name)),
		piece(": ", 2),
		piece(name, strlen(name)),
		piece(": ", 2),
		piece(line, len),
		piece("\n", 1),
	};

	(void)arg;
	while (writev(STDERR_FILENO, pieces, 6) == -1 && errno == EINTR)
		continue;
}

static void
log_bytes(enum log_level level, const char *text, size_t len)
{
	char line[LOG_LINE_MAX + 1];
	int saved = errno;

	len = escape_text(line, sizeof(line), text, len);
	state.sink(level, line, len, state.arg);
	errno = saved;
}

__attribute__((format(printf, 2, 0))) static void
log_format(enum log_level level, const char *fmt, va_list args)
{
	char text[LOG_LINE_MAX + 1];
	int len;

	if (level > state.threshold)
		return;
	len = vsnprintf(text, sizeof(text), fmt, args);
	if (len < 0)
		len = 0;
	if ((size_t)len >= sizeof(text))
		len = sizeof(text) - 1;
	log_bytes(level, text, (size_t)len);
}

#define LOG_FUNCTION(name, level)                                              \
	void name(const char *fmt, ...)                                        \
	{                                                                      \
		va_list args;                                                  \
                                                                               \
		va_start(args, fmt);                                           \
		log_format(level, fmt, args);                                  \
		va_end(args);                                                  \
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)

void
log_relay(
    const char *process, enum log_level level, const char *text, size_t len)
{
	char line[LOG_LINE_MAX + 1];
	int used;

	/* A level that we do not know is never a reason to hide the line. */
	if (level >= LEVELS)
		level = LOG_LEVEL_ERROR;
	if (level > state.threshold)
		return;
	used = snprintf(line, sizeof(line), "%.64s: ", process);
	if (used < 0)
		used = 0;
	if (len > sizeof(line) - (size_t)used)
		len = sizeof(line) - (size_t)used;
	if (len > 0)
		memcpy(line + used, text, len);
	log_bytes(level, line, (size_t)used + len);
}

void
fatal(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_format(LOG_LEVEL_ERROR, fmt, args);
	va_end(args);
	exit(state.fatal_status);
}

void
fatal_errno(const char *fmt, ...)
{
	int saved = errno;
	char text[LOG_LINE_MAX + 1];
	va_list args;

	va_start(args, fmt);
	if (vsnprintf(text, sizeof(text), fmt, args) < 0)
		text[0] = '\0';
	va_end(args);
	fatal("%s: %s", text, strerror(saved));
}
