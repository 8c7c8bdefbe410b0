/* Part of the gate: see throttle.h. */
#include "agent/gate/throttle.h"

#include "base/clock.h"

void
throttle_init(struct gate_throttle *throttle, struct loop *loop,
    loop_timer_fn *go_on, void *arg)
{
	*throttle = (struct gate_throttle){
		.loop = loop,
		.timer = { .fn = go_on, .arg = arg },
	};
	budget_init(&throttle->budget, THROTTLE_BURST_US, clock_monotonic_ms());
}

static void
spend(struct gate_throttle *throttle, int64_t us)
{
	int64_t now = clock_monotonic_ms();

	budget_spend(&throttle->budget, us, now);
	if (throttle->timer.armed || budget_left_us(&throttle->budget, now) > 0)
		return;
	loop_timer_set(throttle->loop, &throttle->timer,
	    budget_wait_ms(&throttle->budget, THROTTLE_CHUNK_US, now));
}

void
throttle_begin(struct gate_throttle *throttle)
{
	throttle->began_us = clock_processor_us();
}

void
throttle_end(struct gate_throttle *throttle)
{
	spend(throttle, clock_processor_us() - throttle->began_us);
}

void
throttle_bad(struct gate_throttle *throttle)
{
	spend(throttle, THROTTLE_BAD_US);
}

bool
throttle_shut(const struct gate_throttle *throttle)
{
	return throttle->timer.armed;
}
