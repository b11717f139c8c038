/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/base/amount.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ledger/base/number.h"

static const char decimal_digits[] = "0123456789";

const struct unit unit_su = {"SU", "billing-second", AMOUNT_PER_SU};

/* Converts [fraction] of a unit with [digits] decimal places to seconds. Returns false if that is
 * not a whole number. */
static bool fraction_to_seconds(int64_t fraction, size_t digits, int64_t size, int64_t *ret)
{
	__int128 seconds = (__int128)fraction * size;

	for (; digits > 0; digits--) {
		if (seconds % 10 != 0)
			return false;
		seconds /= 10;
	}
	*ret = (int64_t)seconds;
	return true;
}

int amount_parse_zero_in(const char *text, const struct unit *unit, int64_t *ret,
			 struct sb_error *err)
{
	size_t digits = strspn(text, decimal_digits), decimals = 0;
	const char *end = text + digits, *point = end;
	int64_t whole, fraction = 0, seconds;

	if (digits == 0)
		goto malformed;
	if (!number_slice(text, digits, 0, INT64_MAX, &whole))
		goto too_large;
	if (strcmp(end, "s") == 0) {
		*ret = whole;
		return SB_OK;
	}
	if (*point == '.') {
		decimals = strspn(point + 1, decimal_digits);
		end = point + 1 + decimals;
		if (decimals == 0)
			goto malformed;
		/* Trailing zeros would only overflow. */
		while (decimals > 0 && point[decimals] == '0')
			decimals--;
	}
	if (decimals > 18)
		goto not_whole;
	if (*end)
		goto malformed;
	if (decimals > 0)
		(void)number_slice(point + 1, decimals, 0, INT64_MAX, &fraction);
	if (!fraction_to_seconds(fraction, decimals, unit->size, &fraction))
		goto not_whole;
	if (__builtin_mul_overflow(whole, unit->size, &seconds) ||
	    !amount_add(seconds, fraction, ret))
		goto too_large;
	return SB_OK;

malformed:
	return sb_error_set(err, SB_EINVAL,
			    "'%s' is not an amount: give %s as a plain number without separators "
			    "(10000, 0.5) or %ss (95s)",
			    text, unit->name, unit->second);
not_whole:
	return sb_error_set(err, SB_EINVAL,
			    "amount '%s' is not a whole number of %ss (%" PRId64
			    " are 1 %s): write "
			    "it in these, as in 95s",
			    text, unit->second, unit->size, unit->name);
too_large:
	return sb_error_set(err, SB_EINVAL,
			    "amount '%s' is too large: at most %" PRId64 "s can be booked", text,
			    INT64_MAX);
}

int amount_parse_zero(const char *text, int64_t *ret, struct sb_error *err)
{
	return amount_parse_zero_in(text, &unit_su, ret, err);
}

int amount_parse(const char *text, int64_t *ret, struct sb_error *err)
{
	return amount_parse_in(text, &unit_su, ret, err);
}

int amount_parse_in(const char *text, const struct unit *unit, int64_t *ret, struct sb_error *err)
{
	int64_t seconds;

	TRY(amount_parse_zero_in(text, unit, &seconds, err));
	if (seconds == 0)
		return sb_error_set(err, SB_EINVAL, "amount '%s' is zero: give more than nothing",
				    text);
	*ret = seconds;
	return SB_OK;
}

bool amount_is_grouped(const char *text)
{
	size_t before = strspn(text, decimal_digits);

	return before >= 1 && before <= 3 && *text != '0' && text[before] == '.' &&
	       strspn(text + before + 1, decimal_digits) == 3 && !text[before + 4];
}

const char *amount_format_in(char buf[AMOUNT_TEXT_SIZE], int64_t amount, int64_t unit)
{
	const char *sign = amount < 0 ? "-" : "";
	/* Not -amount: the magnitude of INT64_MIN does not fit in int64_t. */
	uint64_t size = amount < 0 ? -(uint64_t)amount : (uint64_t)amount;
	uint64_t whole = (uint64_t)unit, hundredths = size % whole / (whole / 100);

	if (size > 0 && size < whole / 100)
		(void)snprintf(buf, AMOUNT_TEXT_SIZE, "%s0.01", amount < 0 ? "-" : "<");
	else
		(void)snprintf(buf, AMOUNT_TEXT_SIZE, "%s%" PRIu64 ".%02u", sign, size / whole,
			       (unsigned)(hundredths % 100));
	return buf;
}

const char *amount_format(char buf[AMOUNT_TEXT_SIZE], int64_t amount, bool seconds)
{
	if (!seconds)
		return amount_format_in(buf, amount, AMOUNT_PER_SU);
	(void)snprintf(buf, AMOUNT_TEXT_SIZE, "%" PRId64, amount);
	return buf;
}

const char *amount_format_decimal(char buf[AMOUNT_TEXT_SIZE], int64_t amount, int64_t size)
{
	enum { PARTS = 10000 };
	__int128 parts = (__int128)amount * PARTS / size;
	unsigned __int128 magnitude;

	/* A debt is never shown as 0. */
	if (amount < 0 && parts == 0)
		parts = -1;
	magnitude = parts < 0 ? -(unsigned __int128)parts : (unsigned __int128)parts;
	(void)snprintf(buf, AMOUNT_TEXT_SIZE, "%s%" PRIu64 ".%04u", parts < 0 ? "-" : "",
		       (uint64_t)(magnitude / PARTS), (unsigned)(magnitude % PARTS));
	return buf;
}

int64_t amount_percent(int64_t used, int64_t allocated)
{
	__int128 percent;

	if (allocated <= 0)
		return -1;
	percent = (__int128)used * 100 / allocated;
	if (percent < INT64_MIN)
		return INT64_MIN;
	return percent > INT64_MAX ? INT64_MAX : (int64_t)percent;
}
