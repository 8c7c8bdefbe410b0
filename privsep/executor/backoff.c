/* Part of amirald. */
#include "privsep/executor/backoff.h"

int64_t
backoff_ms(unsigned failures, uint16_t noise)
{
	int64_t low = BACKOFF_LOW_MS, high = BACKOFF_HIGH_MS;

	while (failures-- > 0 && high < BACKOFF_MAX_MS) {
		low *= 2;
		high *= 2;
	}
	if (high > BACKOFF_MAX_MS)
		high = BACKOFF_MAX_MS;
	return low + noise % (high - low + 1);
}
