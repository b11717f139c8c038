/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Use that a check saw and did not enter: it stands with the readings, and every account that is
 * loaded has it. So nothing is decided without it, and a journal does not get an entry for each
 * account at each check. */
#ifndef SUBANK_LEDGER_BOOKS_SEEN_H
#define SUBANK_LEDGER_BOOKS_SEEN_H

#include "ledger/books/books.h"

/* Defers the charges that the readings of an account ask for, which was loaded just now. */
int seen_take_up(struct books *books, const struct account *account, struct sb_error *err);

/* What the account's state has and no entry yet, and since when: 0 and 0 for nothing. */
void seen_sum(const struct books *books, const struct account *account, int64_t *ret_amount,
	      int64_t *ret_since);

#endif
