/* The providers' system call filters, compiled once. Part of amirald. */
#ifndef AMIRAL_EXECUTOR_FILTERS_H
#define AMIRAL_EXECUTOR_FILTERS_H

#include "base/agent_conf.h"
#include "privsep/sandbox.h"

struct filters {
	struct sock_fprog programs[SANDBOX_KINDS];
};

/* Fatal where one cannot be compiled. */
void filters_compile(struct filters *);
void filters_free(struct filters *);
/* The filter of a row, or NULL for none. */
const struct sock_fprog *filters_of(
    const struct filters *, const struct provider_conf *);

#endif
