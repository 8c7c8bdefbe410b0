/*
 * Shell patterns: * ? [a-z] [!a-z] and \ before a literal character. Never
 * recursive and never exponential: at most strlen(pattern) * strlen(text)
 * steps. Bytes, not characters; case counts.
 */
#ifndef AMIRAL_BASE_GLOB_H
#define AMIRAL_BASE_GLOB_H

#include <stdbool.h>

#define GLOB_PATTERN_MAX 255 /* bytes */

enum glob_rule {
	GLOB_PLAIN,
	GLOB_PATH, /* * and ? do not match '/' (policy patterns) */
};

/* Not empty, not over GLOB_PATTERN_MAX, every [ closed, no lone \ at the end.
 */
bool glob_valid(const char *pattern);
/* False for an invalid pattern. */
bool glob_match(const char *pattern, const char *text, enum glob_rule);

#endif
