/* Part of every process. */
#include "base/clock.h"

#include <time.h>

#include "base/log.h"

static struct timespec
clock_read(clockid_t id)
{
	struct timespec now;

	if (clock_gettime(id, &now) == -1)
		fatal_errno("clock_gettime %d", (int)id);
	return now;
}

static int64_t
clock_ms(clockid_t id)
{
	struct timespec now = clock_read(id);

	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
clock_wall_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

int64_t
clock_monotonic_ms(void)
{
	return clock_ms(CLOCK_BOOTTIME);
}

int64_t
clock_processor_us(void)
{
	struct timespec now = clock_read(CLOCK_PROCESS_CPUTIME_ID);

	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
