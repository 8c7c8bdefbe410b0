/* Where the audit trail goes. Part of amirald-reader. */
#ifndef AMIRAL_READER_AUDIT_OPEN_H
#define AMIRAL_READER_AUDIT_OPEN_H

#define AUDIT_SYSLOG (-1)

/* path "" means syslog. 0 and the descriptor, or -1, logged. */
int audit_open(const char *path, int *out);
void audit_close(int);

#endif
