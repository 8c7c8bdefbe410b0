/* Part of the gate. A moment as text, without libc's time zone files. */
#ifndef AMIRAL_AGENT_GATE_TIMETEXT_H
#define AMIRAL_AGENT_GATE_TIMETEXT_H

#include <stdint.h>

#define TIMETEXT_SIZE 32 /* "2025-11-22T14:00:00.123Z" and a NUL */

/* ms since the epoch, not negative, in UTC. */
void timetext(int64_t ms, char text[static TIMETEXT_SIZE]);

#endif
