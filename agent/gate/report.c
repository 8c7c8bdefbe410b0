/* Part of the gate: see report.h. */
#include "agent/gate/report.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "privsep/messages.h"

static void
line_send(const struct gate_report *report, enum log_level level,
    const char *line, size_t len)
{
	uint8_t kind = (uint8_t)level;
	char text[LOG_LINE_MAX];
	struct iovec pieces[2] = {
		{ &kind, sizeof(kind) },
		{ text, len < sizeof(text) ? len : sizeof(text) },
	};

	/* Where amirald takes no more, there is nobody left to tell. */
	memcpy(text, line, pieces[1].iov_len);
	link_send(report->executor, G2E_LOG, pieces, 2, NULL);
}

static void
report_refill(struct gate_report *report)
{
	int64_t now = clock_monotonic_ms();
	int64_t more = (now - report->refilled_ms) / REPORT_REFILL_MS;

	if (more <= 0)
		return;
	report->refilled_ms += more * REPORT_REFILL_MS;
	report->left = more > REPORT_BURST - report->left
			   ? REPORT_BURST
			   : report->left + (unsigned)more;
}

static void
report_line(enum log_level level, const char *line, size_t len, void *arg)
{
	struct gate_report *report = arg;
	char text[64];
	int n;

	report_refill(report);
	if (report->left == 0) {
		report->suppressed++;
		return;
	}
	report->left--;
	if (report->suppressed > 0) {
		n = snprintf(text, sizeof(text), "%u lines were left out",
		    report->suppressed);
		report->suppressed = 0;
		line_send(report, LOG_LEVEL_WARNING, text, (size_t)n);
	}
	line_send(report, level, line, len);
}

void
report_init(struct gate_report *report, struct link *executor)
{
	*report = (struct gate_report){
		.executor = executor,
		.left = REPORT_BURST,
		.refilled_ms = clock_monotonic_ms(),
	};
	log_to(report_line, report);
}
