/* Part of amiral-net: log lines as frames. */
#include "agent/net/report.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

#define REPORT_PERIOD_MS 1000

static bool
report_send(struct report *r, enum log_level level, const char *line, size_t n)
{
	uint8_t body[1 + LOG_LINE_MAX];

	bool sent;

	if (n > LOG_LINE_MAX)
		n = LOG_LINE_MAX;
	body[0] = (uint8_t)level;
	memcpy(body + 1, line, n);
	r->sending = true;
	sent = link_send_bytes(r->link, r->type, body, 1 + n);
	r->sending = false;
	return sent;
}

void
report_flush(struct report *r)
{
	char note[64];
	int n;

	if (r->suppressed == 0)
		return;
	n = snprintf(
	    note, sizeof note, "suppressed %u log lines", r->suppressed);
	if (report_send(r, LOG_LEVEL_WARNING, note, (size_t)n))
		r->suppressed = 0;
}

static void
report_line(enum log_level level, const char *line, size_t len, void *arg)
{
	struct report *r = arg;
	int64_t now = clock_monotonic_ms();

	if (r->sending)
		return; /* the link itself is broken and says so */
	if (r->lines == 0 || now - r->since_ms >= REPORT_PERIOD_MS) {
		r->since_ms = now;
		r->lines = 0;
	}
	if (r->lines >= REPORT_RATE) {
		r->suppressed++;
		return;
	}
	report_flush(r);
	r->lines++;
	if (!report_send(r, level, line, len))
		r->suppressed++;
}

void
report_open(struct report *r, struct link *link, unsigned type)
{
	*r = (struct report){ .link = link, .type = type };
	log_to(report_line, r);
}
