/* amiral: how each command shows a run, by its options. */
#ifndef AMIRAL_CTL_VIEWS_H
#define AMIRAL_CTL_VIEWS_H

#include "ctl/run.h"

/* Where a command has a layout of its own. */
enum view_kind { VIEW_RUN, VIEW_PING, VIEW_FIND, VIEW_FACTS, VIEWS };
const struct view *view_choose(enum view_kind, const struct options *);

#endif
