/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The funds of an account. Use by running jobs counts as spent although no entry has it yet.
 * Everything that shows what is available, or decides by it, uses these numbers. */
#pragma once

#include "ledger/account/policy.h"
#include "ledger/books/books.h"

struct funds { /* billing-seconds */
	bool unlimited; /* never held for funds, whatever [available] is */
	int64_t allocated; /* account_allocated() */
	int64_t used; /* account_used() plus [spent] */
	int64_t settled; /* account_available(): less what was charged */
	int64_t spent; /* by running jobs: jobs_spent() */
	int64_t available; /* [settled] less [spent] */
	struct in_flight flight;
};

/* Gives the rules for a purse: those of [site], overridden by the terms of its account unless the
 * purse is an account's own. SB_ENOTFOUND if the account is not in the bank. */
int rules_of_purse(struct books *books, const struct account *purse, const struct rules *site,
		   struct rules *ret, struct sb_error *err);

/* Works out the funds of an account as loaded now. With [rules] NULL only entries count and nothing
 * is in flight, as for a past time, whose running jobs are not known. Use past int64 becomes
 * INT64_MAX, a balance below it -INT64_MAX. */
int funds_of(struct books *books, const struct account *account, const struct rules *rules,
	     struct funds *ret, struct sb_error *err);
