/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The index of corrections: which entries answer an entry, and by how much. books_answers() and
 * books_answered() (books.h) read it; only appending an entry changes it. */
#pragma once

#include "ledger/books/books.h"

/* Adds an entry that answers another one. SB_ECORRUPT if it does not fit that entry and its earlier
 * answers. */
int answers_index(struct books *books, const struct event *event, struct sb_error *err);
