/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What verbs that move money share. */
#ifndef SUBANK_CMD_MONEY_H
#define SUBANK_CMD_MONEY_H

#include "cmd/window.h"

/* Whether the account takes deposits: SB_EREFUSED when it is closed. */
int check_deposit(const struct account *account, struct sb_error *err);

/* Appends a deposit to posting->account, which must be open; as the event of the request with
 * [stamped]. Adds its amount and window to posting->done: "10.00 SU until …". */
int append_deposit(struct posting *posting, struct books *books, int64_t amount,
		   const struct window *window, bool stamped, struct sb_error *err);

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
