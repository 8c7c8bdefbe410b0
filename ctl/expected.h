/*
 * amiral: the expected set (protocol section 5): every known host that the
 * match selects by name or by the facts of its hello. Of whom nothing is
 * remembered, or nothing new enough, everything is expected that the name
 * does not exclude.
 */
#ifndef AMIRAL_CTL_EXPECTED_H
#define AMIRAL_CTL_EXPECTED_H

#include "ctl/hellos.h"
#include "ctl/verdict.h"

/* now: wall clock, ms. hellos may be NULL where names alone decide. */
void expected_compute(const json_t *match, const char *fleet,
    const struct hellos *hellos, int64_t now, struct verdicts *verdicts);

#endif
