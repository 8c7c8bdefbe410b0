/*
 * The audit trail: lines that the gate made, appended to a file or given to
 * syslog. Part of amirald.
 */
#ifndef AMIRAL_EXECUTOR_AUDIT_H
#define AMIRAL_EXECUTOR_AUDIT_H

#include <stddef.h>
#include <stdint.h>

#define AUDIT_SYSLOG (-1)

/* path "" means syslog. 0 and the descriptor, or -1, logged. */
int audit_open(const char *path, int *out);
void audit_close(int);
/* What is not printable ASCII is written as '?'. A failure is logged. */
void audit_write(int, const uint8_t *line, size_t len);

#endif
