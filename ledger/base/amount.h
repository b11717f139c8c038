/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Money: whole seconds of a resource in int64_t, mostly billing-seconds, of which 1 SU is 3600.
 * Every sum is checked for overflow; floating point is never used. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/error.h"

enum {
	AMOUNT_PER_SU = 3600, /* billing-seconds */
	AMOUNT_TEXT_SIZE = 32, /* bytes of the longest formatted amount */
};

/* Add or subtract. Return false on overflow; *ret is then unchanged. */
static inline bool amount_add(int64_t a, int64_t b, int64_t *ret)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return false;
	*ret = sum;
	return true;
}

static inline bool amount_sub(int64_t a, int64_t b, int64_t *ret)
{
	int64_t difference;

	if (__builtin_sub_overflow(a, b, &difference))
		return false;
	*ret = difference;
	return true;
}

/* The unit in which people read and write amounts. */
struct unit {
	char name[80]; /* "SU", "GPU-hours" */
	char second[80]; /* what the books count: "billing-second" */
	int64_t size; /* how many of these are one unit; a multiple of 100 */
};
/* SU. */
extern const struct unit unit_su;

/* Parses what a person typed: SU as a plain decimal ("10000", "0.5") or billing-seconds ("95s").
 * SB_EINVAL unless it is a whole number of billing-seconds from 1 to INT64_MAX, without sign,
 * blank, exponent or separator. */
int amount_parse(const char *text, int64_t *ret, struct sb_error *err);
/* Parses the same forms, and zero: "0", "0.0", "00", "0s". */
int amount_parse_zero(const char *text, int64_t *ret, struct sb_error *err);
/* Parse amounts in another unit in the same way. */
int amount_parse_in(const char *text, const struct unit *unit, int64_t *ret, struct sb_error *err);
int amount_parse_zero_in(const char *text, const struct unit *unit, int64_t *ret,
			 struct sb_error *err);

/* Returns whether [text] may be a whole number with a thousands separator, such as "10.000": one to
 * three digits without a leading zero, a point and three digits. */
bool amount_is_grouped(const char *text);

/* Formats SU, truncated to two decimals: "12.34", "-0.50". Amounts between 0 and 0.01 SU are
 * "<0.01", those between -0.01 and 0 are "-0.01". With [seconds]: billing-seconds. Returns [buf].
 */
const char *amount_format(char buf[AMOUNT_TEXT_SIZE], int64_t amount, bool seconds);
/* Formats an amount in another unit of [size] seconds in the same way. */
const char *amount_format_in(char buf[AMOUNT_TEXT_SIZE], int64_t amount, int64_t size);

/* Formats an amount in a unit of [size] seconds for other programs, truncated to four decimals:
 * "12.3400". They tell each second of an SU from the next one. Amounts between -0.0001 and 0, of
 * larger units, are "-0.0001". Returns [buf]. */
const char *amount_format_decimal(char buf[AMOUNT_TEXT_SIZE], int64_t amount, int64_t size);

/* Returns used / allocated in whole percent, truncated and clamped to int64_t; it may exceed 100.
 * -1 when nothing is allocated. */
int64_t amount_percent(int64_t used, int64_t allocated);

/* Returns whether [used] is at least [percent] of [allocated], exactly; false when nothing is
 * allocated. */
static inline bool amount_reaches(int64_t used, int64_t allocated, int64_t percent)
{
	return allocated > 0 && (__int128)used * 100 >= (__int128)allocated * percent;
}
