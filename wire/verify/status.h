/*
 * Why bytes from outside were not accepted: counted and logged by name,
 * never echoed to whoever sent them.
 */
#ifndef AMIRAL_WIRE_VERIFY_STATUS_H
#define AMIRAL_WIRE_VERIFY_STATUS_H

enum status {
	STATUS_OK,
	STATUS_TOO_LONG, /* over the bound of its kind */
	STATUS_LAYOUT,   /* lines, empty line, payload: not an envelope */
	STATUS_LINES, /* not 1 to 4 lines, or not as many as the payload says */
	STATUS_BASE64,      /* not canonical base64 */
	STATUS_BLOB,        /* a fixed byte of the SSHSIG blob differs */
	STATUS_NAMESPACE,   /* signed for another purpose */
	STATUS_SAME_KEY,    /* one key twice */
	STATUS_KEY,         /* not a valid point of the prime-order group */
	STATUS_SIGNATURE,   /* does not verify */
	STATUS_UNKNOWN_KEY, /* verifies, by nobody we know for this purpose */
	STATUS_REVOKED,
	STATUS_VALIDITY, /* known key, outside valid-after and valid-before */
	STATUS_JSON,     /* not strict JSON */
	STATUS_SCHEMA,   /* unknown, missing or ill-typed member */
	STATUS_RANGE,    /* a member out of its range */
	STATUS_OPERATOR, /* names another operator than signed line 1 */
	STATUS_FLEET,    /* another fleet */
	STATUS_MATCH,    /* an empty, vacuous or ill-formed match */
	STATUS_NOT_MATCHED, /* valid, for others */
	STATUS_SEAL,    /* does not open, or outer and inner members differ */
	STATUS_HOST,    /* names another host than the key's */
	STATUS_UNBOUND, /* belongs to another request */
	STATUS_MEMORY,  /* ours, not theirs: out of memory */
	STATUS_COUNT
};

/* "signature", "namespace", ...: short, lower case, for counters. */
const char *status_name(enum status);

#endif
