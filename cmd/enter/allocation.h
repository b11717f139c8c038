/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sets an allocation: `set` and `share`. */
#pragma once

#include "cmd/enter/money.h"

/* Appends what makes the allocation of posting->account [to]: a deposit with its window, or a
 * withdrawal, or an adjustment if money was spent. By post_append() with [request], else by
 * books_append(). Adds to posting->done. SB_EREFUSED if the account is allocated that already. */
int append_allocation(struct posting *posting, struct books *books, const struct deposit *to,
		      bool request, struct sb_error *err);
