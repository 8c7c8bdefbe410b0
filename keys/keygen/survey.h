/*
 * Part of amiral-keygen: what check says of the files that it looks at. A
 * problem is a line with what to do about it.
 */
#ifndef AMIRAL_KEYS_KEYGEN_SURVEY_H
#define AMIRAL_KEYS_KEYGEN_SURVEY_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct survey {
	unsigned found, problems;
};

__attribute__((format(printf, 2, 3))) void survey_problem(
    struct survey *, const char *fmt, ...);
/* "ok PATH: what", or without what where it is "". */
void survey_good(const char *path, const char *what);
/*
 * Whether it is there for us to read. What is not there is nobody's problem;
 * what this user may not read is one.
 */
bool survey_has(struct survey *, const char *path);
/* The same for what has to be there: remedy is what to do where it is not. */
bool survey_needs(struct survey *, const char *path, const char *remedy);
/* The text of a believed file, allocated; NULL and a problem. */
char *survey_text(struct survey *, const char *path, size_t max, size_t *len);
/* Whether it is as secret as it must be; nothing is said where it is. */
bool survey_is_secret(struct survey *, const char *path, size_t max);
/*
 * Whether what is good until then (ms since the epoch) is good for another 30
 * days; a problem, with its date, where it is not.
 */
bool survey_lasts(struct survey *, const char *path, const char *what,
    int64_t until_ms, const char *remedy);
/* "2026-01-31 23:59 UTC" */
#define SURVEY_DATE_MAX 48
void survey_date(char out[static SURVEY_DATE_MAX], int64_t ms);
bool survey_path(
    char out[static PATH_MAX], const char *directory, const char *name);
/* Each entry of a directory, if there is one, but those with a dot in front. */
typedef void survey_fn(struct survey *, const char *path, const char *name);
void survey_each(struct survey *, const char *directory, survey_fn *);

#endif
