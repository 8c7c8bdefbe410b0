/* The audit trail: lines that the gate made. Part of amirald. */
#ifndef AMIRAL_EXECUTOR_AUDIT_H
#define AMIRAL_EXECUTOR_AUDIT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Appends to the file, or gives to syslog where it is -1. What is not
 * printable ASCII is written as '?'. A failure is logged.
 */
void audit_write(int, const uint8_t *line, size_t len);

#endif
