/* SPDX-License-Identifier: GPL-3.0-or-later */
/* On which side of an entry of two accounts an account is. */
#pragma once

#include "ledger/books/books.h"

/* Finds whether the entry's receiver is the account, or purse, which may have had another name
 * then. False for entries without a receiver. */
int books_is_receiver(struct books *books, const struct event *event, const char *account,
		      bool *ret, struct sb_error *err);
