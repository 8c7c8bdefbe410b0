/*
 * Part of the provider facts: facts.d. Whoever may write there speaks for
 * the host, so only what belongs to root, to the directory's owner or to us,
 * and can be written by nobody else, is believed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/slurp.h"
#include "providers/facts.h"

#define FILES_MAX    256
#define FILE_BYTES   65536
#define ONE_RUN_MS   10000
#define ALL_RUNS_MS  40000 /* below the 60 s of the provider itself */
#define OTHERS_WRITE (S_IWGRP | S_IWOTH)
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define BELIEVE_FLAGS                                                          \
	(O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

struct directory {
	const char *path;
	int fd;
	uid_t owner;
	int64_t runs_end_ms; /* no executable may run beyond */
	fact_fn *take;
	void *arg;
};

static bool
ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len > end_len && strcmp(name + len - end_len, end) == 0;
}

/* What editors and packagers leave beside a file is not a file of facts. */
static bool
is_leftover(const char *name)
{
	static const char *const ends[] = { "~", ".bak", ".orig", ".rej",
		".swp", ".dpkg-old", ".dpkg-dist", ".dpkg-new", ".dpkg-tmp",
		".ucf-old", ".ucf-dist", ".ucf-new", ".rpmsave", ".rpmnew",
		".rpmorig" };

	for (size_t i = 0; i < COUNT(ends); i++)
		if (ends_with(name, ends[i]))
			return true;
	return name[0] == '.';
}

static const struct kind {
	const char *end; /* of the name; "" is every other name's */
	enum facts_form form;
} kinds[] = {
	{ ".json", FACTS_JSON },
	{ ".conf", FACTS_PAIRS },
	{ ".txt", FACTS_PAIRS },
	{ "", FACTS_EITHER },
};

static const struct kind *
kind_of(const char *name)
{
	const struct kind *kind = kinds;

	while (!ends_with(name, kind->end))
		kind++;
	return kind;
}

static bool
is_data(const char *name)
{
	return kind_of(name)->form != FACTS_EITHER;
}

/* NULL, or why it is not to be believed. */
static const char *
doubt(const struct stat *st, uid_t owner)
{
	if (st->st_uid != 0 && st->st_uid != owner && st->st_uid != geteuid())
		return "belongs to somebody else; run: chown root";
	if ((st->st_mode & OTHERS_WRITE) != 0)
		return "writable by others; run: chmod go-w";
	return NULL;
}

static const char *
doubt_file(const struct stat *st, const struct directory *d, const char *name)
{
	const char *why =
	    S_ISREG(st->st_mode) ? doubt(st, d->owner) : "not a regular file";

	if (why != NULL)
		return why;
	if (!is_data(name) && (st->st_mode & 0111) == 0)
		return "neither executable nor .json, .conf or .txt";
	return NULL;
}

static void
hand_over(
    const struct directory *d, const char *name, const char *text, size_t len)
{
	json_t *facts = facts_parse(name, kind_of(name)->form, text, len),
	       *value;
	const char *fact;

	if (facts == NULL)
		return;
	json_object_foreach (facts, fact, value) {
		d->take(name, fact, value, d->arg);
	}
	json_decref(facts);
}

static void
read_data(const struct directory *d, const char *name, int fd)
{
	size_t len;
	char *text = slurp(fd, FILE_BYTES, &len);

	if (text == NULL)
		log_warning("%s: skipped: %s", name, strerror(errno));
	else
		hand_over(d, name, text, len);
	free(text);
}

static void
run_executable(const struct directory *d, const char *name)
{
	static char output[FILE_BYTES];
	int64_t deadline = clock_monotonic_ms() + ONE_RUN_MS;
	char *path;
	size_t len;

	if (deadline > d->runs_end_ms)
		deadline = d->runs_end_ms;
	if (asprintf(&path, "%s/%s", d->path, name) == -1)
		fatal("out of memory");
	if (facts_run(name, path, deadline, output, sizeof(output), &len))
		hand_over(d, name, output, len);
	free(path);
}

static void
read_entry(const struct directory *d, const char *name)
{
	int fd = openat(d->fd, name, BELIEVE_FLAGS);
	const char *why;
	struct stat st;

	if (fd == -1) {
		log_warning("%s: skipped: %s", name, strerror(errno));
		return;
	}
	why = fstat(fd, &st) == -1 ? strerror(errno) : doubt_file(&st, d, name);
	if (why != NULL)
		log_warning("%s: skipped: %s", name, why);
	else if (is_data(name))
		read_data(d, name, fd);
	close(fd);
	if (why == NULL && !is_data(name))
		run_executable(d, name);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names, sorted; at most FILES_MAX of them. */
static size_t
list(const struct directory *d, char *names[static FILES_MAX])
{
	DIR *stream = fdopendir(dup(d->fd));
	struct dirent *entry;
	size_t count = 0;

	if (stream == NULL)
		fatal_errno("%s", d->path);
	while ((entry = readdir(stream)) != NULL) {
		if (is_leftover(entry->d_name))
			continue;
		if (count == FILES_MAX) {
			log_warning("%s: more than %d files; the rest is "
				    "left out",
			    d->path, FILES_MAX);
			break;
		}
		names[count] = strdup(entry->d_name);
		if (names[count++] == NULL)
			fatal("out of memory");
	}
	closedir(stream);
	qsort(names, count, sizeof(names[0]), compare);
	return count;
}

/* False where there is none, or none to be believed. */
static bool
open_directory(struct directory *d)
{
	const char *why;
	struct stat st;

	d->fd = open(d->path, BELIEVE_FLAGS | O_DIRECTORY);
	if (d->fd == -1) {
		if (errno != ENOENT)
			log_warning(
			    "%s: skipped: %s", d->path, strerror(errno));
		return false;
	}
	if (fstat(d->fd, &st) == -1)
		fatal_errno("%s", d->path);
	d->owner = st.st_uid;
	why = doubt(&st, st.st_uid);
	if (why == NULL)
		return true;
	log_warning("%s: skipped: %s", d->path, why);
	close(d->fd);
	return false;
}

void
facts_directory(const char *path, fact_fn *take, void *arg)
{
	struct directory d = {
		.path = path,
		.runs_end_ms = clock_monotonic_ms() + ALL_RUNS_MS,
		.take = take,
		.arg = arg,
	};
	char *names[FILES_MAX];
	size_t count;

	if (!open_directory(&d))
		return;
	count = list(&d, names);
	for (size_t i = 0; i < count; i++) {
		read_entry(&d, names[i]);
		free(names[i]);
	}
	close(d.fd);
}
