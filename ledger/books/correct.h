/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Corrections: plans which lots a refund, a reversal or a lower allocation changes, and how. */
#pragma once

#include "ledger/books/books.h"

/* A new window for money whose own has ended. */
struct new_window {
	bool given;
	int64_t start, end;
};

/* Reads entry [seq]. SB_EREFUSED if its kind cannot be refunded ([refund]) or reversed, or if it
 * was answered in full; SB_ENOTFOUND. [ret] is an initialised event; its texts are valid until the
 * next write in the transaction. */
int correct_read(struct books *books, uint64_t seq, bool refund, struct event *ret,
		 struct sb_error *err);

/* Calculates how much of a charge was not given back yet. */
int correct_left(struct books *books, const struct event *charge, int64_t *ret,
		 struct sb_error *err);

/* The part of a charge that became debt, which another account took over with all that the charged
 * one had. */
struct taken_debt {
	char by[NAME_SIZE]; /* the account, or purse, that has it now */
	int64_t amount; /* seconds of the resource; 0: none */
};

/* Plans how [refund], whose amount is set, gives back use of [charge]. First it pays debt. Then the
 * lots that the charge drew on get back what they gave, in reverse order. For the part of the
 * charge that became debt (at once or by a later reversal) and was paid since, it then fills up the
 * lots that have spent something, in the order of spending. If there are too few of them and
 * another account took over the refund's, the rest of that part is for the other account:
 * *ret_taken says how much, and the amount of [refund], which may become 0, is lowered by it.
 * Append [refund] and then plan another one, of that amount, for that account. With [ret_taken]
 * NULL this is SB_EREFUSED unless a window is given. The rest came from windows that have ended: it
 * becomes a lot of the refund with the window [start, end), or is SB_EREFUSED if none is given. */
int plan_refund(struct books *books, const struct event *charge, const struct new_window *window,
		struct event *refund, struct taken_debt *ret_taken, struct sb_error *err);

/* Plans the reversal of the whole entry [answered]. Of the lots that it made, the rest is taken
 * back and what was spent becomes debt; money moved out of them must be reversed first. What the
 * entry took goes back to its lots or, if they have ended, to a new one as in plan_refund(). */
int plan_reverse(struct books *books, const struct event *answered, const struct new_window *window,
		 struct event *reverse, struct sb_error *err);

/* Plans how a reconciliation (amount, use, since, until are set) changes the account. More use is a
 * charge. Less use pays debt, then fills up the lots that have spent something, the last in the
 * order of spending first. The rest came from windows that have ended, as in plan_refund(). */
int plan_reconcile(struct books *books, const struct new_window *window, struct event *event,
		   struct sb_error *err);

/* Plans how to lower an allocation by event->amount, which is more than is left of it: takes all
 * that is left and turns spent money into debt. SB_EREFUSED if less is allocated. */
int plan_adjust(const struct account *account, struct event *event, struct sb_error *err);
