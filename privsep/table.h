/*
 * What may run, as whom and with what limits: the table that decides. It is
 * made by amirald-reader from files of root's, in a memory file that is
 * sealed against every change, and that amirald maps to read. Pieces are
 * offsets from the start, multiples of TABLE_ALIGN.
 *
 * Integers are the machine's own: both programs are of one version, and agree
 * about the sizes. A reader that was installed over a running amirald is
 * refused, until amirald has been started anew.
 */
#ifndef AMIRAL_PRIVSEP_TABLE_H
#define AMIRAL_PRIVSEP_TABLE_H

#include <stdint.h>

#include "config.h"

/* The number counts up with every change below, or of what a field means. */
#define TABLE_VERSION     AMIRAL_VERSION ", table 1"
#define TABLE_VERSION_MAX 32 /* bytes, with the NUL */
#define TABLE_BYTES_MAX   (16 * 1024 * 1024)
#define TABLE_ALIGN       8
#define TABLE_SEALS       (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

struct table_piece {
	uint32_t at, len; /* bytes; a text's length has its NUL */
};

struct table_ids {
	uint32_t uid, gid;
	struct table_piece groups;    /* gid_t */
	uint64_t keep, keep_bounding; /* privsep/drop.h */
};

enum table_filter { /* of instructions; NONE: an empty piece */
	TABLE_FILTER_NONE,
	TABLE_FILTER_EXECUTOR,
	TABLE_FILTER_SERVICE,
	TABLE_FILTER_SERVICE_NETWORK,
	TABLE_FILTER_STRICT,
	TABLE_FILTER_STRICT_NETWORK,
	TABLE_FILTERS
};

struct table_row {
	struct table_piece name, path; /* texts */
	struct table_ids ids;
	uint64_t memory; /* bytes */
	uint32_t timeout_s;
	uint32_t filter; /* enum table_filter */
	uint32_t daemon; /* 1: what it starts may stay, without limits */
};

struct table {
	char version[TABLE_VERSION_MAX]; /* TABLE_VERSION */
	uint32_t table_size, row_size;   /* sizeof */
	uint32_t size;                   /* bytes, of everything */
	uint64_t rights; /* capabilities that amirald needs, bits */
	struct table_ids gate, net;
	struct table_piece commit;    /* the body of E2G_COMMIT */
	struct table_piece facts;     /* text: AMIRAL_FACTS_DIR=... */
	struct table_piece state_dir; /* text: its path, for messages */
	struct table_piece filters[TABLE_FILTERS];
	struct table_piece rows; /* struct table_row */
};

#endif
