/* A reading as the table that amirald maps. Part of amirald-reader. */
#ifndef AMIRAL_READER_TABLE_MAKE_H
#define AMIRAL_READER_TABLE_MAKE_H

#include <stdbool.h>

#include "privsep/reader/reading.h"

/* A descriptor of it (privsep/table.h). Fatal where the system says no. */
int table_make(const struct reading *, bool root);

#endif
