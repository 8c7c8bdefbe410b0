/* Part of amirald-reader. */
#include "privsep/reader/rights.h"

#include <stdio.h>
#include <sys/capability.h>

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

void
rights_text(uint64_t rights, char out[static RIGHTS_TEXT_MAX])
{
	size_t used = 0;

	snprintf(out, RIGHTS_TEXT_MAX, "all of root's");
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++) {
		char *name;

		if (rights == UINT64_MAX || cap >= 64 ||
		    (rights & BIT(cap)) == 0 ||
		    (name = cap_to_name(cap)) == NULL)
			continue;
		if (used < RIGHTS_TEXT_MAX)
			used +=
			    (size_t)snprintf(out + used, RIGHTS_TEXT_MAX - used,
				"%s%s", used > 0 ? ", " : "", name);
		cap_free(name);
	}
}
