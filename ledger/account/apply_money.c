/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules by which entries of money change accounts. */
#include <string.h>

#include "ledger/account/applying.h"
#include "ledger/base/amount.h"
#include "ledger/base/when.h"

/* Settles again, since new money pays debt, and compares the debt that was paid since [before] with
 * the entry's. */
static int check_debt_paid(struct account *account, const struct event *event, int64_t before,
			   struct sb_error *err)
{
	TRY(account_settle(account, event->time, err));
	if (before - account->debt != event->debt)
		return rule_broken(event, err, "it pays another debt than it says");
	return SB_OK;
}

/* Pays debt from the quota of a period, even if the period is over: a check in time would have paid
 * this debt, since it is older than the period. */
static int pay_by_quota(struct account *account, const struct event *event, struct lot *lot,
			struct sb_error *err)
{
	int64_t paid = account->debt < lot->rest ? account->debt : lot->rest;

	if (!account->quota.amount)
		return rule_broken(event, err, "it has no quota");
	if (event->start > event->time)
		return rule_broken(event, err, "its period has not begun");
	if (event->start < account->quota.granted)
		return rule_broken(event, err, "its period had a quota before");
	lot->rest -= paid;
	account->debt -= paid;
	account->quota.granted = event->period;
	return SB_OK;
}

int apply_deposit(struct account *account, const struct event *event, struct sb_error *err)
{
	int64_t before = account->debt;
	struct lot lot = {.seq = event->seq,
			  .start = event->start,
			  .end = event->end,
			  .amount = event->amount,
			  .rest = event->amount};

	if (!account->open)
		return rule_broken(event, err, "it is closed");
	account->deposited += event->amount;
	if (event->period)
		TRY(pay_by_quota(account, event, &lot, err));
	TRY(account_add_lot(account, lot, err));
	return check_debt_paid(account, event, before, err);
}

int apply_forgive(struct account *account, const struct event *event, struct sb_error *err)
{
	if (event->amount > account->debt)
		return rule_broken(event, err, "it forgives more debt than there is");
	account->debt -= event->amount;
	account->forgiven += event->amount;
	return SB_OK;
}

/* Takes the parts of a withdrawal or a transfer out of active lots. */
static int take_parts(struct account *account, const struct event *event, struct sb_error *err)
{
	size_t at = 0;

	for (size_t i = 0; i < event->part_count; i++) {
		const struct part *part = &event->parts[i];
		struct lot *lot = account_find_part(account, part, &at);

		if (!lot || !lot_active(lot, event->time))
			return rule_broken(event, err, "it takes from a lot that is not active");
		if (lot->rest < part->amount)
			return rule_broken(event, err, "it takes more than a lot holds");
		lot->rest -= part->amount;
		lot->amount -= part->amount;
	}
	return SB_OK;
}

int apply_withdraw(struct account *account, const struct event *event, struct sb_error *err)
{
	account->withdrawn += event->amount;
	return take_parts(account, event, err);
}

int apply_transfer(struct account *from, struct account *to, const struct event *event,
		   struct sb_error *err)
{
	size_t at = 0;

	if (!to || !to->open)
		return rule_broken(event, err, "the receiver is not open");
	from->sent += event->amount;
	to->received += event->amount;
	/* First, while the giver's lots exist: settling removes an ended lot that is empty. */
	for (size_t i = 0; i < event->part_count; i++) {
		const struct part *part = &event->parts[i];
		const struct lot *source = account_find_part(from, part, &at);
		struct lot lot = {.seq = event->seq,
				  .index = (uint16_t)i,
				  .amount = part->amount,
				  .rest = part->amount};

		if (!source)
			return rule_broken(event, err, "it takes from a lot that is not active");
		lot.start = source->start;
		lot.end = source->end;
		TRY(account_add_lot(to, lot, err));
	}
	if (take_parts(from, event, err))
		return SB_ECORRUPT;
	return check_debt_paid(to, event, to->debt, err);
}

/* Charges use to lots whose window it overlaps, and to debt. */
static int draw(struct account *account, const struct event *event, struct sb_error *err)
{
	size_t at = 0;

	if (event->until > event->time)
		return rule_broken(event, err, "it charges a time to come");
	for (size_t i = 0; i < event->part_count; i++) {
		const struct part *part = &event->parts[i];
		struct lot *lot = account_find_part(account, part, &at);

		if (!lot || lot->start >= event->until || lot->end <= event->since)
			return rule_broken(event, err, "it draws on a lot outside its window");
		if (lot->rest < part->amount)
			return rule_broken(event, err, "it draws more than a lot holds");
		lot->rest -= part->amount;
	}
	if (!amount_add(account->debt, event->debt, &account->debt))
		return rule_overflow(event, err);
	account->charged += event->amount;
	return SB_OK;
}

int apply_charge(struct account *account, const struct event *event, struct sb_error *err)
{
	struct meter *meter = account_find_meter(account, event->cluster);
	int rc;

	if (meter && meter->jobs)
		return rule_broken(event, err, "it is metered by jobs there");
	if (!meter || meter->reading != event->before)
		return rule_broken(event, err, "the reading before is not the last one");
	if (event->since < meter->time)
		return rule_broken(event, err, "it charges a time that was charged before");
	rc = draw(account, event, err);
	meter->reading = event->now;
	meter->time = event->until;
	return rc;
}

int apply_fee(struct account *account, const struct event *event, struct sb_error *err)
{
	return draw(account, event, err);
}

int apply_expire(struct account *account, const struct event *event, struct sb_error *err)
{
	size_t at = 0;

	if (event->end > event->time)
		return rule_broken(event, err, "the window has not ended");
	for (size_t i = 0; i < event->part_count; i++) {
		const struct part *part = &event->parts[i];
		struct lot *lot = account_find_part(account, part, &at);

		if (!lot || lot->end != event->end)
			return rule_broken(event, err, "it names a lot with another end");
		if (lot->rest != part->amount)
			return rule_broken(event, err, "it is not what is left of a lot");
		lot->rest = 0;
	}
	account->expired += event->amount;
	return SB_OK;
}

static int owe(struct account *account, const struct event *event, int64_t debt,
	       struct sb_error *err)
{
	return amount_add(account->debt, debt, &account->debt) ? SB_OK : rule_overflow(event, err);
}

/* Creates the lot of a part that names its own entry. */
static int add_new_lot(struct account *account, const struct event *event, const struct part *part,
		       struct sb_error *err)
{
	struct lot lot = {.seq = event->seq,
			  .index = part->index,
			  .start = event->start,
			  .end = event->end,
			  .amount = part->amount,
			  .rest = part->amount};

	if (account_find_lot(account, lot.seq, lot.index))
		return rule_broken(event, err, "it makes a lot twice");
	if (event->end <= event->time)
		return rule_broken(event, err, "the new window is over");
	return account_add_lot(account, lot, err);
}

/* Gives use back: it pays debt, then fills up lots that have spent something. */
static int take_use_back(struct account *account, const struct event *event, struct sb_error *err)
{
	size_t at = 0;

	if (event->debt > account->debt)
		return rule_broken(event, err, "it pays more debt than there is");
	account->debt -= event->debt;
	if (account->debt > 0 && event->part_count > 0)
		return rule_broken(event, err, "debt is to be paid first");
	for (size_t i = 0; i < event->part_count; i++) {
		const struct part *part = &event->parts[i];
		struct lot *lot = account_find_part(account, part, &at);

		if (part->lot == event->seq) {
			TRY(add_new_lot(account, event, part, err));
			continue;
		}
		if (!lot || !lot_active(lot, event->time))
			return rule_broken(event, err, "it gives to a lot that is not active");
		if (lot->amount - lot->rest < part->amount)
			return rule_broken(event, err, "it gives a lot more than was spent of it");
		lot->rest += part->amount;
	}
	return SB_OK;
}

int apply_refund(struct account *account, const struct event *event, struct sb_error *err)
{
	account->refunded += event->amount;
	return take_use_back(account, event, err);
}

int apply_charge_job(struct account *account, const struct event *event, struct sb_error *err)
{
	const struct meter *meter = account_meter(account, event->cluster);
	int64_t since;

	if (!meter || !meter_by_jobs(meter, event->until, &since))
		return rule_broken(event, err, "it is not metered by jobs there");
	if (event->since < since)
		return rule_broken(event, err, "it charges a time before jobs were counted");
	return draw(account, event, err);
}

/* Leaves the meter as it is: the use was before the meter's time, or its reading does not include
 * it. */
int apply_reconcile(struct account *account, const struct event *event, struct sb_error *err)
{
	if (!account_meter(account, event->cluster))
		return rule_broken(event, err, "nothing is counted on that cluster");
	if (event->use == USE_MORE)
		return draw(account, event, err);
	account->refunded += event->amount;
	return take_use_back(account, event, err);
}

/* Lowers the amounts of lots. What they have already spent of the part taken away becomes debt. */
int apply_adjust(struct account *account, const struct event *event, struct sb_error *err)
{
	size_t at = 0;
	int64_t debt = 0;

	for (size_t i = 0; i < event->part_count; i++) {
		const struct part *part = &event->parts[i];
		struct lot *lot = account_find_part(account, part, &at);
		int64_t rest;

		if (!lot || !lot_active(lot, event->time))
			return rule_broken(event, err, "it takes from a lot that is not active");
		if (lot->amount < part->amount)
			return rule_broken(event, err, "it takes more than a lot was given");
		rest = lot->rest < part->amount ? lot->rest : part->amount;
		lot->amount -= part->amount;
		lot->rest -= rest;
		debt += part->amount - rest;
	}
	if (debt != event->debt)
		return rule_broken(event, err, "it makes another debt than it says");
	account->adjusted += event->amount;
	return owe(account, event, debt, err);
}

/* Puts money that was taken out back into its lots. */
static int give_back(struct account *account, const struct event *event, struct sb_error *err)
{
	size_t at = 0;

	for (size_t i = 0; i < event->part_count; i++) {
		const struct part *part = &event->parts[i];
		struct lot *lot = account_find_part(account, part, &at);

		if (part->lot == event->seq) {
			TRY(add_new_lot(account, event, part, err));
			continue;
		}
		if (!lot || lot->end <= event->time)
			return rule_broken(event, err, "it gives to a lot that has ended");
		if (!amount_add(lot->amount, part->amount, &lot->amount))
			return rule_overflow(event, err);
		lot->rest += part->amount; /* at most the amount */
	}
	return SB_OK;
}

/* Takes back a whole lot. *ret is what was spent of it, which becomes debt. */
static int annul(struct account *account, const struct event *event, uint16_t index, int64_t amount,
		 int64_t *ret, struct sb_error *err)
{
	struct lot *lot = account_find_lot(account, event->answers, index);

	if (!lot)
		return rule_broken(event, err, "the lot is gone");
	if (lot->amount != amount)
		return rule_broken(event, err, "some of the lot was taken out since");
	*ret = lot->amount - lot->rest;
	lot->amount = lot->rest = 0;
	return SB_OK;
}

static int reverse_deposit(struct account *account, const struct event *event, struct sb_error *err)
{
	int64_t spent = 0;

	TRY(annul(account, event, 0, event->amount, &spent, err));
	if (spent != event->debt || event->part_count > 1 ||
	    (event->part_count == 1 &&
	     (event->parts[0].lot != event->answers || event->parts[0].index != 0)))
		return rule_broken(event, err, "it takes something else than is left of the lot");
	return owe(account, event, spent, err);
}

static int reverse_transfer(struct account *from, struct account *to, const struct event *event,
			    struct sb_error *err)
{
	int64_t debt = 0, spent = 0;

	TRY(give_back(from, event, err));
	for (size_t i = 0; i < event->part_count; i++) {
		TRY(annul(to, event, (uint16_t)i, event->parts[i].amount, &spent, err));
		debt += spent;
	}
	if (debt != event->debt)
		return rule_broken(event, err, "it makes another debt than it says");
	return owe(to, event, debt, err);
}

static int reverse_refund(struct account *account, const struct event *event, struct sb_error *err)
{
	size_t at = 0;
	struct lot *made;

	for (size_t i = 0; i < event->part_count; i++) {
		const struct part *part = &event->parts[i];
		struct lot *lot = account_find_part(account, part, &at);

		if (!lot || lot->end <= event->time)
			return rule_broken(event, err, "it takes from a lot that has ended");
		if (lot->rest < part->amount)
			return rule_broken(event, err, "it takes more than a lot holds");
		lot->rest -= part->amount;
	}
	made = account_find_lot(account, event->answers, 0);
	if (made && made->rest > 0)
		return rule_broken(event, err, "it leaves something in the lot of the refund");
	if (made)
		made->amount = 0;
	return owe(account, event, event->debt, err);
}

int apply_reverse(struct account *account, struct account *to, const struct event *event,
		  struct sb_error *err)
{
	switch (event->reverses) {
	case REVERSED_DEPOSIT:
		account->taken_back += event->amount;
		return reverse_deposit(account, event, err);
	case REVERSED_REFUND:
		account->taken_back += event->amount;
		return reverse_refund(account, event, err);
	case REVERSED_CHARGE:
		account->given_back += event->amount;
		return take_use_back(account, event, err);
	case REVERSED_TRANSFER:
		if (!to)
			return rule_broken(event, err, "it names no receiver");
		account->given_back += event->amount;
		to->taken_back += event->amount;
		return reverse_transfer(account, to, event, err);
	default: /* withdraw, adjust, expire: event_check() knows no other */
		account->given_back += event->amount;
		TRY(give_back(account, event, err));
		return check_debt_paid(account, event, account->debt, err);
	}
}
