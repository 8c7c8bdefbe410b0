/* amiral: a run for people. */
#ifndef AMIRAL_CTL_RENDER_TEXT_H
#define AMIRAL_CTL_RENDER_TEXT_H

#include <stdio.h>

#include "ctl/run.h"

void render_published(FILE *, const struct run *);
void render_acknowledged(FILE *, const struct run *);
/* The answers, by host, as --display wants them. */
void render_results(FILE *, const struct run *);
/* A piece of live output, each line with its host. */
void render_piece(FILE *, const struct host *, const struct reply *);
/* "3 ok in 41 ms". */
void render_sums(FILE *, const struct run *);
/* failed, refused, no answer, ...: only where there are any. */
void render_lists(FILE *, const struct run *);
/* Whose results are not whole: only where there are any. */
void render_incomplete(FILE *, const struct run *);
/* What did not verify: only where there is any. */
void render_oddities(FILE *, const struct run *);
/* -v: when each host answered, and what it used. */
void render_times(FILE *, const struct run *);

/* Of ping, find and facts. */
void render_ping(FILE *, const struct run *);
void render_names(FILE *, const struct run *);
/* fact NULL: every fact of each host. False: no host has that fact. */
bool render_facts(FILE *, const struct run *, const char *fact);

#endif
