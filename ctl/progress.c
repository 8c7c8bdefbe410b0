#include "ctl/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define FIRST_MS 300 /* a run that is over by then needs no bar */
#define EACH_MS  100
#define WIDTH    40

void
progress_init(struct progress *p, const struct options *o)
{
	p->wanted = !o->quiet && !o->live && isatty(STDERR_FILENO) == 1;
	p->drawn = false;
	p->next_ms = p->wanted ? clock_monotonic_ms() + FIRST_MS : 0;
}

void
progress_line(char line[static PROGRESS_LINE_MAX], size_t done, size_t total)
{
	char bar[WIDTH + 1];
	size_t filled = total == 0 ? 0 : done * WIDTH / total;

	if (filled > WIDTH)
		filled = WIDTH;
	memset(bar, ' ', WIDTH);
	memset(bar, '=', filled);
	bar[WIDTH] = '\0';
	snprintf(line, PROGRESS_LINE_MAX, "[%s] %zu/%zu", bar, done, total);
}

void
progress_show(struct progress *p, size_t done, size_t total)
{
	char line[PROGRESS_LINE_MAX];
	int64_t now_ms;

	if (!p->wanted || (now_ms = clock_monotonic_ms()) < p->next_ms)
		return;
	p->next_ms = now_ms + EACH_MS;
	p->drawn = true;
	progress_line(line, done, total);
	fprintf(stderr, "\r%-*s", PROGRESS_LINE_MAX - 1, line);
	fflush(stderr);
}

void
progress_clear(struct progress *p)
{
	if (!p->drawn)
		return;
	p->drawn = false;
	fprintf(stderr, "\r%*s\r", PROGRESS_LINE_MAX - 1, "");
	fflush(stderr);
}
