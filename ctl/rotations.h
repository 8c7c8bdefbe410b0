/*
 * amiral: follows the rotations that hellos spoke of, in known_hosts: both
 * keys while two sign, the new one alone when it does.
 */
#ifndef AMIRAL_CTL_ROTATIONS_H
#define AMIRAL_CTL_ROTATIONS_H

#include "ctl/hellos.h"
#include "ctl/settings.h"

#define ROTATIONS_LOOK_S 600 /* between two looks */

/*
 * Rewrites the file at path, if there is something to follow. What cannot be
 * done is said, and tried again with a later hello.
 */
void rotations_follow(const struct hellos *, const char *path);
/*
 * For commands that need no hellos: fetches them all the same, where none were
 * remembered for ROTATIONS_LOOK_S, so that no rotation is missed. Shows
 * nothing, and gives up without a word: the next command looks again.
 */
void rotations_look(const struct known_hosts *, const struct settings *,
    const struct options *);

#endif
