/*
 * The clocks. Wall time is for what is signed; waits use the monotonic one;
 * the third runs while this process does.
 */
#ifndef AMIRAL_BASE_CLOCK_H
#define AMIRAL_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ms(void);      /* CLOCK_REALTIME since the epoch */
int64_t clock_monotonic_ms(void); /* CLOCK_BOOTTIME */
int64_t clock_processor_us(void); /* CLOCK_PROCESS_CPUTIME_ID */

#endif
