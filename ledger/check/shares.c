/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/check/shares.h"

#include "ledger/base/when.h"
#include "ledger/check/checking.h"

int64_t shares_end(const struct account *purse, int64_t now)
{
	int64_t end = 0;

	for (size_t i = 0; i < purse->lot_count; i++) {
		if (purse->lots[i].end > end && purse->lots[i].end > now)
			end = purse->lots[i].end;
	}
	return end;
}

/* Deposits the default share. */
static int deposit(const struct plan *plan, const char *share)
{
	const int64_t now = books_time(plan->books), end = shares_end(plan->account, now);
	const int days = plan->check->project_days;
	struct event event = {.kind = EVENT_DEPOSIT,
			      .account = share,
			      .resource = purse_resource(share),
			      .amount = plan->account->share,
			      .start = now,
			      .end = end ? end : WHEN_NEVER};
	struct finding finding = {.kind = FOUND_SHARE, .amount = event.amount};

	/* Past the year 9999 it has no end. */
	if (!end && days && !when_add_days(now, days, &event.end))
		event.end = WHEN_NEVER;
	TRY(books_append(plan->books, &event, plan->err));
	finding.seq = event.seq;
	check_set_name(finding.other, share);
	return check_found(plan, finding);
}

static int open_share(const struct plan *plan, const char *user)
{
	const char *resource = purse_resource(plan->account->name);
	char share[NAME_SIZE];
	struct event event = {.kind = EVENT_OPEN, .account = share, .note = "default share"};
	const struct account *account;
	int rc;

	if (share_name(plan->owner->name, resource, user, share, NULL))
		return SB_OK;
	rc = books_find(plan->books, share, &account, plan->err);
	if (rc != SB_ENOTFOUND)
		return rc;
	TRY(books_append(plan->books, &event, plan->err));
	plan->check->opened++;
	TRY(check_count_from_now(plan, share));
	return deposit(plan, share);
}

int shares_open(const struct plan *plan)
{
	const struct check *check = plan->check;

	if (!plan->account->share || !plan->account->open || !plan->owner->open || check->doubtful)
		return SB_OK;
	for (size_t i = 0; i < check->observation_count; i++) {
		size_t count;
		const struct observed *rows =
			observation_users(&check->observations[i], plan->account->name, &count);

		for (size_t j = 0; j < count; j++) {
			if (!rows[j].odd_usage)
				TRY(open_share(plan, resource_user(rows[j].resource)));
		}
	}
	return SB_OK;
}
