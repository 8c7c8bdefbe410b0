/*
 * Part of amiral-keygen: what announcements are judged by, kept between them,
 * so that a flood of made-up ones costs neither reading nor parsing of files:
 * known hosts and the records of tokens are read again where they have
 * changed. What passes here is judged once more by the files themselves.
 */
#ifndef AMIRAL_KEYS_KEYGEN_DOCKET_H
#define AMIRAL_KEYS_KEYGEN_DOCKET_H

#include "keys/keygen/operator.h"
#include "keys/known_hosts.h"
#include "keys/token_record.h"

#define DOCKET_JUDGED_MAX 64 /* by the files, in a round of a watch */
#define DOCKET_SAID_MAX   20 /* refusals that a round tells of */

struct docket;

/* Empty; path is that of known_hosts and must outlive it. Fatal, no memory. */
struct docket *docket_new(const char *path);
void docket_free(struct docket *);
/*
 * Before each round: reads what has changed. bounded: the round takes
 * DOCKET_JUDGED_MAX announcements to the files, and no more. False and a
 * logged message.
 */
bool docket_round(struct docket *, bool bounded);
/* After it: a line about what was not told of, and about what waits. */
void docket_say_rest(const struct docket *);
/* As they were at the start of the round. */
const struct known_hosts *docket_known(const struct docket *);
/* NULL where there is no good one; a bad one is logged once. */
const struct token_record *docket_record(
    struct docket *, const uint8_t id[static ENROLL_ID_SIZE]);
/* Whether one refusal more may be told of; whether it may be judged now. */
bool docket_may_say(struct docket *);
bool docket_may_judge(struct docket *);

#endif
