/*
 * Everything that the configuration means to amirald, complete or not at
 * all. Part of amirald.
 */
#ifndef AMIRAL_EXECUTOR_SETTINGS_H
#define AMIRAL_EXECUTOR_SETTINGS_H

#include "privsep/executor/provider.h"

struct settings {
	char hostname[HOSTNAME_MAX + 1];
	char *state_dir;
	struct identity net, gate; /* not looked up unless started by root */
	struct file_set files;     /* what the gate gets */
	struct provider_table table;
	uint8_t *
	    net_config; /* what net gets (E2N_CONFIG), without its first byte */
	size_t net_config_len;
	int audit;
};

/* NULL, logged. */
struct settings *settings_load(
    const char *path, const struct filters *, bool root);
/* The same from a configuration that has been read; the set becomes its. */
struct settings *settings_make(const struct agent_conf *, struct file_set *,
    const struct filters *, bool root);
void settings_free(struct settings *);
/* True if net must be told anew. */
bool settings_net_differs(const struct settings *, const struct settings *);

#endif
