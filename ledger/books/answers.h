/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The index of corrections: which entries answer an entry, and by how much. Asked through
 * books_answers() and books_answered() (books.h); kept by the append alone. */
#ifndef SUBANK_LEDGER_BOOKS_ANSWERS_H
#define SUBANK_LEDGER_BOOKS_ANSWERS_H

#include "ledger/books/books.h"

/* Adds an entry that answers another one, if it fits that and what answered it before: else
 * SB_ECORRUPT. In the transaction of the append. */
int answers_index(struct books *books, const struct event *event, struct sb_error *err);

#endif
