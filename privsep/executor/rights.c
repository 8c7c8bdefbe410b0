/* Part of amirald. */
#include "privsep/executor/rights.h"

#include <stdio.h>
#include <sys/capability.h>

#include "base/log.h"

#define BIT(cap) ((uint64_t)1 << (cap))

/*
 * Ids and signals of children; CAP_SYS_CHROOT, which gate and net have until
 * they are in their empty root; CAP_SETPCAP, without which a child's bounding
 * set and secure bits stay as they are. What amirald opens belongs to root.
 */
#define OWN                                                                    \
	(BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_KILL) |                   \
	    BIT(CAP_SYS_CHROOT) | BIT(CAP_SETPCAP))

/* What a daemon row restarts has to be whole. */
static uint64_t
row_needs(const struct provider *row)
{
	if (row->conf.daemon)
		return UINT64_MAX;
	if (row->conf.has_capabilities)
		return row->conf.capabilities;
	return row->who.uid == 0 ? UINT64_MAX : 0;
}

uint64_t
rights_needed(const struct provider_table *table)
{
	uint64_t needed = OWN;

	for (unsigned i = 0; i < table->count; i++)
		needed |= row_needs(&table->rows[i]);
	return needed;
}

static bool
is_kept(uint64_t keep, cap_value_t cap)
{
	return cap < 64 && (keep & BIT(cap)) != 0;
}

static void
keep_in_set(cap_t caps, uint64_t keep, cap_value_t cap)
{
	static const cap_flag_t flags[] = { CAP_EFFECTIVE, CAP_PERMITTED };

	if (cap_set_flag(caps, CAP_INHERITABLE, 1, &cap, CAP_CLEAR) == -1)
		fatal_errno("cap_set_flag");
	for (size_t i = 0; !is_kept(keep, cap) && i < 2; i++)
		if (cap_set_flag(caps, flags[i], 1, &cap, CAP_CLEAR) == -1)
			fatal_errno("cap_set_flag");
}

/* The bounding set first: that takes CAP_SETPCAP. */
void
rights_trim(uint64_t keep)
{
	cap_t caps = cap_get_proc();

	if (caps == NULL)
		fatal_errno("cap_get_proc");
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++) {
		if (!is_kept(keep, cap) && cap_get_bound(cap) == 1 &&
		    cap_drop_bound(cap) == -1)
			fatal_errno("cannot drop capability %d", cap);
		keep_in_set(caps, keep, cap);
	}
	if (cap_set_proc(caps) == -1)
		fatal_errno("cap_set_proc");
	cap_free(caps);
}

uint64_t
rights_held(void)
{
	uint64_t held = 0;

	for (cap_value_t cap = 0; cap < 64 && cap < cap_max_bits(); cap++)
		if (cap_get_bound(cap) == 1)
			held |= BIT(cap);
	return held;
}

int
rights_missing(uint64_t needed)
{
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++)
		if (is_kept(needed, cap) && cap_get_bound(cap) != 1)
			return cap;
	return -1;
}

void
rights_text(uint64_t rights, char out[static RIGHTS_TEXT_MAX])
{
	size_t used = 0;

	snprintf(out, RIGHTS_TEXT_MAX, "all of root's");
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++) {
		char *name;

		if (rights == UINT64_MAX || !is_kept(rights, cap) ||
		    (name = cap_to_name(cap)) == NULL)
			continue;
		if (used < RIGHTS_TEXT_MAX)
			used +=
			    (size_t)snprintf(out + used, RIGHTS_TEXT_MAX - used,
				"%s%s", used > 0 ? ", " : "", name);
		cap_free(name);
	}
}
