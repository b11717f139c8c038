/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/check/quota.h"

#include "ledger/account/policy.h"
#include "ledger/base/amount.h"
#include "ledger/base/minmax.h"
#include "ledger/base/period.h"
#include "ledger/base/when.h"
#include "ledger/check/checking.h"

/* At most so many periods, the newest, get a quota in one check: the days of a year. */
enum { LATE_MAX = 366 };

bool quota_fits(const struct account *account)
{
	__int128 sum = (__int128)account->debt + account->credit + account->quota.amount;

	for (size_t i = 0; i < account->lot_count; i++)
		sum += account->lots[i].amount;
	return sum <= INT64_MAX;
}

static int forgive(struct books *books, const struct account *account, struct renewal *renewal,
		   struct sb_error *err)
{
	struct event event = {.kind = EVENT_FORGIVE,
			      .account = account->name,
			      .resource = purse_resource(account->name),
			      .amount = account->debt};

	if (account->debt == 0 || account->debt > account->quota.forgive_below)
		return SB_OK;
	renewal->forgiven += event.amount;
	return books_append(books, &event, err);
}

static int grant(struct books *books, const struct account *account, struct event *event,
		 struct renewal *renewal, struct sb_error *err)
{
	event->kind = EVENT_DEPOSIT;
	event->account = account->name;
	event->resource = purse_resource(account->name);
	event->amount = account->quota.amount;
	renewal->refused = !quota_fits(account);
	if (renewal->refused)
		return SB_OK;
	TRY(forgive(books, account, renewal, err));
	event->debt = plan_debt(account, event->amount);
	TRY(books_append(books, event, err));
	renewal->seq = event->seq;
	renewal->end = event->end;
	if (!amount_add(renewal->amount, event->amount, &renewal->amount))
		renewal->amount = INT64_MAX;
	return SB_OK;
}

/* Sets the window of a period's quota. Returns false for a period that gets none: it is empty or,
 * because the terms changed, most of it had the quota of another period. If less of it had, the
 * window begins after that part; so a process that runs in another time zone does no harm. */
static bool set_window(const struct quota *quota, int64_t n, struct event *event)
{
	int64_t start, middle;

	if (!period_edge(quota->start, quota->every, n, &start) ||
	    !period_edge(quota->start, quota->every, n + 1, &event->period) ||
	    !period_edge(quota->start, quota->every, n + 1 + quota->carry, &event->end))
		return false;
	middle = start + (event->period - start) / 2;
	if (event->period <= start || quota->granted > middle)
		return false;
	event->start = int64_max(start, quota->granted);
	return true;
}

int quota_renew(struct books *books, const struct account *account, struct renewal *ret,
		struct sb_error *err)
{
	const struct quota *quota = &account->quota;
	int64_t now = books_time(books), since, last, n, charged;
	const struct account *owner;
	char name[NAME_SIZE];

	*ret = (struct renewal){0};
	if (!account->open || !quota->amount || now < int64_max(quota->start, quota->granted))
		return SB_OK;
	TRY(books_account(books, purse_account(name, account->name), &owner, err));
	if (!owner->open)
		return SB_OK;
	since = int64_max(int64_max(account->opened, owner->opened), quota->since);
	last = period_at(quota->start, quota->every, now);
	n = period_at(quota->start, quota->every, int64_max(since, quota->granted));
	n = int64_max(n, last - LATE_MAX + 1);
	TRY(check_charged_until(books, account, NULL, &charged, err));
	for (; n <= last && !ret->refused; n++) {
		struct event event = {0};

		if (!set_window(quota, n, &event) || (event.end <= charged && account->debt == 0))
			continue;
		TRY(grant(books, account, &event, ret, err));
	}
	return SB_OK;
}

int quota_renew_first(struct books *books, const char *name, struct renewal *ret,
		      struct sb_error *err)
{
	const struct account *account;
	int64_t gap;

	*ret = (struct renewal){0};
	TRY(check_clock_gap(books, false, &gap, err));
	if (gap)
		return SB_OK;
	TRY(books_account(books, name, &account, err));
	return quota_renew(books, account, ret, err);
}

bool quota_next(const struct account *account, struct next_quota *ret)
{
	const struct quota *quota = &account->quota;
	struct event event;
	int64_t n;

	if (!account->open || !quota->amount)
		return false;
	n = period_at(quota->start, quota->every, int64_max(account->time, quota->granted));
	/* Skip periods that are empty or, since the terms changed, had a quota already. */
	for (int64_t last = n + 2; n <= last; n++) {
		if (set_window(quota, n, &event)) {
			*ret = (struct next_quota){event.start, event.end, event.period};
			return true;
		}
	}
	return false;
}
