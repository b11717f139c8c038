/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/policy.h"

#include "ledger/amount.h"

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int plan_charge(const struct account *account, struct event *charge, struct sb_error *err)
{
	int64_t left = charge->amount;

	for (size_t i = 0; i < account->lot_count && left > 0; i++) {
		const struct lot *lot = &account->lots[i];
		int64_t part = smaller(lot->rest, left);
		int rc;

		if (lot->start >= charge->until || lot->end <= charge->since)
			continue;
		/* The lots behind pay the rest as debt, at once. */
		if (charge->part_count == EVENT_PARTS_MAX)
			break;
		rc = event_add_part(charge, lot->seq, lot->index, part, err);
		if (rc)
			return rc;
		left -= part;
	}
	charge->debt = left;
	return SB_OK;
}

int plan_take(const struct account *account, struct event *event, struct sb_error *err)
{
	char have[AMOUNT_TEXT_SIZE], want[AMOUNT_TEXT_SIZE];
	int64_t left = event->amount, all;
	int rc = account_rest(account, &all, err);

	if (rc)
		return rc;
	if (all < event->amount)
		return sb_error_set(err, SB_EREFUSED,
				    "account '%s' has %s SU to take, less than %s SU: take that or "
				    "less, or `all`",
				    account->name, amount_format(have, all, false),
				    amount_format(want, event->amount, false));
	for (size_t i = 0; i < account->lot_count && left > 0; i++) {
		const struct lot *lot = &account->lots[i];
		int64_t part = smaller(lot->rest, left);

		if (!lot_active(lot, account->time))
			continue;
		rc = event_add_part(event, lot->seq, lot->index, part, err);
		if (rc)
			return rc;
		left -= part;
	}
	return SB_OK;
}

int64_t plan_debt(const struct account *receiver, int64_t amount)
{
	return smaller(receiver->debt, amount);
}

bool had_money(const struct account *account)
{
	return account->deposited > 0 || account->received > 0;
}

int decide_funds(const struct account *account, const struct rules *rules, enum decision *ret,
		 struct sb_error *err)
{
	bool held = account_has_cause(account, CAUSE_FUNDS);
	int64_t available;
	int rc = account_available(account, &available, err);

	if (rc)
		return rc;
	if (rules->enforcement != ENFORCE_HOLD || account->unlimited || available > 0)
		*ret = held ? DECIDE_RELEASE : DECIDE_NOTHING;
	else
		*ret = !held && account->open && had_money(account) ? DECIDE_HOLD : DECIDE_NOTHING;
	return SB_OK;
}

const int *thresholds_of(const struct account *account, const struct rules *rules,
			 size_t *ret_count)
{
	(void)account;
	*ret_count = rules->threshold_count;
	return rules->thresholds;
}

enum lever_plan plan_lever(const struct account *account, const struct lever *lever,
			   int64_t current, const struct rules *rules)
{
	bool in_force;

	if (!lever) {
		/* A site that set the very value itself holds the account already, and is not to
		 * find its limit gone after our release. */
		return account_held(account) && current != rules->hold_value ? LEVER_ENTER_HOLD
									     : LEVER_LEAVE;
	}
	in_force = lever->tried && lever->outcome == OUTCOME_DONE;
	if (account_held(account)) {
		if (lever->restoring)
			return LEVER_ENTER_HOLD;
		if (current == lever->set)
			return in_force ? LEVER_LEAVE : LEVER_CONFIRM;
		/* Changed by hand. That is left, until somebody decides anew to hold. */
		if (in_force)
			return account->decision > lever->decision ? LEVER_ENTER_HOLD : LEVER_DRIFT;
		/* Before we came to it the site set another value: that is the one to put back. */
		return current == lever->original ? LEVER_RETRY : LEVER_ENTER_HOLD;
	}
	if (!lever->restoring)
		return LEVER_ENTER_RESTORE;
	if (current == lever->set)
		return LEVER_CONFIRM;
	return current == lever->ours ? LEVER_RETRY : LEVER_GIVE_UP;
}
