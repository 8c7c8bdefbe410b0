/*
 * Log lines, one call a line. Every line is escaped (base/escape.h) and cut
 * at LOG_LINE_MAX bytes before a sink sees it. The default sink writes
 * "process: level: text\n" to stderr; a jailed process installs one that
 * sends a LOG frame. Not thread safe.
 */
#ifndef AMIRAL_BASE_LOG_H
#define AMIRAL_BASE_LOG_H

#include <stddef.h>

#define LOG_LINE_MAX 1024 /* bytes of text, without the prefix */

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

/* line is escaped, not NUL-terminated, and lives as long as the call. */
typedef void log_sink(enum log_level, const char *line, size_t len, void *arg);

/* name must outlive the process; lines above threshold are dropped. */
void log_open(const char *name, enum log_level threshold);
void log_to(log_sink *sink, void *arg);

#define LOG_PRINTF __attribute__((format(printf, 1, 2)))
LOG_PRINTF void log_error(const char *fmt, ...);
LOG_PRINTF void log_warning(const char *fmt, ...);
LOG_PRINTF void log_info(const char *fmt, ...);
LOG_PRINTF void log_debug(const char *fmt, ...);
/* Logs a line that came from another process: escaped again, same cut. */
void log_relay(
    const char *process, enum log_level, const char *text, size_t len);

/*
 * What fatal() exits with: 255 until then, which a parent tells from every
 * status of its own. A program that people start says its table's.
 */
void fatal_exits_with(int status);
/* Our own bug or a broken peer inside the boundary: log and exit. */
LOG_PRINTF _Noreturn void fatal(const char *fmt, ...);
/* The same, with ": " and strerror(errno) behind it. */
LOG_PRINTF _Noreturn void fatal_errno(const char *fmt, ...);

#endif
