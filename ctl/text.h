/*
 * amiral: remote bytes on their way to a terminal. Nothing that a host,
 * Redis or a key's comment says is printed in any other way.
 */
#ifndef AMIRAL_CTL_TEXT_H
#define AMIRAL_CTL_TEXT_H

#include <jansson.h>
#include <stdio.h>

/* Escaped; a tab becomes spaces up to the next column of 8. */
void text_put(FILE *, const char *bytes, size_t len);
void text_puts(FILE *, const char *text);
/* Each line behind prefix, with its newline; nothing for no bytes. */
void text_put_lines(FILE *, const char *prefix, const char *bytes, size_t len);
/* A value on one line: strings as they are, lists with commas. */
void text_put_value(FILE *, const json_t *);
/*
 * "name: value" lines behind prefix, nested names with dots, without the
 * member called skip (or NULL). Returns how many.
 */
size_t text_put_object(
    FILE *, const char *prefix, const json_t *object, const char *skip);
/* The member that a name with dots means: whole name first, then its path. */
const json_t *text_find(const json_t *object, const char *name, size_t len);

#endif
