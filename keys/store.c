/* Lines, fields and order of the trust stores. Part of gate and controller. */
#include "keys/store.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 64

bool
store_refuse(struct store *store, const char *fmt, ...)
{
	va_list args;
	int n;

	n = snprintf(
	    store->error, STORE_ERROR_MAX, "%s:%u: ", store->file, store->line);
	if (n < 0 || n >= STORE_ERROR_MAX)
		return false;
	va_start(args, fmt);
	vsnprintf(store->error + n, STORE_ERROR_MAX - (size_t)n, fmt, args);
	va_end(args);
	return false;
}

/* Leaves the line's number in store where it is not. */
static bool
text_is_plain(struct store *store, const char *text, size_t len)
{
	size_t i;

	store->line = 1;
	for (i = 0; i < len; i++) {
		store->line += text[i] == '\n';
		if (text[i] == '\0')
			return store_refuse(
			    store, "a NUL byte: this is not a text file");
		if (text[i] == '\r')
			return store_refuse(store,
			    "a carriage return: end lines with a "
			    "newline alone");
	}
	return true;
}

bool
store_open(struct store *store, const char *file, const char *text, size_t len,
    char error[static STORE_ERROR_MAX])
{
	struct store opened = { .file = file, .error = error };

	if (!text_is_plain(&opened, text, len))
		return false;
	opened.text = malloc(len + 1);
	if (opened.text == NULL)
		return store_refuse(&opened, "out of memory");
	memcpy(opened.text, text, len);
	opened.text[len] = '\0';
	opened.next = opened.text;
	opened.line = 0;
	*store = opened;
	return true;
}

char *
store_line(struct store *store)
{
	char *line;

	while (*store->next != '\0') {
		line = store->next;
		store->line++;
		store->next += strcspn(line, "\n");
		if (*store->next == '\n')
			*store->next++ = '\0';
		line += strspn(line, " \t");
		if (*line != '\0' && *line != '#')
			return line;
	}
	return NULL;
}

char *
store_field(char **line)
{
	bool quoted = false;
	char *field, *at;

	field = *line + strspn(*line, " \t");
	if (*field == '\0')
		return NULL;
	for (at = field; *at != '\0'; at++) {
		if (*at == '"')
			quoted = !quoted;
		if (!quoted && (*at == ' ' || *at == '\t'))
			break;
	}
	if (*at != '\0')
		*at++ = '\0';
	*line = at;
	return field;
}

void *
store_grow(
    struct store *store, void *array, size_t count, size_t *room, size_t size)
{
	size_t wanted;
	void *grown;

	if (count < *room)
		return array;
	wanted = *room == 0 ? FIRST_ROOM : *room * 2;
	grown = reallocarray(array, wanted, size);
	if (grown == NULL) {
		store_refuse(store, "out of memory");
		return NULL;
	}
	*room = wanted;
	return grown;
}

/* Heap sort: the greatest of parent and children goes up. */
static void
sift_down(const void **items, size_t at, size_t n, store_order *order)
{
	const void *moved = items[at];
	size_t child;

	while ((child = 2 * at + 1) < n) {
		if (child + 1 < n && order(items[child], items[child + 1]) < 0)
			child++;
		if (order(moved, items[child]) >= 0)
			break;
		items[at] = items[child];
		at = child;
	}
	items[at] = moved;
}

void
store_sort(const void **items, size_t n, store_order *order)
{
	const void *last;
	size_t i;

	for (i = n / 2; i-- > 0;)
		sift_down(items, i, n, order);
	while (n > 1) {
		last = items[--n];
		items[n] = items[0];
		items[0] = last;
		sift_down(items, 0, n, order);
	}
}

size_t
store_find(const void **items, size_t n, const void *key, store_order *order)
{
	size_t low = 0, high = n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (order(items[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
