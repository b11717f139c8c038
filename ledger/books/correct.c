/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/books/correct.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/account/policy.h"
#include "ledger/base/amount.h"
#include "ledger/base/when.h"
#include "ledger/books/renames.h"

static int refuse_kind(const struct event *event, bool refund, struct sb_error *err)
{
	const char *name = event_kinds[event->kind].name;

	if (event->kind == EVENT_REVERSE)
		return sb_error_set(err, SB_EREFUSED,
				    "entry %" PRIu64 " is a reversal itself: record again what it "
				    "took back",
				    event->seq);
	if (event->kind == EVENT_RECONCILE)
		return sb_error_set(err, SB_EREFUSED,
				    "entry %" PRIu64 " follows Slurm's record of jobs: if that has "
				    "changed, `subank reconcile --apply` records the difference",
				    event->seq);
	if (refund && event_reversible(event->kind) >= 0)
		return sb_error_set(err, SB_EREFUSED,
				    "entry %" PRIu64
				    " (%s) charged nothing: `subank reverse %" PRIu64
				    "` takes it back",
				    event->seq, name, event->seq);
	if (!refund && (event->kind == EVENT_RENAME || event->kind == EVENT_MERGE))
		return sb_error_set(err, SB_EREFUSED,
				    "entry %" PRIu64 " (%s) cannot be reversed: it stays; `subank "
				    "transfer` can move money to another account",
				    event->seq, name);
	return sb_error_set(err, SB_EREFUSED,
			    "entry %" PRIu64 " (%s) moved no money: `subank journal` shows "
			    "which did",
			    event->seq, name);
}

int correct_read(struct books *books, uint64_t seq, bool refund, struct event *ret,
		 struct sb_error *err)
{
	uint64_t first;
	int64_t amount;

	TRY(journal_get(books_txn(books), seq, ret, NULL, err));
	if (refund ? !event_is_charge(ret) : event_reversible(ret->kind) < 0)
		return refuse_kind(ret, refund, err);
	TRY(books_answered(books, seq, &amount, &first, err));
	if (!first)
		return SB_OK;
	if (amount >= ret->amount)
		return sb_error_set(err, SB_EREFUSED,
				    "entry %" PRIu64 " was taken back by entry %" PRIu64 " already",
				    seq, first);
	if (!refund)
		return sb_error_set(err, SB_EREFUSED,
				    "entry %" PRIu64 " was refunded in part by entry %" PRIu64
				    ": `subank refund %" PRIu64 "` gives back the rest",
				    seq, first, seq);
	return SB_OK;
}

int correct_left(struct books *books, const struct event *charge, int64_t *ret,
		 struct sb_error *err)
{
	uint64_t first;
	int64_t before;

	TRY(books_answered(books, charge->seq, &before, &first, err));
	*ret = charge->amount - before;
	return SB_OK;
}

/* ---- refunds ---- */

/* How much of a charge is still to be given back, and where. */
struct giving {
	struct books *books;
	const struct event *charge;
	struct event earlier; /* a refund of the same charge */
	int64_t *left; /* of each part of the charge */
	int64_t debt; /* of the part that became debt */
	struct account *account; /* a copy, to try the parts on */
};

/* Subtracts what an earlier refund gave back. */
static int subtract_refund(uint64_t answering, int64_t amount, void *ctx, struct sb_error *err)
{
	struct giving *giving = ctx;
	const struct event *charge = giving->charge;

	TRY(journal_get(books_txn(giving->books), answering, &giving->earlier, NULL, err));
	for (size_t i = 0; i < giving->earlier.part_count; i++) {
		const struct part *part = &giving->earlier.parts[i];

		for (size_t j = 0; j < charge->part_count; j++) {
			int64_t taken = amount_min(part->amount, giving->left[j]);

			if (charge->parts[j].lot != part->lot ||
			    charge->parts[j].index != part->index)
				continue;
			giving->left[j] -= taken;
			amount -= taken;
		}
	}
	giving->debt -= amount_min(amount, giving->debt);
	return SB_OK;
}

/* Gives a lot back what it has spent, up to [most] and to what is [*left] of the refund. */
static int give(struct event *refund, struct lot *lot, int64_t most, int64_t *left,
		struct sb_error *err)
{
	int64_t amount = amount_min(amount_min(most, *left), lot->amount - lot->rest);

	lot->rest += amount;
	*left -= amount;
	return event_raise_part(refund, lot->seq, lot->index, amount, err);
}

/* Puts money whose lots have ended into a new lot. */
static int give_window(struct books *books, const struct new_window *window, struct event *event,
		       int64_t amount, struct sb_error *err)
{
	char text[AMOUNT_TEXT_SIZE], of[32] = "what is given back";
	const struct unit unit = purse_unit(event->account);

	if (amount == 0)
		return SB_OK;
	if (event->answers)
		(void)snprintf(of, sizeof(of), "entry %" PRIu64, event->answers);
	if (!window->given)
		return sb_error_set(err, SB_EREFUSED,
				    "%s %s of %s came from a window that has ended, and cannot go "
				    "back there: give them a new one with --end, as in --end "
				    "now+90days",
				    amount_format_in(text, amount, unit.size), unit.name, of);
	event->start = window->start;
	event->end = window->end;
	/* The lot gets the number of the entry that is being planned. Deferred charges take theirs
	 * first. */
	TRY(books_record_deferred(books, event->account, err));
	return event_add_part(event, books_head(books)->seq + 1, 0, amount, err);
}

static int give_all(struct giving *giving, struct event *refund, int64_t *left,
		    struct sb_error *err)
{
	struct account *account = giving->account;

	for (size_t i = giving->charge->part_count; i-- > 0 && *left > 0;) {
		const struct part *part = &giving->charge->parts[i];

		for (size_t j = 0; j < account->lot_count; j++) {
			struct lot *lot = &account->lots[j];
			int64_t owed = giving->left[i] - (lot->amount - lot->rest);

			if (lot->seq != part->lot || lot->index != part->index ||
			    !lot_active(lot, account->time))
				continue;
			/* A reversal or a lower allocation has turned this much of the lot's use
			 * into debt. */
			giving->debt += owed > 0 ? owed : 0;
			TRY(give(refund, lot, giving->left[i], left, err));
		}
	}
	giving->debt -= amount_min(refund->debt, giving->debt);
	for (size_t i = 0; *left > 0 && i < account->lot_count; i++) {
		int64_t before = *left;

		if (!lot_active(&account->lots[i], account->time))
			continue;
		TRY(give(refund, &account->lots[i], giving->debt, left, err));
		giving->debt -= before - *left;
	}
	return SB_OK;
}

static int refuse_taken(const struct giving *giving, const struct taken_debt *taken,
			struct sb_error *err)
{
	const struct account *account = giving->account;
	const struct unit unit = purse_unit(account->name);
	char text[AMOUNT_TEXT_SIZE];
	uint64_t seq = giving->charge->seq;

	(void)amount_format_in(text, taken->amount, unit.size);
	if (*taken->by)
		return sb_error_set(err, SB_EREFUSED,
				    "%s %s of entry %" PRIu64
				    " became debt, which account '%s' took "
				    "over: `subank refund %" PRIu64 "` gives it back there",
				    text, unit.name, seq, taken->by, seq);
	return sb_error_set(
		err, SB_EREFUSED,
		"%s %s of entry %" PRIu64 " became debt, which went to account '%s', "
		"and that one is closed: open it again first (`subank why %s`), or give "
		"a new window with --end",
		text, unit.name, seq, account->successor, account->successor);
}

/* Takes out of [*left] the debt of the charge that another account took over. */
static int leave_taken(const struct giving *giving, const struct new_window *window, int64_t *left,
		       struct taken_debt *ret, struct sb_error *err)
{
	struct taken_debt taken = {.amount = amount_min(*left, giving->debt)};

	if (!*giving->account->successor || taken.amount == 0)
		return SB_OK;
	TRY(books_successor(giving->books, giving->account, taken.by, err));
	if (*taken.by && ret) {
		*left -= taken.amount;
		*ret = taken;
		return SB_OK;
	}
	return window->given ? SB_OK : refuse_taken(giving, &taken, err);
}

static int give_back(struct giving *giving, const struct new_window *window, struct event *refund,
		     struct taken_debt *taken, struct sb_error *err)
{
	const struct event *charge = giving->charge;
	int64_t left;

	for (size_t i = 0; i < charge->part_count; i++)
		giving->left[i] = charge->parts[i].amount;
	TRY(books_answers(giving->books, charge->seq, subtract_refund, giving, err));
	refund->debt = amount_min(giving->account->debt, refund->amount);
	left = refund->amount - refund->debt;
	TRY(give_all(giving, refund, &left, err));
	TRY(leave_taken(giving, window, &left, taken, err));
	if (taken)
		refund->amount -= taken->amount;
	return give_window(giving->books, window, refund, left, err);
}

int plan_refund(struct books *books, const struct event *charge, const struct new_window *window,
		struct event *refund, struct taken_debt *ret_taken, struct sb_error *err)
{
	struct giving giving = {.books = books, .charge = charge, .debt = charge->debt};
	const struct account *account;
	int rc;

	if (ret_taken)
		*ret_taken = (struct taken_debt){0};
	TRY(books_account(books, refund->account, &account, err));
	giving.account = account_copy(account);
	giving.left = calloc(charge->part_count + 1, sizeof(*giving.left));
	rc = giving.account && giving.left ? give_back(&giving, window, refund, ret_taken, err)
					   : sb_error_nomem(err);
	event_release(&giving.earlier);
	free(giving.left);
	account_free(giving.account);
	return rc;
}

/* ---- reversals ---- */

static int refuse_gone(const struct event *answered, struct sb_error *err)
{
	return sb_error_set(err, SB_EREFUSED,
			    "the window of entry %" PRIu64 " has ended and its money is gone: it "
			    "cannot be reversed any more; `subank withdraw` or `subank set` lower "
			    "what the account has now",
			    answered->seq);
}

/* Reads the rest of a lot that [answered] made. Nothing but use may have reduced it. */
static int read_rest(const struct account *account, const struct event *answered, uint16_t index,
		     int64_t amount, int64_t *ret_rest, struct sb_error *err)
{
	const struct lot *lot = account_lot(account, answered->seq, index);
	const struct unit unit = purse_unit(account->name);
	char text[AMOUNT_TEXT_SIZE];

	if (!lot)
		return refuse_gone(answered, err);
	if (lot->amount != amount)
		return sb_error_set(err, SB_EREFUSED,
				    "%s %s of entry %" PRIu64 " were taken out of account '%s' "
				    "since (withdraw, transfer, set): reverse that first",
				    amount_format_in(text, amount - lot->amount, unit.size),
				    unit.name, answered->seq, account->name);
	*ret_rest = lot->rest;
	return SB_OK;
}

static int reverse_deposit(const struct account *account, const struct event *answered,
			   struct event *reverse, struct sb_error *err)
{
	int64_t rest;

	TRY(read_rest(account, answered, 0, answered->amount, &rest, err));
	reverse->debt = answered->amount - rest;
	return event_add_part(reverse, answered->seq, 0, rest, err);
}

static int reverse_transfer(struct books *books, const struct account *from,
			    const struct event *answered, struct event *reverse,
			    struct sb_error *err)
{
	size_t at = 0;
	const struct account *to;

	TRY(books_account(books, reverse->to, &to, err));
	for (size_t i = 0; i < answered->part_count; i++) {
		const struct part *part = &answered->parts[i];
		const struct lot *lot = account_part(from, part, &at);
		int64_t rest;

		if (!lot || lot->end <= from->time)
			return refuse_gone(answered, err);
		TRY(read_rest(to, answered, (uint16_t)i, part->amount, &rest, err));
		reverse->debt += part->amount - rest;
		TRY(event_add_part(reverse, part->lot, part->index, part->amount, err));
	}
	return SB_OK;
}

static int reverse_refund(const struct account *account, const struct event *answered,
			  struct event *reverse, struct sb_error *err)
{
	size_t at = 0;

	reverse->debt = answered->amount;
	for (size_t i = 0; i < answered->part_count; i++) {
		const struct part *part = &answered->parts[i];
		const struct lot *lot = account_part(account, part, &at);
		int64_t rest;

		if (!lot || lot->end <= account->time)
			return refuse_gone(answered, err);
		rest = amount_min(lot->rest, part->amount);
		if (part->lot == answered->seq)
			TRY(read_rest(account, answered, part->index, part->amount, &rest, err));
		TRY(event_add_part(reverse, part->lot, part->index, rest, err));
		reverse->debt -= rest;
	}
	return SB_OK;
}

/* Gives back what a withdrawal, an adjustment or an expiry took. */
static int reverse_taking(struct books *books, const struct account *account,
			  const struct event *answered, const struct new_window *window,
			  struct event *reverse, struct sb_error *err)
{
	size_t at = 0;
	int64_t ended = 0, active = 0;

	for (size_t i = 0; i < answered->part_count; i++) {
		const struct part *part = &answered->parts[i];
		const struct lot *lot = account_part(account, part, &at);

		if (!lot || lot->end <= account->time) {
			ended += part->amount;
			continue;
		}
		active += part->amount;
		TRY(event_add_part(reverse, part->lot, part->index, part->amount, err));
	}
	TRY(give_window(books, window, reverse, ended, err));
	if (ended > 0 && reverse->start <= account->time)
		active += ended;
	reverse->debt = amount_min(account->debt, active);
	return SB_OK;
}

int plan_reverse(struct books *books, const struct event *answered, const struct new_window *window,
		 struct event *reverse, struct sb_error *err)
{
	const struct account *account;

	TRY(books_account(books, reverse->account, &account, err));
	reverse->amount = answered->amount;
	reverse->reverses = (uint8_t)event_reversible(answered->kind);
	switch (answered->kind) {
	case EVENT_DEPOSIT:
		return reverse_deposit(account, answered, reverse, err);
	case EVENT_TRANSFER:
		return reverse_transfer(books, account, answered, reverse, err);
	case EVENT_CHARGE:
	case EVENT_CHARGE_JOB:
	case EVENT_FEE:
		return plan_refund(books, answered, window, reverse, NULL, err);
	case EVENT_REFUND:
		return reverse_refund(account, answered, reverse, err);
	default:
		return reverse_taking(books, account, answered, window, reverse, err);
	}
}

/* ---- reconciliations ---- */

int plan_reconcile(struct books *books, const struct new_window *window, struct event *event,
		   struct sb_error *err)
{
	const struct account *account;
	struct account *copy;
	int64_t left;
	int rc = SB_OK;

	TRY(books_account(books, event->account, &account, err));
	if (event->use == USE_MORE)
		return plan_charge(account, event, err);
	copy = account_copy(account);
	if (!copy)
		return sb_error_nomem(err);
	event->debt = amount_min(account->debt, event->amount);
	left = event->amount - event->debt;
	for (size_t i = copy->lot_count; i-- > 0 && left > 0 && !rc;) {
		if (lot_active(&copy->lots[i], copy->time))
			rc = give(event, &copy->lots[i], left, &left, err);
	}
	account_free(copy);
	return rc ? rc : give_window(books, window, event, left, err);
}

/* ---- a lower allocation ---- */

int plan_adjust(const struct account *account, struct event *event, struct sb_error *err)
{
	char have[AMOUNT_TEXT_SIZE], want[AMOUNT_TEXT_SIZE];
	const struct unit unit = purse_unit(account->name);
	int64_t allocated, rest, left;

	TRY(account_allocated(account, &allocated, err));
	TRY(account_rest(account, &rest, err));
	if (event->amount > allocated || event->amount <= rest)
		return sb_error_set(err, SB_EREFUSED,
				    "the allocation of account '%s' is %s %s and cannot be lowered "
				    "by %s %s so",
				    account->name, amount_format_in(have, allocated, unit.size),
				    unit.name, amount_format_in(want, event->amount, unit.size),
				    unit.name);
	left = event->debt = event->amount - rest;
	for (size_t i = 0; i < account->lot_count; i++) {
		const struct lot *lot = &account->lots[i];
		int64_t spent;

		if (!lot_active(lot, account->time))
			continue;
		spent = amount_min(lot->amount - lot->rest, left);
		left -= spent;
		TRY(event_add_part(event, lot->seq, lot->index, lot->rest + spent, err));
	}
	return SB_OK;
}
