/* Part of amirald. */
#include "privsep/executor/file_set.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

/* Takes fd over. */
static void
add(struct file_set *set, enum gate_file kind, const char *name, int fd)
{
	struct file_set_entry *grown;

	grown = reallocarray(set->entries, set->count + 1, sizeof *grown);
	if (grown == NULL)
		fatal_errno("file set");
	set->entries = grown;
	grown[set->count] = (struct file_set_entry){ kind, strdup(name), fd };
	if (grown[set->count].name == NULL)
		fatal_errno("file set");
	set->count++;
}

int
file_set_open(struct file_set *set, enum gate_file kind, const char *name,
    const char *path, enum file_rule rule, size_t max)
{
	char error[FILE_ERROR_MAX];
	int fd;

	if ((fd = file_open(path, rule, max, error)) == -1) {
		log_error("%s", error);
		return -1;
	}
	add(set, kind, name, fd);
	return fd;
}

void
file_set_free(struct file_set *set)
{
	for (unsigned i = 0; i < set->count; i++) {
		close(set->entries[i].fd);
		free(set->entries[i].name);
	}
	free(set->entries);
	*set = (struct file_set){ 0 };
}
