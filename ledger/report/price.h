/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an amount costs: a price per unit (SU, GPU-hour ...) in a currency, exact to a millionth,
 * and costs in whole cents, which are hundredths of the currency. No floating point. */
#pragma once

#include "ledger/base/amount.h"

struct price {
	int64_t millionths; /* of the currency, for one unit; more than 0 */
	char currency[4]; /* "EUR" */
};

/* Parses "0.02EUR" or "0.02 EUR": a plain number with up to six decimals, more than 0, and a
 * currency of three capital letters that has hundredths, unlike JPY or KWD. SB_EINVAL. */
int price_parse(const char *text, struct price *ret, struct sb_error *err);

/* Formats the number of a price, without its currency: exactly, with two decimals or more. Returns
 * [to]. */
enum { PRICE_TEXT_SIZE = 32 };
const char *price_format(char to[PRICE_TEXT_SIZE], const struct price *price);

/* Computes the cost of [seconds] of a unit of [size] seconds, in cents. It is rounded once, half a
 * cent away from 0, so that an amount and the same amount below 0 cancel each other. Returns false
 * if it is past what int64 holds; *ret is then unchanged. */
bool price_cost(const struct price *price, int64_t seconds, int64_t size, int64_t *ret);

/* Formats cents: "-12.34". Returns [to]. */
const char *cents_format(char to[PRICE_TEXT_SIZE], int64_t cents);
