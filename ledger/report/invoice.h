/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a statement says of an account's use that a site may bill, and the number of its invoice. */
#pragma once

#include "ledger/books/books.h"

/* What was used in a period: RawUsage, jobs and fees, and what was given back of them in that
 * period, also of use before it. Deposits, transfers, expired money and forgiven debt do not
 * count. */
struct billed { /* seconds of the resource */
	uint64_t entries;
	int64_t used; /* RawUsage, jobs */
	int64_t fees;
	int64_t reconciled; /* more use, or less: then it is negative */
	int64_t returned; /* refunds and reversals: negative, unless they were reversed */
	int64_t total;
};

/* Adds an entry that moved [amount] (signed) if it is about use. Fails with SB_EOVERFLOW. */
int billed_add(struct books *books, struct billed *billed, const struct event *event,
	       int64_t amount, struct sb_error *err);

/* Writes the number of the invoice for a purse and a period that is over: ACCOUNT-PERIOD-ENTRY, as
 * in "physics-2026-10-4711", where [seq] is the last entry of the bank in the period or before it.
 * The period is a year, month or day of the local calendar, or START..END as --since and --until
 * take them, followed by the offset of its start from UTC unless that is 0, and by that of its end
 * if it is another: "physics-2026-10+0200+0100-4711". If it is no whole days it is in UTC. Two
 * purses or periods never have the same number, whatever the time zones of the callers.
 * Returns [to]. */
enum { INVOICE_NUMBER_SIZE = NAME_SIZE + 96 };
const char *invoice_number(char to[INVOICE_NUMBER_SIZE], const char *purse, int64_t since,
			   int64_t until, uint64_t seq);
