/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Use per day, and how long the money lasts if use goes on at that rate. */
#pragma once

#include "ledger/books/books.h"

struct forecast {
	int64_t week; /* billing-seconds a day, over the last 7 days, or those since the account was
			 opened, at least 1 */
	int64_t month; /* the same over the last 30 days */
	int64_t lasts; /* when nothing is left, microseconds; 0: never; the account's time: now */
	int64_t spent; /* in: spent although no entry has it yet (funds.h) */
	int64_t unused; /* what is left when windows end, billing-seconds */
};

/* Makes the forecast for an account at its time, from its charges among the entries up to [last]
 * and the deferred ones (books_deferred()). A charge is spread evenly over [since, until) of its
 * use, cut to whole billing-seconds. Reads only the entries of the last 30 days. Later refunds do
 * not count. [spent] is what running jobs have spent. */
int forecast_make(struct books *books, const struct account *account, uint64_t last, int64_t spent,
		  struct forecast *ret, struct sb_error *err);

/* Returns forecast->lasts for display, cut to the minute, and to the local day where it is more
 * than a month after [now]: more would pretend precision. */
int64_t forecast_lasts(const struct forecast *forecast, int64_t now);

/* Fills lasts and unused from a known rate, [month], and [spent]: windows start and end, the
 * earliest end is spent first, debt is paid first, and without money nothing is used. Quotas to
 * come are spent, too; they count in [lasts], but not in [unused]. Many of them are spent one by
 * one, later ones by their average. */
int forecast_spend(const struct account *account, struct forecast *forecast, struct sb_error *err);
