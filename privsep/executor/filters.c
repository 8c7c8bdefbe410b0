/* Part of amirald. */
#include "privsep/executor/filters.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/log.h"

static const struct {
	enum profile profile;
	bool network;
	enum sandbox kind;
} kinds[] = {
	{ PROFILE_SERVICE, false, SANDBOX_SERVICE },
	{ PROFILE_SERVICE, true, SANDBOX_SERVICE_NETWORK },
	{ PROFILE_STRICT, false, SANDBOX_STRICT },
	{ PROFILE_STRICT, true, SANDBOX_STRICT_NETWORK },
};

#define KINDS (sizeof kinds / sizeof kinds[0])

void
filters_compile(struct filters *filters)
{
	for (size_t i = 0; i < KINDS; i++)
		if (sandbox_compile(
			kinds[i].kind, &filters->programs[kinds[i].kind]) == -1)
			fatal_errno("cannot compile a system call filter");
}

void
filters_free(struct filters *filters)
{
	for (size_t i = 0; i < KINDS; i++)
		free(filters->programs[kinds[i].kind].filter);
}

const struct sock_fprog *
filters_of(const struct filters *filters, const struct provider_conf *row)
{
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].profile == row->profile &&
		    kinds[i].network == row->network)
			return &filters->programs[kinds[i].kind];
	return NULL;
}
