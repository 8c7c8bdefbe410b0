/*
 * Memory that runs out where a target says so: what the product
 * allocates, for itself and for jansson (json_prepare()), goes through here;
 * see meson.build. Locked pages do not.
 */
#ifndef AMIRAL_FUZZ_MEMORY_H
#define AMIRAL_FUZZ_MEMORY_H

#include <stdbool.h>

/* From here on the n-th allocation (from 0) fails, once. */
void memory_fails(unsigned n);
/* No allocation fails any more; whether one did. */
bool memory_failed(void);

#endif
