/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Money: whole billing-seconds in int64_t. 1 SU = 3600 of them. Never floating point; every sum is
 * checked. */
#ifndef SUBANK_LEDGER_BASE_AMOUNT_H
#define SUBANK_LEDGER_BASE_AMOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/error.h"

enum {
	AMOUNT_PER_SU = 3600, /* billing-seconds */
	AMOUNT_TEXT_SIZE = 32, /* bytes that any formatted amount fits in */
};

/* Return whether the result fits; *ret is written only then. */
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

/* Reads what a person wrote: SU as a plain decimal ("10000", "0.5") or billing-seconds ("95s"). It
 * must be more than zero, at most INT64_MAX billing-seconds, a whole number of billing-seconds, and
 * nothing else may stand around it: no sign, blank, exponent or separator. SB_EINVAL otherwise. */
int amount_parse(const char *text, int64_t *ret, struct sb_error *err);
/* The same, but nothing may be asked for, too: "0", "0.0", "00", "0s". */
int amount_parse_zero(const char *text, int64_t *ret, struct sb_error *err);

/* Whether it reads like a whole number with a separator: one to three digits, a point and three
 * more, "10.000". */
bool amount_is_grouped(const char *text);

/* Writes SU cut, not rounded, to two decimals: "12.34", "-0.50"; what is less than 0.01 SU but not
 * nothing is "<0.01" and, owed, "-0.01". With [seconds], the whole number of billing-seconds.
 * Returns [buf]. */
const char *amount_format(char buf[AMOUNT_TEXT_SIZE], int64_t amount, bool seconds);

/* used / allocated in whole percent, cut; may pass 100 and is kept within int64_t. -1 when nothing
 * is allocated. */
int64_t amount_percent(int64_t used, int64_t allocated);

/* Whether [used] is [percent] of [allocated] or more, exactly; never when nothing is allocated. */
static inline bool amount_reaches(int64_t used, int64_t allocated, int64_t percent)
{
	return allocated > 0 && (__int128)used * 100 >= (__int128)allocated * percent;
}

#endif
