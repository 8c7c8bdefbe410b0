/* amiral: ping, find and facts for people. */
#include "ctl/render_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ctl/text.h"

/* Whether this host has answered as it was asked. */
static bool
is_ok(const struct host *host)
{
	return host_counts(host) && host_verdict(host) == VERDICT_OK;
}

void
render_ping(FILE *f, const struct run *run)
{
	const struct verdicts *v = &run->verdicts;
	int64_t least = INT64_MAX, most = 0, sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < v->count; i++) {
		const struct host *host = &v->hosts[i];
		int64_t ms = host->completed_ms;

		if (!is_ok(host))
			continue;
		fprintf(f, "%-40s time=%lld ms\n", host->name, (long long)ms);
		least = ms < least ? ms : least;
		most = ms > most ? ms : most;
		sum += ms;
		n++;
	}
	if (run->options->quiet)
		return;
	fputs("\n---- ping statistics ----\n", f);
	if (n == 0)
		fputs("0 replies\n", f);
	else
		fprintf(f,
		    "%zu repl%s max: %lld ms min: %lld ms avg: %lld ms\n", n,
		    n == 1 ? "y" : "ies", (long long)most, (long long)least,
		    (long long)(sum / (int64_t)n));
}

void
render_names(FILE *f, const struct run *run)
{
	const struct verdicts *v = &run->verdicts;

	for (size_t i = 0; i < v->count; i++)
		if (is_ok(&v->hosts[i]))
			fprintf(f, "%s\n", v->hosts[i].name);
}

/* A value as text, and how many hosts have it. */
struct value {
	char *text;
	size_t count;
};

static int
by_text(const void *a, const void *b)
{
	const struct value *x = a, *y = b;

	return strcmp(x->text, y->text);
}

/* The most frequent first. */
static int
by_count(const void *a, const void *b)
{
	const struct value *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->text, y->text);
}

static char *
value_text(const json_t *value)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		fatal("out of memory");
	text_put_value(f, value);
	if (fclose(f) != 0)
		fatal("out of memory");
	return text;
}

/* What each host has under that name; their number. */
static size_t
collect(const struct verdicts *v, const char *fact, struct value *values)
{
	size_t n = 0;

	for (size_t i = 0; i < v->count; i++) {
		const json_t *value;

		if (!is_ok(&v->hosts[i]))
			continue;
		value = text_find(v->hosts[i].final.output, fact, strlen(fact));
		if (value != NULL)
			values[n++] = (struct value){ value_text(value), 1 };
	}
	return n;
}

/* Equal ones become one; the number of different ones. */
static size_t
fold(struct value *values, size_t n)
{
	size_t kept = 0;

	qsort(values, n, sizeof *values, by_text);
	for (size_t i = 0; i < n; i++) {
		if (kept > 0 &&
		    strcmp(values[kept - 1].text, values[i].text) == 0) {
			values[kept - 1].count++;
			free(values[i].text);
		} else {
			values[kept++] = values[i];
		}
	}
	qsort(values, kept, sizeof *values, by_count);
	return kept;
}

static bool
report(FILE *f, const struct verdicts *v, const char *fact)
{
	struct value *values = calloc(v->count + 1, sizeof *values);
	size_t n;

	if (values == NULL)
		fatal("out of memory");
	n = fold(values, collect(v, fact, values));
	if (n > 0) {
		fputs("Report for fact: ", f);
		text_puts(f, fact);
		fputc('\n', f);
	}
	for (size_t i = 0; i < n; i++) {
		fprintf(f, "  %s found %zu time%s\n", values[i].text,
		    values[i].count, values[i].count == 1 ? "" : "s");
		free(values[i].text);
	}
	free(values);
	return n > 0;
}

bool
render_facts(FILE *f, const struct run *run, const char *fact)
{
	const struct verdicts *v = &run->verdicts;

	if (fact != NULL)
		return report(f, v, fact);
	for (size_t i = 0; i < v->count; i++) {
		if (!is_ok(&v->hosts[i]))
			continue;
		fprintf(f, "%s:\n", v->hosts[i].name);
		text_put_object(f, "    ", v->hosts[i].final.output, "exit");
	}
	return true;
}
