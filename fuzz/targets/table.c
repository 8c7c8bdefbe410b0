/*
 * Fuzz target: a table as amirald-reader hands it over. What says who made it
 * is always put right; of the rest, what is taken lies inside the mapping:
 * every text ends, every list is of whole elements, and is read to its end.
 */
#include "privsep/executor/table.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "privsep/messages.h"
#include "privsep/reader/sealed.h"

static void
put_right(uint8_t *bytes, size_t size)
{
	struct table head;

	memcpy(&head, bytes, sizeof head);
	memset(head.version, 0, sizeof head.version);
	memcpy(head.version, TABLE_VERSION, sizeof TABLE_VERSION);
	head.table_size = sizeof head;
	head.row_size = sizeof(struct table_row);
	head.size = (uint32_t)size;
	memcpy(bytes, &head, sizeof head);
}

static void
look_at(const struct table *t, struct table_piece piece, size_t element)
{
	const uint8_t *bytes = table_bytes(t, piece);
	uint8_t sum = 0;

	MUST(piece.at <= t->size && piece.len <= t->size - piece.at);
	MUST(piece.at % TABLE_ALIGN == 0 && piece.len % element == 0);
	for (size_t i = 0; i < piece.len; i++)
		sum ^= bytes[i];
	MUST(sum == 0 || piece.len > 0);
}

static void
look_at_text(const struct table *t, struct table_piece piece)
{
	look_at(t, piece, 1);
	MUST(strnlen(table_text(t, piece), piece.len) + 1 == piece.len);
}

static void
look_at_row(const struct table *t, const struct table_row *row)
{
	const struct drop_ids ids = table_ids(t, &row->ids);
	struct sock_fprog program;
	const struct sock_fprog *filter;

	look_at_text(t, row->name);
	look_at_text(t, row->path);
	look_at(t, row->ids.groups, sizeof(gid_t));
	MUST(ids.n * sizeof(gid_t) == row->ids.groups.len);
	filter = table_filter(t, row->filter, &program);
	MUST(filter == NULL || program.len * sizeof *program.filter ==
				   t->filters[row->filter].len);
	MUST(table_find(t, table_text(t, row->name)) <= row);
}

static void
look_at_all(const struct table *t)
{
	const struct link_rule *commit = &executor_to_gate.rules[E2G_COMMIT];
	const struct table_row *rows = table_bytes(t, t->rows);

	look_at_text(t, t->facts);
	look_at_text(t, t->state_dir);
	look_at(t, t->commit, 1);
	MUST(t->commit.len >= commit->min && t->commit.len <= commit->max);
	look_at(t, t->gate.groups, sizeof(gid_t));
	look_at(t, t->net.groups, sizeof(gid_t));
	for (size_t i = 0; i < TABLE_FILTERS; i++)
		look_at(t, t->filters[i], sizeof(struct sock_filter));
	look_at(t, t->rows, sizeof *rows);
	for (size_t i = 0; i < t->rows.len / sizeof *rows; i++)
		look_at_row(t, &rows[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct table *t;
	const char *why = NULL;
	uint8_t *bytes;
	int fd;

	fuzz_prepare();
	if (size < sizeof(struct table) || (bytes = malloc(size)) == NULL)
		return 0;
	memcpy(bytes, data, size);
	put_right(bytes, size);
	fd = sealed_make(bytes, size);
	free(bytes);
	MUST(fd != -1);
	t = table_open(fd, &why);
	close(fd);
	MUST(t != NULL || strcmp(why, "its table is broken") == 0);
	if (t != NULL)
		look_at_all(t);
	table_close(t);
	return 0;
}
