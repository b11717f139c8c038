/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quotas: deposits that an account gets at the start of each period. */
#pragma once

#include "ledger/books/books.h"

/* What quota_renew() recorded. */
struct renewal {
	uint64_t seq; /* the entry of the newest period; 0: no period has begun */
	int64_t amount; /* billing-seconds, the sum of the quotas recorded */
	int64_t end; /* the end of the newest quota's window */
	int64_t forgiven; /* debt that was forgiven; 0: none */
	bool refused; /* a quota is due, but the account's balance would be past int64 */
};

/* Records the quota of each period that has begun since the last one, once: a deposit whose window
 * is the period and those that it is carried to. Call it before use of the period is charged. A
 * closed account gets none, nor does a purse of it, and nothing is recorded for a period that had
 * ended when either was opened. After late checks a past period gets its quota, too, while use of
 * that time may still be charged or there is debt for it to pay. Forgives debt first, if the terms
 * say so. */
int quota_renew(struct books *books, const struct account *account, struct renewal *ret,
		struct sb_error *err);

/* The same for the account or purse of that name, before the entry of a verb that changes the
 * terms, closes the account, charges use or takes over debt: afterwards a check would not deposit
 * what was due, or would forgive too much.
 * Records nothing while the clock is not trusted (check_clock_gap()). */
int quota_renew_first(struct books *books, const char *name, struct renewal *ret,
		      struct sb_error *err);

/* Returns true if lots and debt stay within int64 with one more quota. Absurd terms of one account
 * must not stop the check of the others. */
bool quota_fits(const struct account *account);

/* The window of an account's next quota. */
struct next_quota {
	int64_t start; /* when it is deposited; in the past if the next check records it */
	int64_t end;
	int64_t period; /* the end of its period */
};
/* Returns false if none comes. */
bool quota_next(const struct account *account, struct next_quota *ret);
