/* Part of the gate: see timetext.h. */
#include "agent/gate/timetext.h"

#include <stdio.h>

#define DAY_MS 86400000

static int
days_of_year(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 366
								     : 365;
}

static int
days_of_month(int month, int year)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };

	return days[month] + (month == 1 && days_of_year(year) == 366);
}

void
timetext(int64_t ms, char text[static TIMETEXT_SIZE])
{
	int64_t days = ms / DAY_MS;
	int rest = (int)(ms % DAY_MS), year = 1970, month = 0;

	while (days >= days_of_year(year) && year < 9999)
		days -= days_of_year(year++);
	while (month < 11 && days >= days_of_month(month, year))
		days -= days_of_month(month++, year);
	snprintf(text, TIMETEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
	    year, month + 1, (int)(days % 100) + 1, rest / 3600000,
	    rest / 60000 % 60, rest / 1000 % 60, rest % 1000);
}
