/* amiral: the hellos of all known hosts, asked of net in chunks. */
#ifndef AMIRAL_CTL_FETCH_H
#define AMIRAL_CTL_FETCH_H

#include "ctl/hellos.h"
#include "ctl/net.h"

struct fetch {
	struct hellos *hellos;  /* NULL: nothing is fetched */
	size_t count;           /* of known hosts */
	size_t asked, answered; /* of them, in their order */
	unsigned open;          /* chunks whose last frame has not come */
};

void fetch_init(struct fetch *, struct hellos *);
/* From the start, over a fresh net. */
void fetch_start(struct fetch *, struct net *);
/* One answer; asks for more where there is more. */
void fetch_take(struct fetch *, struct net *, bool last, struct cursor *);
bool fetch_done(const struct fetch *);

#endif
