/* The network process: its start and what it is told. Part of amirald. */
#ifndef AMIRAL_EXECUTOR_NET_LINK_H
#define AMIRAL_EXECUTOR_NET_LINK_H

#include "privsep/executor/executor.h"

/* peer_fn of net: starts it and gives the gate its new link. */
void net_begin(struct peer *);

#endif
