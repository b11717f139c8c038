/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/report/price.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ledger/base/number.h"

enum {
	DECIMALS = 6,
	MILLION = 1000000,
	MILLIONTHS_PER_CENT = MILLION / 100,
};

static const char decimal_digits[] = "0123456789";
static const char capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

static int malformed(const char *text, struct sb_error *err)
{
	return sb_error_set(err, SB_EINVAL,
			    "'%s' is not a price: give a plain number and a currency of three "
			    "capital letters, as in 0.02EUR",
			    text);
}

/* Of ISO 4217. */
static bool has_hundredths(const char *currency)
{
	static const char others[] = /* whole units, then thousandths and less */
		"BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF "
		"BHD CLF IQD JOD KWD LYD OMR TND UYW";

	return !strstr(others, currency);
}

int price_parse(const char *text, struct price *ret, struct sb_error *err)
{
	size_t digits = strspn(text, decimal_digits), decimals = 0;
	const char *end = text + digits;
	char most[PRICE_TEXT_SIZE], fraction[DECIMALS + 1] = "000000";
	int64_t whole, part, millionths;

	if (digits == 0)
		return malformed(text, err);
	if (*end == '.') {
		decimals = strspn(++end, decimal_digits);
		if (decimals == 0)
			return malformed(text, err);
		if (decimals <= DECIMALS)
			memcpy(fraction, end, decimals);
		end += decimals;
	}
	end += *end == ' ';
	if (strspn(end, capitals) != 3 || end[3])
		return malformed(text, err);
	if (!has_hundredths(end))
		return sb_error_set(err, SB_EINVAL,
				    "price '%s': %s is not divided into hundredths, to which "
				    "subank rounds: give a price in another currency",
				    text, end);
	if (decimals > DECIMALS)
		return sb_error_set(err, SB_EINVAL,
				    "price '%s' has more than six decimals: subank does not round "
				    "prices",
				    text);
	if (!number_slice(text, digits, 0, INT64_MAX, &whole) ||
	    !number_parse(fraction, 0, MILLION - 1, &part) ||
	    __builtin_mul_overflow(whole, MILLION, &millionths) ||
	    !amount_add(millionths, part, &millionths))
		return sb_error_set(err, SB_EINVAL, "price '%s' is too large: at most %s", text,
				    price_format(most, &(struct price){.millionths = INT64_MAX}));
	if (millionths == 0)
		return sb_error_set(err, SB_EINVAL, "price '%s' is zero: give more than nothing",
				    text);
	ret->millionths = millionths;
	memcpy(ret->currency, end, sizeof(ret->currency));
	return SB_OK;
}

const char *price_format(char to[PRICE_TEXT_SIZE], const struct price *price)
{
	size_t len = (size_t)snprintf(to, PRICE_TEXT_SIZE, "%" PRId64 ".%06" PRId64,
				      price->millionths / MILLION, price->millionths % MILLION);

	for (size_t spare = DECIMALS - 2; spare > 0 && to[len - 1] == '0'; spare--)
		to[--len] = '\0';
	return to;
}

bool price_cost(const struct price *price, int64_t seconds, int64_t size, int64_t *ret)
{
	/* Neither factor is past 2^63, so the product fits. */
	const __int128 cost = (__int128)seconds * price->millionths;
	const __int128 cent = (__int128)size * MILLIONTHS_PER_CENT;
	__int128 cents = cost / cent, rest = cost % cent;

	if (2 * rest >= cent)
		cents++;
	else if (2 * rest <= -cent)
		cents--;
	if (cents > INT64_MAX || cents < INT64_MIN)
		return false;
	*ret = (int64_t)cents;
	return true;
}

const char *cents_format(char to[PRICE_TEXT_SIZE], int64_t cents)
{
	/* Not -cents: the magnitude of INT64_MIN does not fit in int64_t. */
	uint64_t size = cents < 0 ? -(uint64_t)cents : (uint64_t)cents;

	(void)snprintf(to, PRICE_TEXT_SIZE, "%s%" PRIu64 ".%02" PRIu64, cents < 0 ? "-" : "",
		       size / 100, size % 100);
	return to;
}
