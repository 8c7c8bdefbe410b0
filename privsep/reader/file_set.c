/* Part of amirald-reader. */
#include "privsep/reader/file_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/slurp.h"
#include "privsep/reader/sealed.h"

/*
 * Takes fd over. What was loaded is what every later gate gets, although the
 * file may be edited in place in the meantime.
 */
static int
freeze(int fd, const char *path, size_t max)
{
	char *text;
	size_t len;
	int frozen = -1;

	if ((text = slurp(fd, max, &len)) != NULL)
		frozen = sealed_make(text, len);
	if (frozen == -1)
		log_error("%s: cannot keep a copy: %s", path, strerror(errno));
	free(text);
	close(fd);
	return frozen;
}

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
	/* Secrets stay in their file: a copy could be swapped out. */
	if (rule != FILE_SECRET && (fd = freeze(fd, path, max)) == -1)
		return -1;
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
