/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Periods that follow each other by the local calendar: days, weeks, months … from a first moment
 * on. All edges are computed from that moment, not from each other: if the first month begins on 31
 * January, the next ones begin on 28 February and on 31 March. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The numbers are stored: they never change and are never reused. */
enum every {
	EVERY_NONE = 0,
	EVERY_DAY = 1,
	EVERY_WEEK = 2,
	EVERY_MONTH = 3,
	EVERY_QUARTER = 4,
	EVERY_YEAR = 5,
	EVERY_COUNT,
};

/* "none", "day" …; NULL after the last. */
extern const char *const period_words[EVERY_COUNT + 1];

/* Finds where period [n], counted from 0, begins: the end of the one before. A period can be empty:
 * a day that the calendar lacks. Returns false before 1970 and past WHEN_MAX. */
bool period_edge(int64_t first, enum every every, int64_t n, int64_t *ret);

/* Returns the number of the period that [when] is in, 0 for a time before the first. */
int64_t period_at(int64_t first, enum every every, int64_t when);

/* Returns the first moment of the local day, week (from Monday), month, quarter or year. */
int64_t period_start(enum every every, int64_t when);
