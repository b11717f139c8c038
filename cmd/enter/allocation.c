/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/allocation.h"

#include <inttypes.h>

#include "cmd/frame/messages.h"
#include "ledger/account/policy.h"
#include "ledger/books/correct.h"

/* A new allocation, and the difference to the present one. */
struct allotment {
	const struct deposit *deposit;
	int64_t more;
	bool request;
};

/* Lowers the allocation: takes out what is left and, if that is not enough, also what was
 * spent. */
static int lower(struct posting *posting, struct books *books, const struct account *account,
		 const struct allotment *to, struct sb_error *err)
{
	int64_t by = -to->more;
	struct event event = {.account = account->name,
			      .resource = purse_resource(posting->account),
			      .amount = by};
	char reason[QUANTITY_SIZE + 16], text[QUANTITY_SIZE];
	int64_t rest;
	int rc;

	TRY(account_rest(account, &rest, err));
	if (window_given(&to->deposit->window))
		return sb_error_set(err, SB_EINVAL,
				    "a lower allocation has no window: leave --start and --end "
				    "out");
	event.kind = by > rest ? EVENT_ADJUST : EVENT_WITHDRAW;
	if (by > rest) {
		(void)snprintf(reason, sizeof(reason), "set to %" PRId64 "s", to->deposit->amount);
		event.reason = reason;
		rc = plan_adjust(account, &event, err);
	} else {
		rc = plan_take(account, &event, err);
	}
	if (!rc)
		rc = to->request ? post_append(posting, books, &event, err)
				 : books_append(books, &event, err);
	done_add(posting, "took out %s", quantity(posting->env, text, posting->account, by));
	if (event.debt)
		done_add(posting, ", %s of it was used",
			 quantity(posting->env, text, posting->account, event.debt));
	event_release(&event);
	return rc;
}

int append_allocation(struct posting *posting, struct books *books, const struct deposit *to,
		      bool request, struct sb_error *err)
{
	struct deposit more = *to;
	const struct account *account;
	char amount[QUANTITY_SIZE];
	int64_t allocated;

	TRY(books_account(books, posting->account, &account, err));
	TRY(account_allocated(account, &allocated, err));
	more.amount = to->amount - allocated;
	quantity(posting->env, amount, posting->account, to->amount);
	done_add(posting, "set to %s: ", amount);
	if (more.amount < 0)
		return lower(posting, books, account, &(struct allotment){to, more.amount, request},
			     err);
	if (more.amount == 0 && window_given(&more.window))
		return sb_error_set(err, SB_EINVAL,
				    "account '%s' is allocated %s already, and the windows of its "
				    "money cannot be changed: leave --start and --end out, or use "
				    "`subank deposit %s` for more with this window",
				    posting->account, amount, posting->account);
	if (more.amount == 0)
		return sb_error_set(err, SB_EREFUSED, "account '%s' is allocated %s already",
				    posting->account, amount);
	if (more.window.start_text && more.window.start > books_time(books))
		return sb_error_set(err, SB_EINVAL,
				    "money that starts later is not allocated yet: use `subank "
				    "deposit %s` with this --start",
				    posting->account);
	TRY(check_deposit(account, err));
	done_add(posting, "deposited ");
	return append_deposit(posting, books, &more, request, err);
}
