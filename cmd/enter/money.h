/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What verbs that move money share. */
#ifndef SUBANK_CMD_ENTER_MONEY_H
#define SUBANK_CMD_ENTER_MONEY_H

#include "cmd/enter/window.h"

/* Whether the account takes deposits: SB_EREFUSED when it is closed. */
int check_deposit(const struct account *account, struct sb_error *err);

/* Appends a deposit to posting->account, which must be open; as the event of the request with
 * [stamped]. Adds its amount and window to posting->done: "10.00 SU until …". */
int append_deposit(struct posting *posting, struct books *books, int64_t amount,
		   const struct window *window, bool stamped, struct sb_error *err);

/* Asks for an amount that somebody may not mean: on a terminal one written like "10.000", and one
 * above the settings' confirm_above, which is refused where nobody can be asked; neither with
 * --immediate, nor for a request that was entered before. One above it in a list is counted
 * (batch.h), for one question. Returns EXIT_DONE or, with a message, EXIT_REFUSED. posting->request
 * must be set and the command be CMD_ASK. */
int amount_confirm(struct posting *posting, const char *text, int64_t amount);

/* What is taken: an amount, or all there is. */
struct take {
	int64_t amount;
	bool all;
	const char *to; /* transfer: the receiver */
};

/* Fills amount and parts of [event] and the beginning of posting->done ("withdrew 10.00 SU"). */
int take_plan(struct posting *posting, const struct account *account, struct event *event,
	      const char *done, struct sb_error *err);

/* Reads "SU|all" and posts; posting->ctx is then a struct take. */
int take_post(struct posting *posting, const char *to, const char *amount);

#endif
