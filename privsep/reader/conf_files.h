/* The configuration's files, opened and read. Part of amirald-reader. */
#ifndef AMIRAL_READER_CONF_FILES_H
#define AMIRAL_READER_CONF_FILES_H

#include "base/agent_conf.h"
#include "privsep/reader/file_set.h"

/*
 * Reads path and conf.d/NAME.conf beside it, in the order of their names;
 * the set keeps the descriptors. The caller ends with conf_files_free().
 * NULL, logged.
 */
struct agent_conf *conf_files_read(const char *path, struct file_set *);
void conf_files_free(struct agent_conf *);

#endif
