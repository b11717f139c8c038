/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Points in time: microseconds since 1970-01-01 UTC in int64_t, years 1970 to 9999. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/error.h"

#define WHEN_SECOND INT64_C(1000000)
#define WHEN_MINUTE (60 * WHEN_SECOND)
#define WHEN_DAY (86400 * WHEN_SECOND)
#define WHEN_MAX INT64_C(253402300799999999) /* 9999-12-31T23:59:59.999999Z */
#define WHEN_NEVER INT64_MAX /* the end of a window that has none */

enum { WHEN_TEXT_SIZE = 40 }; /* bytes of the longest formatted time */

/* Parses what a person typed: 2026-11-22, 2026-11-22T17:00, 2026-11-22T17:00:05 (local time, or
 * with Z or +01:00 appended), now, now-7days, now+2hours (seconds, minutes, hours, days, weeks;
 * also in the singular). A date alone is its first moment. [now] is the value of "now". SB_EINVAL.
 */
int when_parse(const char *text, int64_t now, int64_t *ret, struct sb_error *err);

/* Find the same local time [days] or [months] later, across changes of daylight saving. In a month
 * without that day they take the month's last day. Return false before 1970 and past WHEN_MAX. */
bool when_add_days(int64_t when, int days, int64_t *ret);
bool when_add_months(int64_t when, int months, int64_t *ret);

/* Returns the first moment of the local day. */
int64_t when_day(int64_t when);

/* The format of files: exactly 2026-11-22T17:00:05.123456Z. */
int when_parse_exact(const char *text, int64_t *ret, struct sb_error *err);
const char *when_format_exact(char buf[WHEN_TEXT_SIZE], int64_t when);

/* The functions below format local time for people into [buf], and return it. */

/* To the second: 2026-11-22T18:00:05. */
const char *when_format_local(char buf[WHEN_TEXT_SIZE], int64_t when);

/* With the offset from UTC: 2026-11-22T18:00:05+01:00. */
const char *when_format_offset(char buf[WHEN_TEXT_SIZE], int64_t when);

/* Without seconds that are 0, and without midnight: 2026-11-22T18:00, 2026-11-22. when_parse()
 * reads it as the same time. */
const char *when_format_short(char buf[WHEN_TEXT_SIZE], int64_t when);

/* Writes the end of a window as people name it, and returns true: its last day, "2027-12-31". If it
 * does not end with a day, writes when_format_short() and returns false. */
bool when_format_last(char buf[WHEN_TEXT_SIZE], int64_t end);

/* Formats a duration in its largest unit, truncated: "45s", "12m", "3h", "9d"; "0s" if negative. */
const char *when_format_age(char buf[WHEN_TEXT_SIZE], int64_t age);
