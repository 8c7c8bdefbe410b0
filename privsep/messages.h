/*
 * Every message between two processes of ours: one enum and one rule table
 * for each direction. Integers are big-endian, "text" and "string" are
 * RFC 4251 strings (base/cursor.h), "rest" runs to the end of the frame.
 *
 * The sender's queue bounds stand in the direction (messages.c).
 */
#ifndef AMIRAL_PRIVSEP_MESSAGES_H
#define AMIRAL_PRIVSEP_MESSAGES_H

#include "privsep/link.h"

/* Where the links are after exec, and what 0, 1 and 2 are: /dev/null. */
#define LINK_FD_EXECUTOR 3 /* every child's link to amirald */
#define LINK_FD_GATE     4 /* net's link to the gate (agent role) */
#define LINK_FD_CTL      3 /* net's link to amiral (controller role) */

/* argv[1] of amiral-net. */
#define NET_ROLE_AGENT      "agent"
#define NET_ROLE_CONTROLLER "controller"

#define JOBS_MAX 64 /* provider processes running at once */

/* reader to executor: states of the executor towards the reader */
enum { READER_READING = 1 };
enum reader_to_executor {
	R2E_FILE, /* as E2G_FILE, to be sent to every gate */
	/* The body of E2N_CONFIG, without its first byte. It has the password,
	 * so it does not stand in the table. */
	R2E_NET,
	R2E_AUDIT, /* fd: where the audit trail goes; without it, to syslog */
	/* The set is complete. fds: the table (privsep/table.h), state_dir, the
	 * empty directory in it. */
	R2E_TABLE,
	R2E_REFUSED, /* there is none; why has been logged */
	R2E_COUNT
};
extern const struct link_direction reader_to_executor;
extern const struct link_direction executor_to_reader; /* nothing */
/*
 * argv of amirald-reader: [1] how much to log, [2] what to do, [3] the path
 * of the main file. To offer: [4] rights given up, hexadecimal bits. To
 * check: [4] operator, [5] provider, [6]... KEY=VALUE, or none of these.
 */
#define READER_INFO  "info"
#define READER_DEBUG "debug"
#define READER_OFFER "offer"
#define READER_CHECK "check"

/* executor to net: states of net */
enum { NET_UNCONFIGURED = 1, NET_CONFIGURED = 2 };
enum executor_to_net {
	/*
	 * Once. u8 jailed (1: started as root's child with CAP_SYS_CHROOT;
	 * chroot into the descriptor), text url, text password ("" for none),
	 * text fleet, text hostname; fd: the empty directory.
	 */
	E2N_CONFIG,
	E2N_COUNT
};
extern const struct link_direction executor_to_net;

enum net_to_executor {
	N2E_LOG, /* u8 enum log_level, rest: text, at most LOG_LINE_MAX */
	N2E_COUNT
};
extern const struct link_direction net_to_executor;

/* executor to gate: states of the gate */
enum { GATE_SETUP = 1, GATE_SERVING = 2 };
enum gate_file {
	GATE_FILE_CONF,        /* name: its path; the first is the main file */
	GATE_FILE_HOST_KEY,    /* name: its path, for messages */
	GATE_FILE_OPERATORS,   /* the same */
	GATE_FILE_DESCRIPTION, /* name: the provider's */
	GATE_FILE_TRUST, /* the list of the last G2E_TRUST; name: its path */
	GATE_FILE_CERTIFICATE, /* of the host key; name: its path */
	/* The key that the host rotates to, beside the other; as that one. */
	GATE_FILE_NEXT_KEY,
	GATE_FILE_REVOKED, /* of the last G2E_REVOKED; name: its path */
	GATE_FILES
};
enum executor_to_gate {
	/* u8 enum gate_file, rest: name; one read-only fd. Belongs to the set
	 * that the next COMMIT closes. */
	E2G_FILE,
	/*
	 * The set is complete: u8 jailed (first set: 1 = chroot into the fd,
	 * caps to drop; ignored later), text hostname (of the machine, used
	 * where the file names none); fd: the empty directory.
	 */
	E2G_COMMIT,
	E2G_NET, /* fd: the link to a fresh net; the former is dead */
	/* u32 job; fds: stdin (write end), stdout, stderr (read ends). */
	E2G_STARTED,
	/*
	 * u32 job, u8 enum job_end, u32 wait status or errno, u64 wall_us,
	 * user_us, system_us, u64 max_rss_kib. The job's number is free again.
	 */
	E2G_EXITED,
	/* u64 ms since the epoch: what was issued up to then is refused. */
	E2G_ISSUED,
	/* fd: NOTES_SIZE bytes to map, the same for every gate (poison.h). */
	E2G_NOTES,
	E2G_COUNT
};
#define NOTES_SIZE 32768 /* bytes, of a fixed size */
enum job_end {
	JOB_ENDED, /* by itself: the wait status tells */
	JOB_TIMEOUT,
	JOB_KILLED,      /* by G2E_KILL */
	JOB_NOT_STARTED, /* no such provider, a bound, or errno; no STARTED came
			  */
	JOB_ENDS
};
extern const struct link_direction executor_to_gate;

/* gate to executor: states of the executor towards this gate */
enum { EXECUTOR_STARTING = 1, EXECUTOR_SERVING = 2 };
enum gate_to_executor {
	/* Keys, policy and first facts are there: start net. Once. */
	G2E_READY,
	G2E_RELOADED, /* the last set is in force */
	/* rest: why the last set is not in force (the former one stays; where
	 * there is none the gate ends after this). */
	G2E_KEPT,
	/* u32 job (chosen by the gate, not in use), u32 timeout_ms (0: the
	 * row's), u32 bytes of arguments that will be written to stdin, u64
	 * issued (ms since the epoch, 0: nobody asked), rest: name */
	G2E_LAUNCH,
	G2E_KILL, /* u32 job; ignored where it has just ended */
	G2E_LOG,  /* as N2E_LOG */
	/* rest: one JSON line without its newline; what is not printable
	 * ASCII is written as '?'. */
	G2E_AUDIT,
	/* rest: the operators' list in force, an envelope, to be kept and
	 * handed over with every set (GATE_FILE_TRUST). */
	G2E_TRUST,
	/*
	 * rest: every key that lists have revoked on this host, as text
	 * (keys/revocations.h), to be kept and handed over with every set
	 * (GATE_FILE_REVOKED). It begins with what is kept already, and comes
	 * before the G2E_TRUST that adds to it.
	 */
	G2E_REVOKED,
	G2E_COUNT
};
#define AUDIT_LINE_MAX 4096
extern const struct link_direction gate_to_executor;

/* gate to net: states of net towards the gate */
enum { NET_CLOSED = 1, NET_OPEN = 2 };
enum gate_to_net {
	/*
	 * The operators' public keys: u8 1 = replaces all, 0 = adds; then for
	 * each u8 enum key_type, 32 bytes. At most NET_KEYS_MAX in all.
	 */
	G2N_KEYS,
	G2N_READY, /* subscribe. Once. */
	/*
	 * u64 id, u8 enum reply_via, u64 expires (ms since the epoch, of a
	 * list), 36 bytes reply_to, rest: envelope.
	 */
	G2N_REPLY,
	G2N_HELLO, /* u32 expiry in ms, rest: envelope */
	G2N_COUNT
};
#define NET_KEYS_MAX 16384
extern const struct link_direction gate_to_net;

enum net_to_gate {
	N2G_REQUEST, /* rest: envelope whose signatures net has verified */
	N2G_STORED,  /* u64 id, u8 1 = stored, 0 = gone (nobody waits any more)
		      */
	N2G_TRUST, /* rest: envelope of an operators' list, verified as well */
	N2G_COUNT
};
extern const struct link_direction net_to_gate;

/* controller to net: states of net */
enum { CTL_UNCONFIGURED = 1, CTL_CONFIGURED = 2 };
enum ctl_to_net {
	C2N_CONFIG, /* once: text url, text password, text fleet */
	/*
	 * Publishes: u64 stream expiry (ms since the epoch, PEXPIREAT),
	 * u64 oldest issued still alive (XTRIM MINID of the log), 36 bytes
	 * reply_to, u8 n, then n texts (hosts whose channels to use; 0:
	 * everyone's), rest: envelope. N2C_PUBLISHED answers.
	 */
	C2N_PUBLISH,
	/*
	 * Read the reply stream from a position on, until the end: 36 bytes
	 * reply_to, text position ("0-0" at first). Once.
	 */
	C2N_READ,
	/* Fetch hellos: texts (host names), at most 512. N2C_HELLOS answers. */
	C2N_HELLOS,
	/* u8 enum ctl_key, text name. N2C_VALUE answers. */
	C2N_GET,
	/*
	 * u8 enum ctl_key, text name, u32 expiry in ms (0: none), rest: the
	 * value; an empty one deletes. N2C_SET answers.
	 */
	C2N_SET,
	/* u8 enum ctl_key: all values of that kind. N2C_LIST answers. */
	C2N_LIST,
	C2N_NAMES, /* who has a hello? N2C_NAMES answers. */
	C2N_COUNT
};
#define CTL_HELLOS_MAX 512
#define CTL_NAMES_MAX  65536
/* Keys that the controller names; their names in Redis are net's business. */
enum ctl_key {
	CTL_KEY_ENROLL, /* name: a fingerprint as ssh-keygen -l shows it */
	CTL_KEY_TRUST,  /* name: "" */
	CTL_KEYS
};
#define CTL_NAME_MAX  50    /* bytes of a fingerprint */
#define CTL_VALUE_MAX 66560 /* an envelope of one line and 64 KiB */
#define CTL_LIST_MAX  4096  /* values of a list */
extern const struct link_direction ctl_to_net;

enum net_to_ctl {
	N2C_CONNECTED, /* both connections are up and net is locked in */
	/* rest: why there is no connection (any more); net ends after it. */
	N2C_FAILED,
	N2C_PUBLISHED, /* u8 1 = taken; 0: rest is Redis's error */
	/* text position of the last entry, then strings: the envelopes */
	N2C_ENTRIES,
	/* u8 1 = last frame of this answer, then strings in the order asked;
	 * an empty one: no hello there. */
	N2C_HELLOS,
	N2C_LOG,   /* as N2E_LOG */
	N2C_VALUE, /* u8 1 = there, 0 = not; rest: the value */
	N2C_SET,   /* as N2C_PUBLISHED */
	/*
	 * u8 0 = more frames follow, 1 = the last one, 2 = the last one of a
	 * list that was cut at its bounds; then strings: the values.
	 */
	N2C_LIST,
	/* u8 1 = last frame of this answer, then texts: at most CTL_NAMES_MAX
	 * host names in all, some perhaps twice. */
	N2C_NAMES,
	N2C_COUNT
};
extern const struct link_direction net_to_ctl;

#endif
