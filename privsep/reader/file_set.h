/*
 * The descriptors that the gate reads: opened by the rules of base/file.h,
 * kept open so that a gate that starts anew gets the same set. All but the
 * secret ones are sealed copies: an edit counts from the next reload on, not
 * from the next start of a gate. Part of amirald-reader.
 */
#ifndef AMIRAL_READER_FILE_SET_H
#define AMIRAL_READER_FILE_SET_H

#include <stddef.h>

#include "base/file.h"
#include "privsep/messages.h"

struct file_set_entry {
	enum gate_file kind;
	char *name;
	int fd;
};

struct file_set {
	struct file_set_entry *entries;
	unsigned count;
};

/* Opens path; name is what the gate is told. The descriptor, or -1, logged. */
int file_set_open(struct file_set *, enum gate_file kind, const char *name,
    const char *path, enum file_rule rule, size_t max);
void file_set_free(struct file_set *);

#endif
