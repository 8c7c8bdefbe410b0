/*
 * Everything that the configuration means to amirald, complete or not at
 * all. Part of amirald-reader.
 */
#ifndef AMIRAL_READER_READING_H
#define AMIRAL_READER_READING_H

#include "privsep/reader/provider.h"

struct reading {
	char hostname[HOSTNAME_MAX + 1];
	char *state_dir, *facts_dir;
	struct identity net, gate; /* not looked up unless started by root */
	struct file_set files;     /* what the gate gets */
	struct provider_table table;
	uint8_t *
	    net_config; /* what net gets (E2N_CONFIG), without its first byte */
	size_t net_config_len;
	int audit;
};

/* NULL, logged. */
struct reading *reading_load(const char *path, bool root);
/* The same from a configuration that has been read; the set becomes its. */
struct reading *reading_make(
    const struct agent_conf *, struct file_set *, bool root);
void reading_free(struct reading *);

#endif
