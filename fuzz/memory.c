#include "fuzz/memory.h"

#include <stdlib.h>

static bool armed, failed;
static unsigned left;

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
