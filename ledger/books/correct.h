/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Corrections: works out what a refund, a reversal or a lower allocation does to which lots. */
#ifndef SUBANK_LEDGER_BOOKS_CORRECT_H
#define SUBANK_LEDGER_BOOKS_CORRECT_H

#include "ledger/books/books.h"

/* A window for money whose own has ended. */
struct new_window {
	bool given;
	int64_t start, end;
};

/* Reads entry [seq] and refuses what no refund ([refund]) or reversal can answer, or what one
 * answered wholly before, naming that. [ret] is an initialised event; its texts are valid until the
 * next write in the transaction. SB_EREFUSED, SB_ENOTFOUND. */
int correct_read(struct books *books, uint64_t seq, bool refund, struct event *ret,
		 struct sb_error *err);

/* What of a charge was not given back yet. */
int correct_left(struct books *books, const struct event *charge, int64_t *ret,
		 struct sb_error *err);

/* Fills in how [refund], whose amount is set, gives back use of [charge]: it pays debt; then the
 * lots that the charge drew on get back what they gave, the last drawn on first; then, for what the
 * charge, or a reversal since, made debt that was paid meanwhile, whatever lots have spent
 * something, in the order of spending. What remains came from windows that have ended: it becomes a
 * lot of the refund with the window [start, end), or is SB_EREFUSED when none is given. */
int plan_refund(struct books *books, const struct event *charge, const struct new_window *window,
		struct event *refund, struct sb_error *err);

/* Fills in a reversal of [answered], whole. Taken back is what is left of the lots that it made;
 * what was spent of them becomes debt, and what was moved on must be reversed first. Given back is
 * what it took, to its lots, those that have ended as in plan_refund(). */
int plan_reverse(struct books *books, const struct event *answered, const struct new_window *window,
		 struct event *reverse, struct sb_error *err);

/* Fills in how a reconciliation (amount, use, since, until are set) changes the account: more use
 * is drawn from the lots whose window it meets, earliest end first, and what none covers is debt;
 * less use pays debt, and then whatever lots have spent something get it back, those first that are
 * spent last. What then remains came from windows that have ended, as in plan_refund(). */
int plan_reconcile(struct books *books, const struct new_window *window, struct event *event,
		   struct sb_error *err);

/* Fills in how an allocation is lowered by event->amount, more than is left of it: everything left,
 * and of what was spent so much that becomes debt. SB_EREFUSED when not so much is allocated. */
int plan_adjust(const struct account *account, struct event *event, struct sb_error *err);

#endif
