/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What time and use bring to an account that nobody asked for: the rest of ended windows expires,
 * thresholds are crossed, ends come near. */
#ifndef SUBANK_LEDGER_CHECK_DATES_H
#define SUBANK_LEDGER_CHECK_DATES_H

#include "ledger/check/check.h"

/* Enters all of that, after the account was charged, and adds a finding for each entry. What is
 * left of a window expires once every cluster of the account was read at or after its end, so
 * that what was used before is charged to it first; a silent cluster delays that. */
int check_dates(struct books *books, struct check *check, const struct account *account,
		struct sb_error *err);

#endif
