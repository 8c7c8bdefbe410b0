/* Memory files that nobody can change any more. Part of amirald-reader. */
#ifndef AMIRAL_READER_SEALED_H
#define AMIRAL_READER_SEALED_H

#include <stddef.h>

/* A close-on-exec descriptor of one with these bytes; -1 with errno. */
int sealed_make(const void *bytes, size_t len);

#endif
