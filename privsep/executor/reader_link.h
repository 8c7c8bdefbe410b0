/*
 * amirald-reader: started for each configuration that is read, heard until
 * it has handed over everything or ends. Part of amirald.
 */
#ifndef AMIRAL_EXECUTOR_READER_LINK_H
#define AMIRAL_EXECUTOR_READER_LINK_H

#include "privsep/executor/executor.h"

/* Starts it; executor.incoming is what it hands over. */
void reader_begin(struct executor *);
/* What it has handed over, which becomes the caller's; NULL, logged. */
struct settings *reader_take(struct executor *);
/* amirald -t: becomes the reader, which answers and ends. Fatal. */
_Noreturn void reader_check(const char *path, const struct options *);

#endif
