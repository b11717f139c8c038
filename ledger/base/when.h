/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Points in time: microseconds since 1970-01-01 UTC in int64_t, years 1970 to 9999. */
#ifndef SUBANK_LEDGER_BASE_WHEN_H
#define SUBANK_LEDGER_BASE_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/error.h"

#define WHEN_SECOND INT64_C(1000000)
#define WHEN_MINUTE (60 * WHEN_SECOND)
#define WHEN_DAY (86400 * WHEN_SECOND)
#define WHEN_MAX INT64_C(253402300799999999) /* 9999-12-31T23:59:59.999999Z */
#define WHEN_NEVER INT64_MAX /* the end of a window that has none */

enum { WHEN_TEXT_SIZE = 40 }; /* bytes that any formatted time fits in */

/* Reads what a person wrote: 2026-11-22, 2026-11-22T17:00, 2026-11-22T17:00:05 (local time, or with
 * Z or +01:00 behind it), now, now-7days, now+2hours (seconds, minutes, hours, days, weeks; also
 * in the singular). A date alone is its first moment. [now] is what "now" means. SB_EINVAL. */
int when_parse(const char *text, int64_t now, int64_t *ret, struct sb_error *err);

/* The same time of the local day [days] later, whatever daylight saving did meanwhile. False when
 * that is past WHEN_MAX. */
bool when_add_days(int64_t when, int days, int64_t *ret);

/* The first moment of the local day. */
int64_t when_day(int64_t when);

/* The form of files: 2026-11-22T17:00:05.123456Z, exactly. */
int when_parse_exact(const char *text, int64_t *ret, struct sb_error *err);
const char *when_format_exact(char buf[WHEN_TEXT_SIZE], int64_t when);

/* Local time for people, cut to the second: 2026-11-22T18:00:05. */
const char *when_format_local(char buf[WHEN_TEXT_SIZE], int64_t when);

/* The same with its distance to UTC behind it: 2026-11-22T18:00:05+01:00. */
const char *when_format_offset(char buf[WHEN_TEXT_SIZE], int64_t when);

/* Local time without seconds that are 0, and without the first moment of a day: 2026-11-22T18:00,
 * 2026-11-22. when_parse() reads it as the same time. */
const char *when_format_short(char buf[WHEN_TEXT_SIZE], int64_t when);

/* How people name the end of a window: its last day, "2027-12-31", and true where it ends with a
 * day; else the time itself as when_format_short() has it, and false. */
bool when_format_last(char buf[WHEN_TEXT_SIZE], int64_t end);

/* A length of time in its largest unit, cut: "45s", "12m", "3h", "9d"; negative is "0s". */
const char *when_format_age(char buf[WHEN_TEXT_SIZE], int64_t age);

#endif
