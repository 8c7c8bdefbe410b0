/* Part of amirald and of the gate. */
#include "base/budget.h"

#define US_A_MS 1000

void
budget_init(struct budget *budget, int64_t burst_us, int64_t now_ms)
{
	*budget = (struct budget){
		.burst_us = burst_us,
		.left_us = burst_us,
		.at_ms = now_ms,
	};
}

int64_t
budget_left_us(struct budget *budget, int64_t now_ms)
{
	int64_t missing = budget->burst_us - budget->left_us;
	int64_t passed_ms = now_ms - budget->at_ms;

	if (passed_ms >= missing * BUDGET_PART / US_A_MS + 1)
		budget->left_us = budget->burst_us;
	else if (passed_ms > 0)
		budget->left_us += passed_ms * US_A_MS / BUDGET_PART;
	budget->at_ms = now_ms;
	return budget->left_us;
}

void
budget_spend(struct budget *budget, int64_t us, int64_t now_ms)
{
	budget_left_us(budget, now_ms);
	budget->left_us -= us;
}

int64_t
budget_wait_ms(struct budget *budget, int64_t us, int64_t now_ms)
{
	int64_t missing = us - budget_left_us(budget, now_ms);

	return missing <= 0 ? 0 : missing * BUDGET_PART / US_A_MS + 1;
}
