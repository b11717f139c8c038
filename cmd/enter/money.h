/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps that verbs which move money share. */
#pragma once

#include "cmd/enter/window.h"

struct deposit {
	int64_t amount;
	struct window window;
};

/* Deposits the quotas of an account and of its purses that are due, as renew_first() does. */
int renew_all_first(struct posting *posting, struct books *books, const char *account,
		    struct sb_error *err);

/* Returns SB_EREFUSED with a text that says what to do instead: the account is closed, or another
 * one took it over. */
int refuse_closed(const struct account *account, struct sb_error *err);

/* Returns SB_EREFUSED when the account is closed and so takes no deposits. */
int check_deposit(const struct account *account, struct sb_error *err);

/* Appends a deposit to posting->account, which must be open: by post_append() with [request], else
 * by books_append(). Adds amount and window to posting->done: "10.00 SU until …". */
int append_deposit(struct posting *posting, struct books *books, const struct deposit *deposit,
		   bool request, struct sb_error *err);

/* Asks for confirmation of an amount that may be a slip: one above the settings' confirm_above,
 * which is refused without a terminal, and on a terminal one written like "10.000". Asks nothing
 * with --immediate, nor for a request that was recorded before. In a batch it only counts amounts
 * above confirm_above, for one question. For a manager's request it does nothing: see the next
 * function. Returns EXIT_DONE or, with a message, EXIT_REFUSED.
 * posting->request must be set and the command be CMD_ASK. */
int amount_confirm(struct posting *posting, const char *text, int64_t amount);

/* Refuses a planned amount above confirm_above in a manager's request, which nobody can confirm:
 * SB_EREFUSED. Call it in the plan, where "all" and percentages are amounts. */
int amount_check_requested(const struct posting *posting, int64_t amount, struct sb_error *err);

/* Reads an amount in the unit of the posting's purse; with [zero], 0 is allowed. */
int amount_read(const struct posting *posting, const char *text, bool zero, int64_t *ret,
		struct sb_error *err);

/* Checks that the account of a purse is in the bank and open. SB_ENOTFOUND, SB_EREFUSED. */
int check_owner(struct books *books, const char *purse, struct sb_error *err);

/* Deposits the quotas of a purse that are due before the posting's entry changes its terms, closes
 * it or charges use. Adds them to posting->done: "deposited the quota of 10.00 SU, ". */
int renew_first(struct posting *posting, struct books *books, const char *purse,
		struct sb_error *err);

/* What is taken out of an account: an amount, or everything. */
struct take {
	int64_t amount;
	bool all;
};

/* Appends a withdrawal or, unless [to] is NULL, a transfer to it. posting->ctx is a struct take.
 * In a manager's request at most what is available is taken: running jobs count as spent. Writes
 * posting->done. */
int append_take(struct posting *posting, struct books *books, const struct account *from,
		const struct account *to, struct sb_error *err);

/* Reads "SU|all" and posts; posting->ctx is then a struct take. posting_begin() comes first. */
int take_post(struct posting *posting, const char *amount);
