/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/base/amount.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Reads digits from *text into *value and moves past them; counts them. False on overflow. */
static bool read_digits(const char **text, int64_t *value, size_t *count)
{
	const char *p = *text;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(*value, (int64_t)10, value) ||
		    __builtin_add_overflow(*value, (int64_t)(*p - '0'), value))
			return false;
	}
	*count = (size_t)(p - *text);
	*text = p;
	return true;
}

/* [fraction] of [digits] decimal places as billing-seconds; false when that is not a whole number.
 */
static bool fraction_to_seconds(int64_t fraction, size_t digits, int64_t *ret)
{
	__int128 seconds = (__int128)fraction * AMOUNT_PER_SU;

	for (; digits > 0; digits--) {
		if (seconds % 10 != 0)
			return false;
		seconds /= 10;
	}
	*ret = (int64_t)seconds;
	return true;
}

int amount_parse_zero(const char *text, int64_t *ret, struct sb_error *err)
{
	const char *p = text;
	int64_t whole = 0, fraction = 0, seconds = 0;
	size_t whole_digits, fraction_digits = 0;

	if (!read_digits(&p, &whole, &whole_digits))
		goto too_large;
	if (whole_digits > 0 && strcmp(p, "s") == 0) {
		seconds = whole;
	} else {
		if (whole_digits > 0 && *p == '.') {
			const char *end;
			size_t zeros = 0;

			p++;
			/* Zeros at the end say nothing and would only overflow. */
			end = p + strspn(p, "0123456789");
			if (end == p)
				goto malformed;
			while (end > p && end[-1] == '0') {
				end--;
				zeros++;
			}
			for (; p < end; p++, fraction_digits++) {
				if (fraction_digits >= 18)
					goto not_whole;
				fraction = fraction * 10 + (*p - '0');
			}
			p += zeros;
		}
		if (whole_digits == 0 || *p)
			goto malformed;
		if (!fraction_to_seconds(fraction, fraction_digits, &fraction))
			goto not_whole;
		if (__builtin_mul_overflow(whole, (int64_t)AMOUNT_PER_SU, &seconds) ||
		    !amount_add(seconds, fraction, &seconds))
			goto too_large;
	}
	*ret = seconds;
	return SB_OK;

malformed:
	return sb_error_set(err, SB_EINVAL,
			    "'%s' is not an amount: give SU as a plain number without separators "
			    "(10000, 0.5) or billing-seconds (95s)",
			    text);
not_whole:
	return sb_error_set(err, SB_EINVAL,
			    "amount '%s' is not a whole number of billing-seconds (1 SU is 3600): "
			    "write it in billing-seconds, as in 95s",
			    text);
too_large:
	return sb_error_set(err, SB_EINVAL,
			    "amount '%s' is too large: at most %" PRId64 "s can be booked", text,
			    INT64_MAX);
}

int amount_parse(const char *text, int64_t *ret, struct sb_error *err)
{
	int64_t seconds;
	int rc = amount_parse_zero(text, &seconds, err);

	if (!rc && seconds == 0)
		rc = sb_error_set(err, SB_EINVAL, "amount '%s' is zero: give more than nothing",
				  text);
	if (!rc)
		*ret = seconds;
	return rc;
}

bool amount_is_grouped(const char *text)
{
	size_t before = strspn(text, "0123456789");

	return before >= 1 && before <= 3 && *text != '0' && text[before] == '.' &&
	       strspn(text + before + 1, "0123456789") == 3 && !text[before + 4];
}

const char *amount_format(char buf[AMOUNT_TEXT_SIZE], int64_t amount, bool seconds)
{
	const char *sign = amount < 0 ? "-" : "";
	/* Not -amount: the magnitude of INT64_MIN does not fit in int64_t. */
	uint64_t size = amount < 0 ? -(uint64_t)amount : (uint64_t)amount;
	uint64_t hundredths = size % AMOUNT_PER_SU / (AMOUNT_PER_SU / 100);

	if (seconds)
		(void)snprintf(buf, AMOUNT_TEXT_SIZE, "%" PRId64, amount);
	else if (size > 0 && size < AMOUNT_PER_SU / 100)
		(void)snprintf(buf, AMOUNT_TEXT_SIZE, "%s0.01", amount < 0 ? "-" : "<");
	else
		(void)snprintf(buf, AMOUNT_TEXT_SIZE, "%s%" PRIu64 ".%02" PRIu64, sign,
			       size / AMOUNT_PER_SU, hundredths);
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
