/*
 * The provider uptime: what uptime(1) says, as one JSON object. Reads
 * /proc/loadavg, /run/utmp and the time zone, and nothing else.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

#include "base/clock.h"
#include "base/log.h"
#include "providers/provider.h"

#define UTMP_PATH    "/run/utmp"
#define UTMP_RECORDS 65536 /* looked at, at most */
#define UTMP_BATCH   64    /* records a read */
#define AVERAGES     3
#define TEXT_MAX     160

static const char *const average_names[AVERAGES] = {
	"shortterm",
	"midterm",
	"longterm",
};

/* Without "averages" all of them; with it those that it sets to true. */
static void
read_averages(const json_t *averages, bool asked[static AVERAGES])
{
	size_t known = 0;

	if (averages == NULL) {
		asked[0] = asked[1] = asked[2] = true;
		return;
	}
	if (!json_is_object(averages))
		provider_refuse("averages", "is not an object");
	for (size_t i = 0; i < AVERAGES; i++) {
		const json_t *value =
		    json_object_get(averages, average_names[i]);

		if (value != NULL && !json_is_boolean(value))
			provider_refuse(average_names[i], "is not a boolean");
		asked[i] = json_is_true(value);
		known += value != NULL;
	}
	if (json_object_size(averages) != known)
		provider_refuse("averages", "has a member other than "
					    "shortterm, midterm, longterm");
}

static void
read_args(bool asked[static AVERAGES])
{
	json_t *args = provider_read_args();
	const char *name;
	json_t *value;

	json_object_foreach (args, name, value) {
		if (strcmp(name, "averages") != 0)
			provider_refuse(name, "is not known to uptime");
	}
	read_averages(json_object_get(args, "averages"), asked);
	json_decref(args);
}

static unsigned
count_sessions(const struct utmp *records, size_t n)
{
	unsigned sessions = 0;

	for (size_t i = 0; i < n; i++)
		if (records[i].ut_type == USER_PROCESS &&
		    records[i].ut_user[0] != '\0')
			sessions++;
	return sessions;
}

/* Read plainly: getutent(3) waits for whoever locks the file. */
static unsigned
count_users(void)
{
	struct utmp records[UTMP_BATCH];
	unsigned users = 0;
	ssize_t n;
	int fd = open(UTMP_PATH, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd == -1)
		return 0;
	for (unsigned seen = 0; seen < UTMP_RECORDS; seen += UTMP_BATCH) {
		n = read(fd, records, sizeof(records));
		if (n < (ssize_t)sizeof(records[0]))
			break;
		users +=
		    count_sessions(records, (size_t)n / sizeof(records[0]));
	}
	close(fd);
	return users;
}

/* "41 days, 2:11", "3:02", "12 min" */
static void
format_up(char *dst, size_t size, int64_t seconds)
{
	int64_t minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
	char front[48] = "";

	if (days > 0)
		snprintf(front, sizeof(front), "%jd day%s, ", (intmax_t)days,
		    days == 1 ? "" : "s");
	if (hours % 24 > 0)
		snprintf(dst, size, "%s%d:%02d", front, (int)(hours % 24),
		    (int)(minutes % 60));
	else
		snprintf(dst, size, "%s%d min", front, (int)(minutes % 60));
}

static void
set_text(json_t *out, const char *name, const char *text)
{
	provider_set(out, name, json_string(text));
}

/* To the two digits that the text shows. */
static double
rounded(double average)
{
	return (double)(int64_t)(average * 100 + 0.5) / 100;
}

/* ", load average: 0.08, 0.06", or nothing where none is asked. */
static void
set_averages(
    json_t *out, char *dst, size_t size, const bool asked[static AVERAGES])
{
	json_t *array = provider_array();
	double averages[AVERAGES];
	size_t used = 0;

	if (getloadavg(averages, AVERAGES) != AVERAGES)
		fatal("/proc/loadavg: cannot be read; mount /proc");
	dst[0] = '\0';
	for (size_t i = 0; i < AVERAGES; i++) {
		int n;

		if (!asked[i])
			continue;
		n = snprintf(dst + used, size - used, "%s%.2f",
		    used == 0 ? ", load average: " : ", ", averages[i]);
		if (n < 0 || (size_t)n >= size - used)
			fatal("load average %f", averages[i]);
		used += (size_t)n;
		provider_append(array, json_real(rounded(averages[i])));
	}
	provider_set(out, "load_averages", array);
}

static void
set_times(
    json_t *out, char *now_text, size_t now_size, char *up, size_t up_size)
{
	char since[32];
	int64_t now_ms = clock_wall_ms(), up_ms = clock_monotonic_ms();
	time_t now = (time_t)(now_ms / 1000);
	time_t boot = (time_t)((now_ms - up_ms + 500) / 1000);
	struct tm local, utc;

	if (localtime_r(&now, &local) == NULL || gmtime_r(&boot, &utc) == NULL)
		fatal("the clock shows a time beyond all calendars");
	strftime(now_text, now_size, "%H:%M:%S", &local);
	strftime(since, sizeof(since), "%Y-%m-%dT%H:%M:%SZ", &utc);
	format_up(up, up_size, up_ms / 1000);
	set_text(out, "time", now_text);
	set_text(out, "up", up);
	set_text(out, "since", since);
}

static json_t *
make_answer(const bool asked[static AVERAGES])
{
	char now[16], up[64], load[96], line[2 * TEXT_MAX];
	unsigned users = count_users();
	json_t *out = provider_object();

	set_times(out, now, sizeof(now), up, sizeof(up));
	provider_set(out, "users", json_integer(users));
	set_averages(out, load, sizeof(load), asked);
	snprintf(line, sizeof(line), "%s up %s, %u user%s%s", now, up, users,
	    users == 1 ? "" : "s", load);
	set_text(out, "short", line);
	return out;
}

int
main(void)
{
	bool asked[AVERAGES];

	provider_start("uptime");
	read_args(asked);
	return provider_print(make_answer(asked));
}
