/*
 * Processor time that may be used: half of the time that passes, saved up to
 * a burst. It is given the times, and has no clock of its own.
 */
#ifndef AMIRAL_BASE_BUDGET_H
#define AMIRAL_BASE_BUDGET_H

#include <stdint.h>

#define BUDGET_PART 2 /* one second in that many */

struct budget {
	int64_t burst_us; /* the most that is saved up */
	int64_t left_us;  /* below 0: more was used than there was */
	int64_t at_ms;    /* monotonic: when left_us was right */
};

/* Full. */
void budget_init(struct budget *, int64_t burst_us, int64_t now_ms);
void budget_spend(struct budget *, int64_t us, int64_t now_ms);
/* Of the burst, after that has passed. */
int64_t budget_left_us(struct budget *, int64_t now_ms);
/* How long until so much is left, where no more is used; 0: it is. */
int64_t budget_wait_ms(struct budget *, int64_t us, int64_t now_ms);

#endif
