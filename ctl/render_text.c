#include "ctl/render_text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/text.h"

#define INDENT "    "
/* Raw lines look like nothing that we say ourselves. */
#define GUTTER "    | "

void
render_published(FILE *f, const struct run *run)
{
	int64_t ms = run->options->ack_timeout_ms;

	if (ms == 1000)
		fputs("accepting acknowledgements for up to 1 second\n", f);
	else if (ms % 1000 == 0)
		fprintf(f,
		    "accepting acknowledgements for up to %lld seconds\n",
		    (long long)ms / 1000);
	else
		fprintf(f, "accepting acknowledgements for up to %lld ms\n",
		    (long long)ms);
}

/* Who said that it does what it was asked. */
static size_t
count_positive(const struct verdicts *v, size_t *matched)
{
	size_t n = 0;

	*matched = 0;
	for (size_t i = 0; i < v->count; i++) {
		const struct host *host = &v->hosts[i];

		*matched += host_counts(host);
		n += host->acknowledged &&
		     !(host->is_final && host->final.status == REPLY_NOOP);
	}
	return n;
}

void
render_acknowledged(FILE *f, const struct run *run)
{
	size_t matched, n = count_positive(&run->verdicts, &matched);

	fprintf(f, "got %zu/%zu positive acknowledgements\n", n, matched);
}

static void
put_responses(FILE *f, const struct run *run)
{
	const struct verdicts *v = &run->verdicts;
	size_t matched, positive = count_positive(v, &matched), n = 0;

	for (size_t i = 0; i < v->count; i++)
		n += v->hosts[i].is_final &&
		     v->hosts[i].final.status == REPLY_COMPLETE;
	fprintf(f, "got %zu/%zu responses\n", n, positive);
}

static bool
is_shown(const struct run *run, const struct host *host)
{
	bool ok = host_verdict(host) == VERDICT_OK;

	if (!host->is_final || host->final.status != REPLY_COMPLETE)
		return host->piece_count > 0 &&
		       run->options->display == DISPLAY_ALL;
	switch (run->options->display) {
	case DISPLAY_ALL:
		return true;
	case DISPLAY_OK:
		return ok;
	case DISPLAY_FAILED:
		return !ok;
	case DISPLAY_NONE:
	default:
		return false;
	}
}

/* "exit status 3", "signal 9", "timeout", "cancelled by alice@x.example". */
static void
put_ending(FILE *f, const struct host *host)
{
	const struct reply *reply = &host->final;

	if (reply->ended == ENDED_EXIT && host->exit >= 0)
		fprintf(f, "exit status %lld", (long long)host->exit);
	else if (reply->ended == ENDED_EXIT)
		fputs("no exit status", f);
	else if (reply->ended == ENDED_LOST)
		fputs("lost: the agent ended under it, the outcome is unknown",
		    f);
	else
		fputs(reply_ended_name(reply->ended), f);
	if (reply->ended == ENDED_SIGNAL)
		fprintf(f, " %lld", (long long)reply->signal);
	if (reply->cancelled_by[0] != '\0') {
		fputs(" by ", f);
		text_puts(f, reply->cancelled_by);
	}
}

static void
put_pieces(FILE *f, const struct host *host, bool is_stderr)
{
	size_t len;
	char *all = host_stream(host, is_stderr, &len);

	text_put_lines(f, GUTTER, all, len);
	free(all);
}

static void
put_block(FILE *f, const struct run *run, const struct host *host)
{
	fprintf(f, "%s:", host->name);
	if (host->is_final && host_verdict(host) != VERDICT_OK) {
		fputc(' ', f);
		put_ending(f, host);
	}
	fputc('\n', f);
	if (host->is_final)
		text_put_object(f, INDENT, host->final.output, "exit");
	if (run->options->live)
		return;
	put_pieces(f, host, false);
	put_pieces(f, host, true);
}

/* The member that the provider says tells all, on one line. */
static bool
put_summary(FILE *f, const struct run *run, const struct host *host)
{
	const json_t *value;

	if (run->summary == NULL)
		return false;
	value =
	    text_find(host->final.output, run->summary, strlen(run->summary));
	if (value == NULL || json_is_object(value))
		return false;
	fprintf(f, "%s: ", host->name);
	text_put_value(f, value);
	fputc('\n', f);
	return true;
}

static void
put_result(FILE *f, const struct run *run, const struct host *host)
{
	if (host_verdict(host) != VERDICT_OK)
		put_block(f, run, host);
	else if (put_summary(f, run, host))
		return;
	else if ((host->piece_count == 0 || run->options->live) &&
		 json_object_size(host->final.output) <= 1)
		fprintf(f, "%s: ok\n", host->name);
	else
		put_block(f, run, host);
}

void
render_results(FILE *f, const struct run *run)
{
	const struct verdicts *v = &run->verdicts;

	if (!run->options->quiet)
		put_responses(f, run);
	for (size_t i = 0; i < v->count; i++)
		if (is_shown(run, &v->hosts[i]))
			put_result(f, run, &v->hosts[i]);
}

void
render_piece(FILE *f, const struct host *host, const struct reply *reply)
{
	char prefix[HOSTNAME_MAX + 3];

	snprintf(prefix, sizeof prefix, "%s: ", host->name);
	text_put_lines(f, prefix, (const char *)reply->data, reply->data_len);
	fflush(f);
}

static void
put_elapsed(FILE *f, int64_t ms)
{
	if (ms < 10000)
		fprintf(f, "%lld ms", (long long)ms);
	else
		fprintf(f, "%.1f s", (double)ms / 1000);
}

/* How people call a verdict, and the list that it gets. */
static const char *const captions[VERDICTS] = {
	[VERDICT_OK] = "ok",
	[VERDICT_FAILED] = "failed",
	[VERDICT_REFUSED] = "refused",
	[VERDICT_NO_ANSWER] = "no answer",
	[VERDICT_UNFINISHED] = "did not finish",
};

void
render_sums(FILE *f, const struct run *run)
{
	const char *comma = "";
	struct tally tally;

	verdicts_tally(&run->verdicts, run->oddities.total, &tally);
	fputc('\n', f);
	for (unsigned i = 0; i < VERDICTS; i++) {
		if (tally.verdicts[i] == 0)
			continue;
		fprintf(f, "%s%zu %s", comma, tally.verdicts[i], captions[i]);
		comma = ", ";
	}
	if (tally.matched == 0)
		fputs("nothing matched", f);
	fputs(" in ", f);
	put_elapsed(f, run_elapsed_ms(run));
	fputc('\n', f);
}

static void
put_expiry(FILE *f, const struct run *run)
{
	time_t until = (time_t)((run->request->expires + 999) / 1000);
	char clock[16];
	struct tm tm;

	if (localtime_r(&until, &tm) == NULL ||
	    strftime(clock, sizeof clock, "%H:%M:%S", &tm) == 0)
		return;
	fprintf(f, " (may still run until %s)", clock);
}

static void
put_reason(FILE *f, const struct host *host)
{
	fprintf(f, "  %s", reply_reason_name(host->final.reason));
	if (host->final.detail[0] == '\0')
		return;
	fputs(": ", f);
	text_puts(f, host->final.detail);
}

static void
put_list(FILE *f, const struct run *run, enum verdict verdict)
{
	const struct verdicts *v = &run->verdicts;
	bool begun = false;

	for (size_t i = 0; i < v->count; i++) {
		const struct host *host = &v->hosts[i];

		if (!host_counts(host) || host_verdict(host) != verdict)
			continue;
		if (!begun) {
			fputs(captions[verdict], f);
			if (verdict == VERDICT_NO_ANSWER)
				put_expiry(f, run);
			fputc('\n', f);
			begun = true;
		}
		fprintf(f, "  %s", host->name);
		if (verdict == VERDICT_REFUSED)
			put_reason(f, host);
		if (verdict == VERDICT_FAILED) {
			fputs("  ", f);
			put_ending(f, host);
		}
		fputc('\n', f);
	}
}

void
render_incomplete(FILE *f, const struct run *run)
{
	const struct verdicts *v = &run->verdicts;
	bool begun = false;

	for (size_t i = 0; i < v->count; i++) {
		const struct host *host = &v->hosts[i];
		bool cut = host->is_final && host->final.truncated;

		if (host_output_whole(host) && !cut)
			continue;
		if (!begun)
			fputs("output incomplete\n", f);
		begun = true;
		fprintf(f, "  %s  %s\n", host->name,
		    cut ? "cut at the provider's bound" : "pieces are missing");
	}
}

void
render_lists(FILE *f, const struct run *run)
{
	for (unsigned i = VERDICT_FAILED; i < VERDICTS; i++)
		put_list(f, run, i);
}

void
render_times(FILE *f, const struct run *run)
{
	const struct verdicts *v = &run->verdicts;

	fputs("times\n", f);
	for (size_t i = 0; i < v->count; i++) {
		const struct host *host = &v->hosts[i];

		if (!host->acknowledged)
			continue;
		fprintf(f, "  %s  acknowledged %lld ms", host->name,
		    (long long)host->acknowledged_ms);
		if (host->is_final)
			fprintf(f, ", completed %lld ms",
			    (long long)host->completed_ms);
		if (host->is_final && host->final.has_usage)
			fprintf(f, " (ran %lld ms, %lld ms of CPU, %lld KiB)",
			    (long long)host->final.usage.wall_ms,
			    (long long)(host->final.usage.user_ms +
					host->final.usage.system_ms),
			    (long long)host->final.usage.max_rss_kib);
		fputc('\n', f);
	}
}
