/*
 * The INI reader: [section], key = value, comments on lines of their own.
 * At most CONF_LINE_MAX bytes a line. Continuation lines, repeated sections,
 * repeated keys and keys outside a section are errors with file and line.
 * What the keys mean is the business of a schema (base/agent_conf.h).
 */
#ifndef AMIRAL_BASE_CONF_H
#define AMIRAL_BASE_CONF_H

#include <stddef.h>

#define CONF_LINE_MAX     4096
#define CONF_ERROR_MAX    512
#define CONF_SECTIONS_MAX 4096 /* in all files together */
#define CONF_PAIRS_MAX    64   /* in a section */
#define CONF_FILES_MAX    256

struct conf_pair {
	char *key, *value;
	const char *file; /* the name given to conf_add() */
	unsigned line;
	struct conf_pair *next;
};

struct conf_section {
	char *kind;  /* "provider" of [provider uptime] */
	char *title; /* "uptime" of it; "" where there is none */
	const char *file;
	unsigned line;
	struct conf_pair *pairs;
	struct conf_section *next;
};

struct conf {
	struct conf_section *sections; /* in the order of the files */
	struct conf_file *files;       /* owns the names */
};

void conf_init(struct conf *);
void conf_free(struct conf *);
/* Adds one file's text. 0, or -1 and "file:line: what, remedy". */
int conf_add(struct conf *, const char *file, const char *text, size_t len,
    char error[static CONF_ERROR_MAX]);

#endif
