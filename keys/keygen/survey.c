/* Part of amiral-keygen. */
#include "keys/keygen/survey.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/file.h"
#include "base/log.h"
#include "base/slurp.h"

#define SOON_MS (30LL * 86400 * 1000)

void
survey_problem(struct survey *s, const char *fmt, ...)
{
	char text[2 * LOG_LINE_MAX], shown[ESCAPE_MAX(sizeof(text))];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	escape_text(shown, sizeof(shown), text, strlen(text));
	printf("problem  %s\n", shown);
	s->problems++;
}

void
survey_good(const char *path, const char *what)
{
	printf("ok       %s%s%s\n", path, what[0] != '\0' ? ": " : "", what);
}

static bool
is_absent(void)
{
	return errno == ENOENT || errno == ENOTDIR;
}

/* Not "give this user access": that would be a secret's end. */
static void
say_unreadable(struct survey *s, const char *path, const struct stat *st)
{
	const struct passwd *owner =
	    st != NULL ? getpwuid(st->st_uid) : getpwuid(0);

	survey_problem(s,
	    "%s: this user may not read it; run amiral-keygen check as %s",
	    path, owner != NULL ? owner->pw_name : "its owner");
}

bool
survey_has(struct survey *s, const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0) {
		if (is_absent())
			return false;
		s->found++;
		say_unreadable(s, path, NULL);
		return false;
	}
	s->found++;
	if (access(path, R_OK) == 0 || errno != EACCES)
		return true;
	say_unreadable(s, path, &st);
	return false;
}

bool
survey_needs(struct survey *s, const char *path, const char *remedy)
{
	struct stat st;

	if (lstat(path, &st) == 0 || !is_absent())
		return survey_has(s, path);
	survey_problem(s, "%s: is not there; %s", path, remedy);
	return false;
}

char *
survey_text(struct survey *s, const char *path, size_t max, size_t *len)
{
	char error[FILE_ERROR_MAX], *text;
	int fd = file_open(path, FILE_TRUSTED, max, error);

	if (fd == -1) {
		survey_problem(s, "%s", error);
		return NULL;
	}
	text = slurp(fd, max, len);
	close(fd);
	if (text == NULL)
		survey_problem(s, "%s: cannot be read: check the disk", path);
	return text;
}

bool
survey_is_secret(struct survey *s, const char *path, size_t max)
{
	char error[FILE_ERROR_MAX];
	int fd = file_open(path, FILE_SECRET, max, error);

	if (fd == -1) {
		survey_problem(s, "%s", error);
		return false;
	}
	close(fd);
	return true;
}

void
survey_date(char out[static SURVEY_DATE_MAX], int64_t ms)
{
	time_t seconds = ms / 1000;
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(out, SURVEY_DATE_MAX, "%Y-%m-%d %H:%M UTC", &tm) == 0)
		snprintf(out, SURVEY_DATE_MAX, "second %" PRId64 " of 1970",
		    ms / 1000);
}

bool
survey_lasts(struct survey *s, const char *path, const char *what,
    int64_t until_ms, const char *remedy)
{
	int64_t now = clock_wall_ms();
	char date[SURVEY_DATE_MAX];

	if (until_ms > now && until_ms - now > SOON_MS)
		return true;
	survey_date(date, until_ms);
	survey_problem(s, "%s: %s %s %s; %s", path, what,
	    until_ms <= now ? "has expired, on" : "expires soon, on", date,
	    remedy);
	return false;
}

bool
survey_path(char out[static PATH_MAX], const char *directory, const char *name)
{
	int n = snprintf(out, PATH_MAX, "%s/%s", directory, name);

	return n > 0 && n < PATH_MAX;
}

static int
is_plain(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

void
survey_each(struct survey *s, const char *directory, survey_fn *fn)
{
	struct dirent **entries;
	char path[PATH_MAX];
	int n = scandir(directory, &entries, is_plain, alphasort);

	if (n == -1 && !is_absent())
		survey_problem(s,
		    "%s: cannot list it: %s; run amiral-keygen check as its "
		    "owner",
		    directory, strerror(errno));
	for (int i = 0; i < n; i++) {
		if (survey_path(path, directory, entries[i]->d_name))
			fn(s, path, entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}
