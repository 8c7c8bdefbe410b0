/* Part of amirald. */
#include "privsep/executor/table.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "config.h"
#include "privsep/messages.h"

struct mapping {
	const struct table *table;
	size_t size;
};

const void *
table_bytes(const struct table *t, struct table_piece piece)
{
	return (const uint8_t *)t + piece.at;
}

const char *
table_text(const struct table *t, struct table_piece piece)
{
	return table_bytes(t, piece);
}

/* Of whole elements, inside the mapping. */
static bool
is_array(const struct mapping *m, struct table_piece piece, size_t element)
{
	return piece.at % TABLE_ALIGN == 0 && piece.at <= m->size &&
	       piece.len <= m->size - piece.at && piece.len % element == 0;
}

static bool
is_text(const struct mapping *m, struct table_piece piece)
{
	return is_array(m, piece, 1) && piece.len > 0 &&
	       memchr(table_bytes(m->table, piece), '\0', piece.len) ==
		   table_text(m->table, piece) + piece.len - 1;
}

static bool
is_row(const struct mapping *m, const struct table_row *row)
{
	return is_text(m, row->name) && is_text(m, row->path) &&
	       is_array(m, row->ids.groups, sizeof(gid_t)) &&
	       row->filter < TABLE_FILTERS;
}

static bool
are_rows(const struct mapping *m, struct table_piece piece)
{
	const struct table_row *rows = table_bytes(m->table, piece);

	if (!is_array(m, piece, sizeof *rows))
		return false;
	for (size_t i = 0; i < piece.len / sizeof *rows; i++)
		if (!is_row(m, &rows[i]))
			return false;
	return true;
}

/* Only a build without a sandbox has none where one is wanted. */
static bool
is_filter(const struct mapping *m, struct table_piece piece, bool none)
{
	return is_array(m, piece, sizeof(struct sock_filter)) &&
	       piece.len <= BPF_MAXINSNS * sizeof(struct sock_filter) &&
	       (piece.len == 0) == (none || AMIRAL_SANDBOX_OFF);
}

static bool
is_whole(const struct mapping *m)
{
	const struct link_rule *commit = &executor_to_gate.rules[E2G_COMMIT];
	const struct table *t = m->table;

	for (size_t i = 0; i < TABLE_FILTERS; i++)
		if (!is_filter(m, t->filters[i], i == TABLE_FILTER_NONE))
			return false;
	return is_array(m, t->gate.groups, sizeof(gid_t)) &&
	       is_array(m, t->net.groups, sizeof(gid_t)) &&
	       is_array(m, t->commit, 1) && commit->min <= t->commit.len &&
	       t->commit.len <= commit->max && is_text(m, t->facts) &&
	       is_text(m, t->state_dir) && are_rows(m, t->rows);
}

/* Its own first words say so, whatever the rest means. */
static bool
is_ours(const struct mapping *m)
{
	_Static_assert(sizeof TABLE_VERSION <= TABLE_VERSION_MAX, "too long");
	return m->size >= sizeof *m->table &&
	       strncmp(m->table->version, TABLE_VERSION,
		   sizeof m->table->version) == 0 &&
	       m->table->table_size == sizeof *m->table &&
	       m->table->row_size == sizeof(struct table_row) &&
	       m->table->size == m->size;
}

static bool
map(struct mapping *m, int fd)
{
	struct stat st;

	int seals = fcntl(fd, F_GET_SEALS);

	/* The kernel may have added one of its own (vm.memfd_noexec). */
	if (seals == -1 || (seals & TABLE_SEALS) != TABLE_SEALS ||
	    fstat(fd, &st) == -1 || st.st_size < 1 ||
	    st.st_size > TABLE_BYTES_MAX)
		return false;
	m->size = (size_t)st.st_size;
	/* Shared read-only mappings of sealed files came with Linux 6.7. */
	m->table = mmap(NULL, m->size, PROT_READ, MAP_PRIVATE, fd, 0);
	return m->table != MAP_FAILED;
}

const struct table *
table_open(int fd, const char **why)
{
	struct mapping m;

	*why = "it handed over what is no sealed table";
	if (!map(&m, fd))
		return NULL;
	if (!is_ours(&m))
		*why = "it is of another version: restart amirald";
	else if (!is_whole(&m))
		*why = "its table is broken";
	else
		return m.table;
	munmap((void *)(uintptr_t)m.table, m.size);
	return NULL;
}

void
table_close(const struct table *t)
{
	if (t != NULL)
		munmap((void *)(uintptr_t)t, t->size);
}

const struct table_row *
table_find(const struct table *t, const char *name)
{
	const struct table_row *rows = table_bytes(t, t->rows);

	for (size_t i = 0; i < t->rows.len / sizeof *rows; i++)
		if (strcmp(table_text(t, rows[i].name), name) == 0)
			return &rows[i];
	return NULL;
}

struct drop_ids
table_ids(const struct table *t, const struct table_ids *ids)
{
	return (struct drop_ids){
		.uid = ids->uid,
		.gid = ids->gid,
		.groups = table_bytes(t, ids->groups),
		.n = ids->groups.len / sizeof(gid_t),
		.keep = ids->keep,
		.keep_bounding = ids->keep_bounding,
	};
}

const struct sock_fprog *
table_filter(const struct table *t, uint32_t filter, struct sock_fprog *out)
{
	struct table_piece piece = t->filters[filter];

	/* The kernel only reads it; struct sock_fprog cannot say so. */
	*out = (struct sock_fprog){
		.len = (unsigned short)(piece.len / sizeof *out->filter),
		.filter = (void *)(uintptr_t)table_bytes(t, piece),
	};
	return out->len > 0 ? out : NULL;
}
