/*
 * How a system call filter is written down; private to sandbox*.c. Part of
 * every process that enters one.
 */
#ifndef AMIRAL_PRIVSEP_SANDBOX_RULES_H
#define AMIRAL_PRIVSEP_SANDBOX_RULES_H

#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "privsep/sandbox.h"

#define SANDBOX_ARGS_MAX 2

struct sandbox_rule {
	int number;
	unsigned arg_count;
	struct scmp_arg_cmp args[SANDBOX_ARGS_MAX];
	bool self; /* the first argument must be our own pid */
};

/* clang-format off */
#define ANY(name)             { .number = SCMP_SYS(name) }
#define ONE(name, arg)        { .number = SCMP_SYS(name), 1, { arg } }
#define TWO(name, arg, also)  { .number = SCMP_SYS(name), 2, { arg, also } }
#define OF_SELF(name)         { .number = SCMP_SYS(name), .self = true }

#define ARG_IS(n, value)      { n, SCMP_CMP_EQ, value, 0 }
#define ARG_IS_NOT(n, value)  { n, SCMP_CMP_NE, value, 0 }
#define ARG_LACKS(n, bits)    { n, SCMP_CMP_MASKED_EQ, bits, 0 }
#define ARG_BITS(n, bits, is) { n, SCMP_CMP_MASKED_EQ, bits, is }
/* clang-format on */

/* One topic's calls and what happens to them. */
struct sandbox_topic {
	uint32_t action;
	const struct sandbox_rule *rules;
	size_t count;
};

/* clang-format off */
#define TOPIC(act, rules) { act, rules, sizeof(rules) / sizeof(rules)[0] }
/* clang-format on */
#define ALLOWED(rules) TOPIC(SCMP_ACT_ALLOW, rules)
#define DENIED(rules)  TOPIC(SCMP_ACT_ERRNO(EPERM), rules)

struct sandbox_policy {
	uint32_t otherwise; /* what happens to a call that no topic names */
	bool compat;        /* also speaks for programs of the 32-bit sister */
	const struct sandbox_topic *topics;
	size_t count;
};

/* clang-format off */
#define POLICY(otherwise, sisters, topics) \
	{ otherwise, sisters, topics, sizeof(topics) / sizeof(topics)[0] }
/* clang-format on */

extern const struct sandbox_policy sandbox_policy_net, sandbox_policy_gate,
    sandbox_policy_executor, sandbox_policy_service,
    sandbox_policy_service_network, sandbox_policy_strict,
    sandbox_policy_strict_network;

/* The context of a policy, to load or to export, then to release; NULL and
 * errno. */
scmp_filter_ctx sandbox_build(enum sandbox);

#endif
