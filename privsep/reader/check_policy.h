/* What amirald -t says of the policy. Part of amirald-reader. */
#ifndef AMIRAL_READER_CHECK_POLICY_H
#define AMIRAL_READER_CHECK_POLICY_H

#include "base/agent_conf.h"
#include "privsep/reader/question.h"

/* Prints one line: the caption, then the items with commas between. */
void check_list(const char *caption, char *const *list);
/* Prints a section: one line for each thing that it names or demands. */
void check_policy(const struct policy_conf *);
/*
 * Answers --may, with the sections that decide and what they say beside
 * names and arguments. 0 for yes, 1 for no.
 */
int check_may(const struct question *, const struct agent_conf *);

#endif
