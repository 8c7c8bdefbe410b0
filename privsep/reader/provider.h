/*
 * What may run, as whom and with what limits: the table that decides, made
 * from root-owned files alone. Part of amirald-reader.
 */
#ifndef AMIRAL_READER_PROVIDER_H
#define AMIRAL_READER_PROVIDER_H

#include "base/agent_conf.h"
#include "privsep/reader/file_set.h"
#include "privsep/reader/identity.h"

struct provider {
	struct provider_conf conf;
	char *path;
	struct identity who; /* not looked up where ids cannot be changed */
};

struct provider_table {
	struct provider *rows; /* by name */
	unsigned count;
};

/*
 * Every executable of the configured directories that has a description and
 * that some policy names; descriptions go to the set. root: run_as is to be
 * obeyed. 0, or -1, logged; provider_table_free() in both cases.
 */
int provider_table_load(struct provider_table *, const struct agent_conf *,
    bool root, struct file_set *);
void provider_table_free(struct provider_table *);

#endif
