/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an account has, in the one meaning that everything shown and decided goes by: what jobs that
 * run count for is as good as spent, although no entry has it yet. */
#ifndef SUBANK_LEDGER_CHECK_FUNDS_H
#define SUBANK_LEDGER_CHECK_FUNDS_H

#include "ledger/account/policy.h"
#include "ledger/books/books.h"

struct funds { /* billing-seconds */
	bool unlimited; /* never held for funds: [available] bounds nobody */
	int64_t allocated; /* account_allocated() */
	int64_t used; /* account_used() and [spent] */
	int64_t settled; /* account_available(): what was charged is taken off */
	int64_t spent; /* what jobs that run count for, by jobs_spent() */
	int64_t available; /* [settled] less [spent] */
	struct in_flight flight;
};

/* Works them out for an account as it is loaded now. Without [rules] (NULL) as entries alone have
 * them, as in the past, where nobody knows what ran: nothing is in flight. Sums past int64 are cut
 * to it. */
int funds_of(struct books *books, const struct account *account, const struct rules *rules,
	     struct funds *ret, struct sb_error *err);

#endif
