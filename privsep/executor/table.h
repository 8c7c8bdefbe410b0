/* The table that amirald-reader has made, mapped. Part of amirald. */
#ifndef AMIRAL_EXECUTOR_TABLE_H
#define AMIRAL_EXECUTOR_TABLE_H

#include <linux/filter.h>
#include <stddef.h>

#include "privsep/drop.h"
#include "privsep/table.h"

/*
 * Maps what the descriptor holds and checks all of it. NULL where it is no
 * table, and why: it comes from another version, or is broken.
 */
const struct table *table_open(int fd, const char **why);
void table_close(const struct table *);
/* The row of that name, or NULL. */
const struct table_row *table_find(const struct table *, const char *name);
/* Pieces of a table that table_open() has checked. */
const void *table_bytes(const struct table *, struct table_piece);
const char *table_text(const struct table *, struct table_piece);
struct drop_ids table_ids(const struct table *, const struct table_ids *);
/* NULL for none. out is the caller's. */
const struct sock_fprog *table_filter(
    const struct table *, uint32_t filter, struct sock_fprog *out);

#endif
