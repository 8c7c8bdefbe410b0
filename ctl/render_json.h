/*
 * amiral: a run for programs: ASCII alone, so that it may go to a terminal
 * as well.
 */
#ifndef AMIRAL_CTL_RENDER_JSON_H
#define AMIRAL_CTL_RENDER_JSON_H

#include <stdio.h>

#include "ctl/run.h"

/* One document (interface section 2). */
void render_json(FILE *, const struct run *);
/* One verified reply on one line. */
void render_jsonl(FILE *, const struct reply *);
/* Any value, with DEL escaped, which jansson leaves; indent 0: one line. */
void render_json_value(FILE *, const json_t *, size_t indent);

#endif
