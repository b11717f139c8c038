/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quotas: what an account gets anew at the start of each period. */
#pragma once

#include "ledger/books/books.h"

/* What quota_renew() recorded. */
struct renewal {
	uint64_t seq; /* the entry of the newest period; 0: no period has begun */
	int64_t amount; /* billing-seconds, of all periods that have begun */
	int64_t end; /* until when the newest one's can be spent */
	int64_t forgiven; /* debt; 0: none */
	bool refused; /* the quota is due, and the account would have more than can be counted */
};

/* Records the quota of each period that has begun since the last one, once: a deposit with the
 * window of the period and of those that it is carried to. It comes before use of the period is
 * charged. After late checks a period that is over gets its quota too, as long as use of that time
 * may still be charged, or debt is left for it to pay. Forgives debt first, if the terms say so. */
int quota_renew(struct books *books, const struct account *account, struct renewal *ret,
		struct sb_error *err);

/* The window of an account's next quota. */
struct next_quota {
	int64_t start; /* it comes then; a time that is over if the next check records it */
	int64_t end;
	int64_t period; /* the end of its period */
};
/* Returns false if none comes. */
bool quota_next(const struct account *account, struct next_quota *ret);
