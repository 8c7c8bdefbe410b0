/* Part of amirald-reader. */
#include "privsep/reader/table_make.h"

#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/log.h"
#include "config.h"
#include "privsep/drop.h"
#include "privsep/messages.h"
#include "privsep/reader/rights.h"
#include "privsep/reader/sealed.h"
#include "privsep/sandbox.h"
#include "privsep/table.h"

/* Grows; what has been put into it is found by its offset. */
struct making {
	uint8_t *bytes;
	size_t used, size;
};

static const struct {
	enum profile profile;
	bool network;
	enum sandbox kind;
	enum table_filter filter;
} profiles[] = {
	{ PROFILE_SERVICE, false, SANDBOX_SERVICE, TABLE_FILTER_SERVICE },
	{ PROFILE_SERVICE, true, SANDBOX_SERVICE_NETWORK,
	    TABLE_FILTER_SERVICE_NETWORK },
	{ PROFILE_STRICT, false, SANDBOX_STRICT, TABLE_FILTER_STRICT },
	{ PROFILE_STRICT, true, SANDBOX_STRICT_NETWORK,
	    TABLE_FILTER_STRICT_NETWORK },
};

#define PROFILES (sizeof profiles / sizeof profiles[0])

static size_t
aligned(size_t n)
{
	return (n + TABLE_ALIGN - 1) / TABLE_ALIGN * TABLE_ALIGN;
}

static struct table_piece
put(struct making *m, const void *bytes, size_t len)
{
	struct table_piece piece = { (uint32_t)m->used, (uint32_t)len };
	size_t end = aligned(m->used + len);

	if (len > TABLE_BYTES_MAX || end > TABLE_BYTES_MAX)
		fatal("the table of providers has more than %d bytes",
		    TABLE_BYTES_MAX);
	if (end > m->size) {
		m->size = end * 2;
		if ((m->bytes = realloc(m->bytes, m->size)) == NULL)
			fatal_errno("table of providers");
	}
	memset(m->bytes + m->used, 0, end - m->used);
	if (len > 0)
		memcpy(m->bytes + m->used, bytes, len);
	m->used = end;
	return piece;
}

static struct table_piece
put_text(struct making *m, const char *text)
{
	return put(m, text, strlen(text) + 1);
}

static struct table_ids
put_identity(struct making *m, const struct identity *who)
{
	return (struct table_ids){
		.uid = who->uid,
		.gid = who->gid,
		.groups = put(m, who->groups, who->count * sizeof *who->groups),
	};
}

/* In gate and net, until they are in their empty root directory. */
static struct table_ids
put_jailed(struct making *m, const struct identity *who)
{
	struct table_ids ids = put_identity(m, who);

	ids.keep = (uint64_t)1 << CAP_SYS_CHROOT;
	return ids;
}

/*
 * root's own capabilities stay where no list is given; a daemon row keeps
 * the bounding set, so that what it restarts is whole.
 */
static struct table_ids
put_provider_ids(struct making *m, const struct provider *row)
{
	struct table_ids ids = put_identity(m, &row->who);

	if (row->conf.has_capabilities)
		ids.keep = row->conf.capabilities;
	ids.keep_bounding = ids.keep;
	if (row->conf.daemon)
		ids.keep_bounding = DROP_KEEP_ALL;
	if (ids.uid == 0 && !row->conf.has_capabilities)
		ids.keep = DROP_KEEP_ALL;
	return ids;
}

static enum table_filter
filter_of(const struct provider_conf *conf)
{
	for (size_t i = 0; i < PROFILES; i++)
		if (profiles[i].profile == conf->profile &&
		    profiles[i].network == conf->network)
			return profiles[i].filter;
	return TABLE_FILTER_NONE;
}

static struct table_piece
put_rows(struct making *m, const struct provider_table *providers)
{
	struct table_row *rows;
	struct table_piece piece;

	if ((rows = calloc(providers->count, sizeof *rows)) == NULL)
		fatal_errno("table of providers");
	for (unsigned i = 0; i < providers->count; i++) {
		const struct provider *from = &providers->rows[i];

		rows[i] = (struct table_row){
			.name = put_text(m, from->conf.name),
			.path = put_text(m, from->path),
			.ids = put_provider_ids(m, from),
			.memory = from->conf.memory,
			.timeout_s = from->conf.timeout_s,
			.filter = filter_of(&from->conf),
			.daemon = from->conf.daemon,
		};
	}
	piece = put(m, rows, providers->count * sizeof *rows);
	free(rows);
	return piece;
}

static struct table_piece
put_filter(struct making *m, enum sandbox kind)
{
	struct sock_fprog program;
	struct table_piece piece;

	if (sandbox_compile(kind, &program) == -1)
		fatal_errno("cannot compile a system call filter");
	piece = put(m, program.filter, program.len * sizeof *program.filter);
	free(program.filter);
	return piece;
}

static struct table_piece
put_commit(struct making *m, const char *hostname, bool root)
{
	uint8_t body[1 + 4 + HOSTNAME_MAX];
	struct writer w;

	writer_init(&w, body, sizeof body);
	writer_u8(&w, root);
	writer_text(&w, hostname);
	return put(m, body, w.used);
}

static struct table_piece
put_facts(struct making *m, const char *facts_dir)
{
	struct table_piece piece;
	char *text;

	if (asprintf(&text, "AMIRAL_FACTS_DIR=%s", facts_dir) == -1)
		fatal_errno("table of providers");
	piece = put_text(m, text);
	free(text);
	return piece;
}

static void
fill(struct making *m, struct table *t, const struct reading *s, bool root)
{
	snprintf(t->version, sizeof t->version, "%s", TABLE_VERSION);
	t->table_size = sizeof *t;
	t->row_size = sizeof(struct table_row);
	t->rights = rights_needed(&s->table);
	t->gate = put_jailed(m, &s->gate);
	/* net's may be what opens Redis's Unix socket; the gate needs none. */
	t->gate.groups = (struct table_piece){ 0 };
	t->net = put_jailed(m, &s->net);
	t->commit = put_commit(m, s->hostname, root);
	t->facts = put_facts(m, s->facts_dir);
	t->state_dir = put_text(m, s->state_dir);
	t->filters[TABLE_FILTER_EXECUTOR] = put_filter(m, SANDBOX_EXECUTOR);
	for (size_t i = 0; i < PROFILES; i++)
		t->filters[profiles[i].filter] =
		    put_filter(m, profiles[i].kind);
	t->rows = put_rows(m, &s->table);
}

int
table_make(const struct reading *s, bool root)
{
	struct table table = { 0 };
	struct making m = { 0 };
	int fd;

	put(&m, &table, sizeof table);
	fill(&m, &table, s, root);
	table.size = (uint32_t)m.used;
	memcpy(m.bytes, &table, sizeof table);
	if ((fd = sealed_make(m.bytes, m.used)) == -1)
		fatal_errno("memory for the table of providers");
	free(m.bytes);
	return fd;
}
