/*
 * System call filters, as captioned tables (sandbox_*.c), one for each kind
 * of process. net and gate: allow-lists, all else kills. executor: a
 * deny-list (EPERM) fit for every descendant. Providers: profiles.
 */
#ifndef AMIRAL_PRIVSEP_SANDBOX_H
#define AMIRAL_PRIVSEP_SANDBOX_H

#include <linux/filter.h>
#include <stdbool.h>

enum sandbox {
	SANDBOX_NET,
	SANDBOX_GATE,
	SANDBOX_EXECUTOR,
	SANDBOX_SERVICE, /* provider profile, without network */
	SANDBOX_SERVICE_NETWORK,
	SANDBOX_STRICT,
	SANDBOX_STRICT_NETWORK,
	SANDBOX_KINDS
};

/*
 * Loads a filter into this process (no_new_privs must be set, or
 * CAP_SYS_ADMIN held). False with errno where the kernel refuses; net and
 * gate treat that as fatal. With the meson option sandbox=off: does nothing.
 */
bool sandbox_enter(enum sandbox);
/* The BPF program for a later child, allocated once. -1 with errno. */
int sandbox_compile(enum sandbox, struct sock_fprog *out);
/* In a vfork child: a system call, nothing else. */
int sandbox_apply(const struct sock_fprog *);

#endif
