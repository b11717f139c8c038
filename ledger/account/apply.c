/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules by which entries change accounts; apply_money.c has those about money, apply_queue.c
 * those about queued jobs, apply_succession.c those by which an account takes over another. */
#include <string.h>

#include "ledger/account/applying.h"
#include "ledger/base/array.h"
#include "ledger/base/when.h"

int rule_broken(const struct event *event, struct sb_error *err, const char *what)
{
	return sb_error_set(err, SB_ECORRUPT, "%s of account '%s' breaks a rule: %s",
			    event_kinds[event->kind].name, event->account, what);
}

int rule_overflow(const struct event *event, struct sb_error *err)
{
	return sb_error_set(err, SB_EOVERFLOW,
			    "%s of account '%s' would make a sum larger than can be counted "
			    "(2.5e15 SU); nothing was changed",
			    event_kinds[event->kind].name, event->account);
}

/* Grace covers only the causes that existed when it was given: end it when none remain. */
static void end_grace(struct account *account)
{
	if (!account->causes)
		account->grace_until = 0;
}

static int apply_open(struct account *account, const struct event *event, struct sb_error *err)
{
	if (account->open)
		return rule_broken(event, err, "it is open already");
	if (*account->successor)
		return rule_broken(event, err, "another account took it over");
	account->open = true;
	account->opened = event->time;
	account->causes &= ~(1u << CAUSE_CLOSED);
	end_grace(account);
	account->decision = event->seq;
	return SB_OK;
}

static int apply_close(struct account *account, const struct event *event, struct sb_error *err)
{
	if (!account->open)
		return rule_broken(event, err, "it is closed already");
	account->open = false;
	account->causes |= 1u << CAUSE_CLOSED;
	account->grace_until = 0;
	account->decision = event->seq;
	return SB_OK;
}

static void set_quota(struct account *account, const struct event *event)
{
	struct quota *quota = &account->quota;

	if (event->quota &&
	    (!quota->amount || quota->every != event->every || quota->start != event->start))
		quota->since = event->time;
	quota->amount = event->quota;
	quota->every = event->every;
	quota->start = event->start;
	quota->carry = event->carry;
	quota->forgive_below = event->forgive_below;
}

static int apply_terms(struct account *account, const struct event *event, struct sb_error *err)
{
	account->own_thresholds = event->thresholds && *event->thresholds;
	account->thresholds.count = 0;
	if (account->own_thresholds &&
	    thresholds_parse(event->thresholds, &account->thresholds, err))
		return SB_ECORRUPT;
	account->unlimited = event->allowance == ALLOWANCE_UNLIMITED;
	account->credit = event->credit;
	account->enforcement = event->enforcement;
	account->meter = event->meter;
	set_quota(account, event);
	account->share = event->share;
	account_copy_text(account->field, sizeof(account->field), event->field);
	account_copy_text(account->tres, sizeof(account->tres), event->tres);
	account->decision = event->seq;
	return SB_OK;
}

static int apply_baseline(struct account *account, const struct event *event, struct sb_error *err)
{
	const struct meter *meter = account_meter(account, event->cluster);

	if (event->before != (meter ? meter->reading : -1))
		return rule_broken(event, err, "the reading before is not the last one");
	return account_set_meter(account, event, err);
}

static int apply_meter(struct account *account, const struct event *event, struct sb_error *err)
{
	struct meter *meter = account_find_meter(account, event->cluster);

	if (!meter || event->before != meter->reading)
		return rule_broken(event, err, "the reading before is not the last one");
	if (meter->jobs == (event->meter == METER_JOBS))
		return rule_broken(event, err, "it is metered so already");
	if (event->since > event->time)
		return rule_broken(event, err, "it begins at a time to come");
	if (meter->jobs) {
		meter->were_since = meter->jobs_since;
		meter->were_until = event->since;
	}
	meter->jobs = event->meter == METER_JOBS;
	meter->jobs_since = meter->jobs ? event->since : 0;
	meter->reading = event->now;
	meter->time = event->time;
	return SB_OK;
}

/* Jobs of the account in Slurm that ended before it moved keep counting for its former place. */
static int apply_move(struct account *account, const struct event *event, struct sb_error *err)
{
	struct moved *moved;

	if (!account_meter(account, event->cluster))
		return rule_broken(event, err, "nothing is counted on that cluster");
	if (event->since > event->time)
		return rule_broken(event, err, "it is at a time to come");
	moved = array_add(account->moves, account->move_count);
	if (!moved)
		return sb_error_nomem(err);
	moved->since = event->since;
	moved->came = event->move == MOVE_CAME;
	account_copy_text(moved->cluster, sizeof(moved->cluster), event->cluster);
	account_copy_text(moved->mover, sizeof(moved->mover), event->slurm_account);
	return SB_OK;
}

static int apply_threshold(struct account *account, const struct event *event, struct sb_error *err)
{
	int64_t used, allocated, *crossed;

	TRY(account_used(account, &used, err));
	TRY(account_allocated(account, &allocated, err));
	/* The event includes the use of running jobs, which has no entry yet. */
	if (event->used < used || allocated != event->allocated)
		return rule_broken(event, err, "the balance is another than it says");
	if (account_crossed(account, event->level))
		return rule_broken(event, err, "it was crossed before");
	crossed = array_add(account->crossed, account->crossed_count);
	if (!crossed)
		return sb_error_nomem(err);
	*crossed = event->level;
	return SB_OK;
}

static int apply_notice(struct account *account, const struct event *event, struct sb_error *err)
{
	if (event->end <= event->time)
		return rule_broken(event, err, "the window has ended");
	if (account_ending(account, event->end) != event->amount)
		return rule_broken(event, err, "it is not what is left of the lots that end then");
	for (size_t i = 0; i < account->lot_count; i++) {
		struct lot *lot = &account->lots[i];

		if (lot->end != event->end)
			continue;
		if (lot->noticed)
			return rule_broken(event, err, "it was given before");
		lot->noticed = true;
	}
	return SB_OK;
}

static int apply_hold(struct account *account, const struct event *event, struct sb_error *err)
{
	if (event->cause == CAUSE_CLOSED)
		return rule_broken(event, err, "only close holds for that cause");
	if (event->until && event->until <= event->time)
		return rule_broken(event, err, "it ends before it begins");
	account->causes |= 1u << event->cause;
	if (event->cause == CAUSE_HAND) {
		account->hand_until = event->until;
		account->grace_until = 0;
	}
	account->decision = event->seq;
	return SB_OK;
}

static int apply_release(struct account *account, const struct event *event, struct sb_error *err)
{
	if (event->cause == CAUSE_CLOSED)
		return rule_broken(event, err, "only open releases from that cause");
	if (event->until && event->until <= event->time)
		return rule_broken(event, err, "its grace ends before it begins");
	account->causes &= ~(1u << event->cause);
	if (event->cause == CAUSE_HAND) {
		account->hand_until = 0;
		account->grace_until = event->until;
	}
	end_grace(account);
	account->decision = event->seq;
	return SB_OK;
}

static struct lever *find_lever_entry(struct account *account, uint64_t seq)
{
	for (size_t i = 0; i < account->lever_count; i++) {
		if (account->levers[i].seq == seq)
			return &account->levers[i];
	}
	return NULL;
}

static int apply_lever(struct account *account, const struct event *event, struct sb_error *err)
{
	struct lever *lever =
		account_find_lever(account, event->cluster, event->field, event->tres);

	if (!lever) {
		if (event->action != LEVER_HOLD)
			return rule_broken(event, err, "it restores a lever that is not in force");
		lever = array_add(account->levers, account->lever_count);
		if (!lever)
			return sb_error_nomem(err);
		lever->original = event->found;
		lever->ours = lever->ours_before = event->set;
		account_copy_text(lever->cluster, sizeof(lever->cluster), event->cluster);
		account_copy_text(lever->field, sizeof(lever->field), event->field);
		account_copy_text(lever->tres, sizeof(lever->tres), event->tres);
	}
	/* Compare before [ours] changes. A value that we set, or tried to set, is not the
	 * site's. */
	lever->found_ours = lever->seq && lever_is_ours(lever, event->found);
	lever->found = event->found;
	if (event->action == LEVER_HOLD) {
		if (!lever->found_ours)
			lever->original = event->found;
		lever->ours_before = lever->seq ? lever->ours : event->set;
		lever->ours = event->set;
	}
	if (event->action == LEVER_RESTORE && event->set != lever->original)
		return rule_broken(event, err, "it restores another value than was found");
	account_copy_text(lever->slurm_account, sizeof(lever->slurm_account), event->slurm_account);
	lever->seq = event->seq;
	lever->decision = event->answers;
	lever->set = event->set;
	lever->restoring = event->action == LEVER_RESTORE;
	lever->tried = false;
	lever->outcome = 0;
	lever->reason[0] = '\0';
	return SB_OK;
}

static int apply_applied(struct account *account, const struct event *event, struct sb_error *err)
{
	struct lever *lever = find_lever_entry(account, event->answers);

	if (!lever)
		return rule_broken(event, err, "it answers no lever in force");
	if (event->outcome == OUTCOME_LEFT && !lever->restoring)
		return rule_broken(event, err, "only a value to restore can be left");
	if (lever->restoring && event->outcome != OUTCOME_FAILED) {
		size_t behind = account->lever_count - 1 - (size_t)(lever - account->levers);

		memmove(lever, lever + 1, behind * sizeof(*lever));
		account->lever_count--;
		return SB_OK;
	}
	lever->tried = true;
	lever->outcome = event->outcome;
	account_copy_text(lever->reason, sizeof(lever->reason), event->reason);
	return SB_OK;
}

/* Checks that no money was created or lost: lots - debt = deposits + received - withdrawals - sent
 * - charges - expired + refunds - adjustments + given back - taken back + forgiven. Also checks
 * that balance and use fit int64, whichever windows are active. */
static int check_sums(const struct account *account, const struct event *event,
		      struct sb_error *err)
{
	__int128 sum = account->deposited + account->received - account->withdrawn - account->sent -
		       account->charged - account->expired + account->refunded - account->adjusted +
		       account->given_back - account->taken_back + account->forgiven;
	__int128 rest = 0, amount = 0;

	for (size_t i = 0; i < account->lot_count; i++) {
		rest += account->lots[i].rest;
		amount += account->lots[i].amount;
	}
	if (rest - account->debt != sum)
		return rule_broken(event, err, "its lots and its sums differ afterwards");
	if (amount + account->debt + account->credit > INT64_MAX)
		return rule_overflow(event, err);
	return SB_OK;
}

static int apply_notified(struct account *account, const struct event *event, struct sb_error *err)
{
	(void)account;
	(void)event;
	(void)err;
	return SB_OK; /* it records a notification and changes nothing */
}

static int apply_people(struct account *account, const struct event *event, struct sb_error *err)
{
	(void)err;
	account->people = event->seq;
	return SB_OK;
}

typedef int rule(struct account *account, const struct event *event, struct sb_error *err);

/* The rules of events that change one account. */
static rule *const rules[EVENT_KIND_END] = {
	[EVENT_OPEN] = apply_open,	     [EVENT_CLOSE] = apply_close,
	[EVENT_TERMS] = apply_terms,	     [EVENT_BASELINE] = apply_baseline,
	[EVENT_DEPOSIT] = apply_deposit,     [EVENT_WITHDRAW] = apply_withdraw,
	[EVENT_CHARGE] = apply_charge,	     [EVENT_REFUND] = apply_refund,
	[EVENT_ADJUST] = apply_adjust,	     [EVENT_EXPIRE] = apply_expire,
	[EVENT_THRESHOLD] = apply_threshold, [EVENT_NOTICE] = apply_notice,
	[EVENT_HOLD] = apply_hold,	     [EVENT_RELEASE] = apply_release,
	[EVENT_LEVER] = apply_lever,	     [EVENT_APPLIED] = apply_applied,
	[EVENT_NOTIFIED] = apply_notified,   [EVENT_CHARGE_JOB] = apply_charge_job,
	[EVENT_RECONCILE] = apply_reconcile, [EVENT_METER] = apply_meter,
	[EVENT_MOVE] = apply_move,	     [EVENT_FEE] = apply_fee,
	[EVENT_FORGIVE] = apply_forgive,     [EVENT_QUEUE] = apply_queue,
	[EVENT_QUEUED] = apply_queued,	     [EVENT_PEOPLE] = apply_people,
};

static int apply_one(struct account *account, struct account *to, const struct event *event,
		     struct sb_error *err)
{
	if (event->kind != EVENT_OPEN && !account->seq)
		return rule_broken(event, err, "it was never opened");
	if (event->kind == EVENT_TRANSFER)
		return apply_transfer(account, to, event, err);
	if (event->kind == EVENT_REVERSE)
		return apply_reverse(account, to, event, err);
	if (event->kind == EVENT_RENAME)
		return apply_rename(account, to, event, err);
	if (event->kind == EVENT_MERGE)
		return apply_merge(account, to, event, err);
	if (event->kind >= EVENT_KIND_END || !rules[event->kind])
		return rule_broken(event, err, "its kind has no rule");
	return rules[event->kind](account, event, err);
}

int account_apply(struct account *account, struct account *to, const struct event *event,
		  struct sb_error *err)
{
	struct account *both[] = {account, to};

	for (size_t i = 0; i < 2; i++) {
		if (both[i])
			TRY(account_settle(both[i], event->time, err));
	}
	TRY(apply_one(account, to, event, err));
	for (size_t i = 0; i < 2; i++) {
		if (!both[i])
			continue;
		TRY(account_settle(both[i], event->time, err));
		both[i]->seq = event->seq;
		TRY(check_sums(both[i], event, err));
	}
	return SB_OK;
}
