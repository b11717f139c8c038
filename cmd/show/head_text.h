/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The head of a journal as receipts show it. */
#pragma once

#include "ledger/books/journal.h"

/* "12:8ce5c1f13d9c5f09", as `subank verify --head` takes it. Returns [to]. */
enum { HEAD_TEXT_SIZE = 24 + HASH_SHORT };
const char *head_text(char to[HEAD_TEXT_SIZE], const struct head *head);
