/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules by which an account takes over another: a rename gives an account with all that the
 * books know of it to another name, a merge gives what it has to an account that stays as it is.
 * Either way the account is closed. What concerns Slurm stays with it, since the account in Slurm
 * does: meters, moves, levers and queued jobs. */
#include <string.h>

#include "ledger/account/applying.h"
#include "ledger/base/amount.h"
#include "ledger/base/array.h"
#include "ledger/base/minmax.h"

static int64_t sum_rest(const struct account *account)
{
	int64_t sum = 0;

	/* It fits: check_sums() has seen it. */
	for (size_t i = 0; i < account->lot_count; i++)
		sum += account->lots[i].rest;
	return sum;
}

/* Moves a sum. */
static void give_sum(__int128 *from, __int128 *to)
{
	*to = *from;
	*from = 0;
}

static void give_money(struct account *from, struct account *to)
{
	to->lots = from->lots;
	to->lot_count = from->lot_count;
	to->debt = from->debt;
	from->lots = NULL;
	from->lot_count = 0;
	from->debt = 0;
	give_sum(&from->deposited, &to->deposited);
	give_sum(&from->withdrawn, &to->withdrawn);
	give_sum(&from->received, &to->received);
	give_sum(&from->sent, &to->sent);
	give_sum(&from->charged, &to->charged);
	give_sum(&from->expired, &to->expired);
	give_sum(&from->refunded, &to->refunded);
	give_sum(&from->adjusted, &to->adjusted);
	give_sum(&from->given_back, &to->given_back);
	give_sum(&from->taken_back, &to->taken_back);
	give_sum(&from->forgiven, &to->forgiven);
}

/* The former name keeps how its use is metered and the limit that holds it: jobs under it still
 * end.
 */
static void give_terms(struct account *from, struct account *to)
{
	to->unlimited = from->unlimited;
	to->credit = from->credit;
	to->enforcement = from->enforcement;
	memcpy(to->field, from->field, sizeof(to->field));
	memcpy(to->tres, from->tres, sizeof(to->tres));
	to->meter = from->meter;
	to->own_thresholds = from->own_thresholds;
	to->thresholds = from->thresholds;
	to->quota = from->quota;
	to->people = from->people;
	to->share = from->share;
	from->unlimited = false;
	from->credit = 0;
	from->enforcement = ENFORCE_SITE;
	from->own_thresholds = false;
	from->thresholds = (struct thresholds){0};
	from->quota = (struct quota){0};
	from->people = 0;
	from->share = 0;
}

static void give_standing(struct account *from, struct account *to)
{
	to->crossed = from->crossed;
	to->crossed_count = from->crossed_count;
	from->crossed = NULL;
	from->crossed_count = 0;
	to->opened = from->opened;
	to->causes = from->causes;
	to->hand_until = from->hand_until;
	to->grace_until = from->grace_until;
	from->causes = 0;
	from->hand_until = 0;
}

static void end_account(struct account *account, const struct account *successor,
			const struct event *event)
{
	account->open = false;
	account->causes |= 1u << CAUSE_CLOSED;
	account->grace_until = 0;
	account->decision = event->seq;
	account_copy_text(account->successor, sizeof(account->successor), successor->name);
}

int apply_rename(struct account *from, struct account *to, const struct event *event,
		 struct sb_error *err)
{
	if (*from->successor)
		return rule_broken(event, err, "another account took it over");
	/* A name is never used for two accounts: later use under it could be of either. */
	if (!to || to->seq)
		return rule_broken(event, err, "the new name is taken");
	if (sum_rest(from) != event->rest || from->debt != event->debt)
		return rule_broken(event, err, "the balance is another than it says");
	give_money(from, to);
	give_terms(from, to);
	give_standing(from, to);
	to->open = from->open;
	to->decision = event->seq;
	from->renamed_to = to->renamed_from = event->seq;
	end_account(from, to, event);
	return SB_OK;
}

/* Moves the rest of each lot of the entry. */
static int merge_lots(struct account *from, struct account *to, const struct event *event,
		      struct sb_error *err)
{
	size_t at = 0;

	for (size_t i = 0; i < event->part_count; i++) {
		const struct part *part = &event->parts[i];
		struct lot *source = account_find_part(from, part, &at);

		if (!source || source->end <= event->time)
			return rule_broken(event, err, "it takes from a lot that has ended");
		if (source->rest != part->amount)
			return rule_broken(event, err, "it is not what is left of a lot");
		TRY(account_add_lot(to,
				    (struct lot){.seq = event->seq,
						 .index = (uint16_t)i,
						 .start = source->start,
						 .end = source->end,
						 .amount = part->amount,
						 .rest = part->amount},
				    err));
		source->amount -= part->amount;
		source->rest = 0;
	}
	for (size_t i = 0; i < from->lot_count; i++) {
		if (from->lots[i].rest > 0 && from->lots[i].end > event->time)
			return rule_broken(event, err, "it leaves money behind");
	}
	return SB_OK;
}

/* Pays for late use with what is left of the windows in which it was, as if it had been charged to
 * the receiver; windows that ended since included. Returns what is left to pay. */
static int64_t pay_late_use(struct account *to, const struct event *event)
{
	int64_t debt = event->debt;

	for (size_t i = 0; i < to->lot_count && debt > 0; i++) {
		struct lot *lot = &to->lots[i];
		int64_t part = int64_min(debt, lot->rest);

		if (lot->start >= event->until || lot->end <= event->since)
			continue;
		lot->rest -= part;
		debt -= part;
	}
	return debt;
}

/* Moves the debt of late use of an account that was taken over before, or a part of it. */
static int merge_late_use(struct account *from, struct account *to, const struct event *event,
			  struct sb_error *err)
{
	if (!*from->successor)
		return rule_broken(event, err, "the account has not been taken over");
	if (event->since >= event->until || event->until > event->time)
		return rule_broken(event, err, "the late use has no time");
	if (event->rest || event->part_count)
		return rule_broken(event, err, "late use brings no money");
	if (from->debt < event->debt)
		return rule_broken(event, err, "it takes over more debt than there is");
	return amount_add(to->debt, pay_late_use(to, event), &to->debt) ? SB_OK
									: rule_overflow(event, err);
}

static int merge_all(struct account *from, struct account *to, const struct event *event,
		     struct sb_error *err)
{
	if (from->debt != event->debt)
		return rule_broken(event, err, "it takes over another debt than there is");
	TRY(merge_lots(from, to, event, err));
	if (!amount_add(to->debt, event->debt, &to->debt))
		return rule_overflow(event, err);
	return SB_OK;
}

/* Ends an account with the merge. */
static int end_merged(struct account *from, struct account *to, const struct event *event,
		      struct sb_error *err)
{
	uint64_t *added = array_add(to->merges, to->merge_count);

	if (!added)
		return sb_error_nomem(err);
	*added = event->seq;
	end_account(from, to, event);
	return SB_OK;
}

int apply_merge(struct account *from, struct account *to, const struct event *event,
		struct sb_error *err)
{
	if (!to || !to->open)
		return rule_broken(event, err, "the receiver is not open");
	TRY(event->until ? merge_late_use(from, to, event, err) : merge_all(from, to, event, err));
	from->debt -= event->debt;
	/* The receiver pays the debt. */
	from->sent += event->rest;
	to->received += event->rest;
	from->received += event->debt;
	to->sent += event->debt;
	return *from->successor ? SB_OK : end_merged(from, to, event, err);
}
