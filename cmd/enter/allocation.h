/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sets an allocation: `set` and `share`. */
#pragma once

#include "cmd/enter/money.h"

/* Appends the entry that sets the allocation of posting->account to [to]: a deposit with its
 * window, a withdrawal or, if money was spent, an adjustment. Uses post_append() with [request],
 * else books_append(). Adds to posting->done. SB_EREFUSED if the account is allocated that much
 * already. */
int append_allocation(struct posting *posting, struct books *books, const struct deposit *to,
		      bool request, struct sb_error *err);
