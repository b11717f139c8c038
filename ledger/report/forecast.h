/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes on as it went until now: use per day, and how long the money lasts at that rate. */
#ifndef SUBANK_LEDGER_REPORT_FORECAST_H
#define SUBANK_LEDGER_REPORT_FORECAST_H

#include "ledger/books/books.h"

struct forecast {
	int64_t week; /* billing-seconds a day, over the last 7 days */
	int64_t month; /* over the last 30; an account that is younger: over its days, at least one
			*/
	int64_t lasts; /* when nothing is left, microseconds; 0: never; the account's
			time: nothing is left now */
	int64_t spent; /* in: what is spent although the account does not have it yet (funds.h) */
	int64_t unused; /* what is left over when windows end, billing-seconds */
};

/* For an account as it is at its time, from its charges among the entries up to [last] and those
 * that have no entry yet (books_deferred()). What a charge took is spread evenly over [since,
 * until) of its use; parts of a billing-second are cut. Only the entries of those 30 days are read.
 * What is given back later does not count. [spent] is what running jobs count for. */
int forecast_make(struct books *books, const struct account *account, uint64_t last, int64_t spent,
		  struct forecast *ret, struct sb_error *err);

/* forecast->lasts as people are told it: a guess to the second would look like knowledge. Cut to
 * the minute, and to the local day where it is more than a month after [now]. */
int64_t forecast_lasts(const struct forecast *forecast, int64_t now);

/* The same from a known rate, [month], and [spent]: windows start and end, the earliest end is
 * spent first, debt is paid before, and where nothing is left nothing is used. Fills lasts and
 * unused. Pure. */
int forecast_spend(const struct account *account, struct forecast *forecast, struct sb_error *err);

#endif
