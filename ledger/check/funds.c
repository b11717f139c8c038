/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/check/funds.h"

#include "ledger/base/amount.h"
#include "ledger/check/jobs.h"

int rules_of_purse(struct books *books, const struct account *purse, const struct rules *site,
		   struct rules *ret, struct sb_error *err)
{
	char name[NAME_SIZE];
	const struct account *owner;

	*ret = *site;
	if (purse_is_account(purse->name))
		return SB_OK;
	TRY(books_account(books, purse_account(name, purse->name), &owner, err));
	*ret = purse_rules(owner, site);
	return SB_OK;
}

int funds_of(struct books *books, const struct account *account, const struct rules *rules,
	     struct funds *ret, struct sb_error *err)
{
	struct funds funds = {.unlimited = account->unlimited};

	TRY(account_available(account, &funds.settled, err));
	TRY(account_allocated(account, &funds.allocated, err));
	TRY(account_used(account, &funds.used, err));
	if (rules) {
		TRY(jobs_in_flight(books, account, &funds.flight, err));
		funds.spent = jobs_spent(&funds.flight, rules);
	}
	if (!amount_add(funds.used, funds.spent, &funds.used))
		funds.used = INT64_MAX;
	if (!amount_sub(funds.settled, funds.spent, &funds.available))
		funds.available = -INT64_MAX;
	*ret = funds;
	return SB_OK;
}
