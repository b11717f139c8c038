/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/base/period.h"

#include <time.h>

#include "ledger/base/when.h"

const char *const period_words[EVERY_COUNT + 1] = {"none",    "day",  "week", "month",
						   "quarter", "year", NULL};

static const struct {
	int days, months;
} lengths[EVERY_COUNT] = {
	[EVERY_DAY] = {1, 0},	  [EVERY_WEEK] = {7, 0},  [EVERY_MONTH] = {0, 1},
	[EVERY_QUARTER] = {0, 3}, [EVERY_YEAR] = {0, 12},
};

/* More days than there are from 1970 to 9999. */
enum { COUNT_MAX = 3000000 };

bool period_edge(int64_t first, enum every every, int64_t n, int64_t *ret)
{
	int days = lengths[every].days, months = lengths[every].months;

	if (n > COUNT_MAX || n < -COUNT_MAX)
		return false;
	/* A time of day that comes twice, when clocks go back, would become the earlier one. */
	if (n == 0) {
		*ret = first;
		return true;
	}
	if (!(days ? when_add_days(first, days * (int)n, ret)
		   : when_add_months(first, months * (int)n, ret)))
		return false;
	/* Daylight saving may skip the first hour of a day. */
	if (when_day(first) == first)
		*ret = when_day(*ret);
	return true;
}

int64_t period_at(int64_t first, enum every every, int64_t when)
{
	/* Begin the search too high, by more than a zone's clocks and calendar can skip: [length]
	 * is that of the shortest month, and Samoa skipped a day. */
	const int64_t length = (lengths[every].days + 28 * lengths[every].months) * WHEN_DAY;
	int64_t n = when > first ? (when - first) / length + 3 : 0, edge;

	while (n > 0 && (!period_edge(first, every, n, &edge) || edge > when))
		n--;
	return n;
}

int64_t period_start(enum every every, int64_t when)
{
	time_t seconds = (time_t)(when / WHEN_SECOND);
	int days, months = 0;
	struct tm tm;

	localtime_r(&seconds, &tm);
	days = every == EVERY_DAY ? 0 : every == EVERY_WEEK ? (tm.tm_wday + 6) % 7 : tm.tm_mday - 1;
	if (every == EVERY_QUARTER)
		months = tm.tm_mon % 3;
	if (every == EVERY_YEAR)
		months = tm.tm_mon;
	/* In early 1970 the start may be before the epoch, where no time exists: use [when]. */
	if (!when_add_days(when, -days, &when) || !when_add_months(when, -months, &when))
		return when;
	return when_day(when);
}
