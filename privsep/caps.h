/*
 * Inside privsep only: capabilities of this task, by system calls alone (fit
 * for a vfork child). The C library's set*id() would signal threads and
 * share state with the parent of a vfork.
 */
#ifndef AMIRAL_PRIVSEP_CAPS_H
#define AMIRAL_PRIVSEP_CAPS_H

#include <stdint.h>
#include <sys/syscall.h>

#define CAP_BIT(cap) ((uint64_t)1 << (cap))

/* On 32-bit machines the short names mean 16-bit ids. */
#ifdef SYS_setresuid32
#define NR_SETRESUID SYS_setresuid32
#define NR_SETRESGID SYS_setresgid32
#define NR_SETGROUPS SYS_setgroups32
#else
#define NR_SETRESUID SYS_setresuid
#define NR_SETRESGID SYS_setresgid
#define NR_SETGROUPS SYS_setgroups
#endif

struct capabilities {
	uint64_t effective, permitted, inheritable;
};

/* Each 0, or -1 with errno. */
int caps_get(struct capabilities *out);
int caps_set(const struct capabilities *);
/* 0 if all three sets are exactly that. */
int caps_equal(uint64_t keep);
/* prctl(2), which reads whole registers. */
int caps_control(int option, unsigned long a, unsigned long b);
/* 0 if uid 0 is out of reach. */
int caps_way_back_closed(void);

#endif
