#include "fuzz/memory.h"

#include <jansson.h>
#include <stdlib.h>

static bool armed, failed;
static unsigned left;

json_t *__real_json_loadb(const char *, size_t, size_t, json_error_t *);
json_t *__wrap_json_loadb(const char *, size_t, size_t, json_error_t *);
void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__wrap_malloc(size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_realloc(void *, size_t);

static bool
fails_now(void)
{
	if (!armed || failed)
		return false;
	failed = left == 0;
	left -= !failed;
	return failed;
}

void *
__wrap_malloc(size_t size)
{
	return fails_now() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails_now() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	return fails_now() ? NULL : __real_realloc(old, size);
}

/* A parser that is refused memory ends the process: see wire/json.h. */
json_t *
__wrap_json_loadb(
    const char *bytes, size_t len, size_t flags, json_error_t *error)
{
	bool before = armed;
	json_t *root;

	armed = false;
	root = __real_json_loadb(bytes, len, flags, error);
	armed = before;
	return root;
}

void
memory_fails(unsigned n)
{
	armed = true;
	failed = false;
	left = n;
}

bool
memory_failed(void)
{
	armed = false;
	return failed;
}
