/*
 * What the trust stores share: lines, fields and order, on a private copy of
 * the file's text. Part of the gate (inside its jail: system calls for
 * memory alone) and the controller.
 */
#ifndef AMIRAL_KEYS_STORE_H
#define AMIRAL_KEYS_STORE_H

#include <stdbool.h>
#include <stddef.h>

#define STORE_ERROR_MAX 512

struct store {
	const char *file; /* in messages alone */
	char *text;       /* owned; cut into fields in place */
	char *next;       /* what is not read yet */
	unsigned line;    /* number of the line read last */
	char *error;      /* STORE_ERROR_MAX bytes of the caller's */
};

/* Copies the text. False and a message for a NUL byte or no memory. */
bool store_open(struct store *, const char *file, const char *text, size_t len,
    char error[static STORE_ERROR_MAX]);
/*
 * The next line that is neither empty nor a comment, NUL-terminated without
 * its newline; NULL at the end.
 */
char *store_line(struct store *);
/*
 * The next field of a line, cut off and NUL-terminated; NULL if there is
 * none. Blanks inside double quotes belong to the field.
 */
char *store_field(char **line);
/* "file:line: text" into error; always false. */
__attribute__((format(printf, 2, 3))) bool store_refuse(
    struct store *, const char *fmt, ...);
/*
 * The array with room for one more element of that size, maybe elsewhere;
 * NULL and a message without, the array then as it was.
 */
void *store_grow(
    struct store *, void *array, size_t count, size_t *room, size_t size);

/*
 * Sorts pointers. Not qsort(3): glibc's may ask sysinfo(2) and allocate,
 * which a jailed process cannot afford.
 */
typedef int store_order(const void *a, const void *b);
void store_sort(const void **items, size_t n, store_order *);
/* The first item not less than key; n where all are. */
size_t store_find(const void **items, size_t n, const void *key, store_order *);

#endif
