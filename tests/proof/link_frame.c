/*
 * For Frama-C's Eva: any frame that recvmsg(2) can bring, in any state, by
 * any table of up to 16 rules (the longest of ours has fewer).
 */
#include "tests/proof/link_includes.h"

#include "privsep/link.c"

#include <__fc_builtin.h>

#define RULES 16

static uint8_t store[1 + LINK_BODY_MAX];
static struct link_rule rules[RULES];

static void
make_rule(struct link_rule *rule)
{
	rule->name = "RULE";
	rule->states = Frama_C_unsigned_int_interval(0, UINT_MAX);
	rule->min = Frama_C_unsigned_int_interval(0, UINT_MAX);
	rule->max = Frama_C_unsigned_int_interval(0, UINT_MAX);
	rule->fds = Frama_C_unsigned_char_interval(0, UCHAR_MAX);
}

int
main(void)
{
	struct link_direction in = { .name = "peer", .rules = rules };
	struct link l = { .buffer = store };
	struct received got;
	char why[WHY_MAX];

	in.count = Frama_C_unsigned_int_interval(0, RULES);
	for (unsigned i = 0; i < RULES; i++)
		make_rule(&rules[i]);
	l.setup.in = &in;
	l.state = Frama_C_unsigned_int_interval(0, UINT_MAX);
	Frama_C_make_unknown((char *)store, sizeof store);
	got.len = Frama_C_unsigned_long_interval(1, sizeof store);
	got.flags = Frama_C_int_interval(INT_MIN, INT_MAX);
	got.fd_count = Frama_C_unsigned_int_interval(0, LINK_FDS_MAX);
	return rule_for_received(&l, &got, why) == NULL;
}
