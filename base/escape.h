/*
 * What may reach a terminal, a log or a chat. Everything that could move a
 * cursor, hide or reorder text comes out as \ooo for each byte: C0 (newline
 * and tab included), DEL, C1, invalid UTF-8, U+061C, U+200B-200F,
 * U+2028-202F, U+2060-206F, U+FEFF, U+FFF9-FFFB, U+E0000-E007F, private use
 * and noncharacters. A backslash is doubled, so the mapping is injective.
 */
#ifndef AMIRAL_BASE_ESCAPE_H
#define AMIRAL_BASE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

/* Output bytes for n input bytes are at most ESCAPE_MAX(n), with the NUL. */
#define ESCAPE_MAX(n) (4 * (n) + 1)

/*
 * Writes the escaped text and a NUL to dst, at most size bytes (size > 0);
 * what does not fit is cut at a whole escape or character. Returns the
 * length without the NUL.
 */
size_t escape_text(char *dst, size_t size, const void *src, size_t len);
/* The same text, allocated; NULL when out of memory. The caller frees. */
char *escape_dup(const void *src, size_t len);
/* True if escape_text() would change nothing. */
bool escape_clean(const void *src, size_t len);
/* True for well-formed UTF-8 (no surrogates, no overlong forms); NUL is
 * allowed. */
bool utf8_valid(const void *src, size_t len);

#endif
