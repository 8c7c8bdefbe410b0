/*
 * What amirald-reader has handed over, complete or not at all: the table,
 * and what gate and net are told. Part of amirald.
 */
#ifndef AMIRAL_EXECUTOR_SETTINGS_H
#define AMIRAL_EXECUTOR_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "privsep/executor/state_dir.h"
#include "privsep/executor/table.h"

#define SETTINGS_FILES_MAX 1024

/* A frame E2G_FILE, to be sent to every gate. */
struct settings_file {
	uint8_t *body;
	size_t len;
	int fd;
};

struct settings {
	const struct table *table; /* NULL: not yet complete */
	struct settings_file *files;
	unsigned count;
	uint8_t *net_config; /* E2N_CONFIG without its first byte, or NULL */
	size_t net_config_len;
	struct state_dir state;
	int empty; /* its empty directory */
	int audit; /* -1: syslog */
};

struct settings *settings_new(void); /* fatal when out of memory */
void settings_free(struct settings *);
/* Takes fd over. False past SETTINGS_FILES_MAX. */
bool settings_add_file(
    struct settings *, const uint8_t *body, size_t len, int fd);
/* The last one counts. */
void settings_set_net(struct settings *, const uint8_t *body, size_t len);
/* True if net must be told anew. */
bool settings_net_differs(const struct settings *, const struct settings *);

#endif
