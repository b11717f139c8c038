/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one account had, got and spent in a period. The balance of a statement is what lots hold
 * less debt: entries alone change it, so opening balance, entries and closing balance add up. */
#ifndef SUBANK_LEDGER_REPORT_STATEMENT_H
#define SUBANK_LEDGER_REPORT_STATEMENT_H

#include "ledger/base/steps.h"
#include "ledger/books/books.h"
#include "ledger/report/use.h"

/* The balance and, from it, what is available: balance - waiting - ended + credit. Billing-seconds.
 */
struct balances {
	int64_t balance;
	int64_t waiting; /* in lots whose window has not started */
	int64_t ended; /* in lots whose window has ended, not yet taken out */
	int64_t credit;
	int64_t available;
	bool unlimited; /* it is never held for funds, whatever is available */
};

/* The sum of the entries of one sort. */
struct statement_line {
	size_t sort; /* statement_sort() names it */
	char cluster[NAME_SIZE]; /* "" when it is not about one */
	uint64_t entries;
	int64_t amount; /* signed */
};

/* Called for each entry that moves money: its signed amount and the balance after it. */
typedef int statement_each(const struct entry *entry, int64_t amount, int64_t balance, void *ctx,
			   struct sb_error *err);

struct statement {
	/* in */
	const char *account;
	int64_t since, until; /* microseconds; [since, until) */
	statement_each *each; /* NULL: none */
	void *ctx;
	struct use *use; /* NULL, or where what is about use is put, instead of into lines; it is
			    the caller's, and filled anew each time */
	const struct steps *steps; /* of reading the journal; NULL: nobody is told */
	/* out; statement_release() frees */
	bool so_far; /* the period is not over: no entry, of whomever, was made behind it */
	struct head head; /* the newest entry, when so_far */
	int64_t time; /* of the closing balance: until or, so far, of the head */
	struct balances opening, closing;
	struct statement_line *lines; /* by sort and cluster */
	size_t count;
};

/* "deposits"; NULL past the last. */
const char *statement_sort(size_t sort);

/* A books_fn: [ctx] is a struct statement, whose output it fills anew each time it runs. The same
 * period over gives the same for ever; a period not over, the same for the same head. SB_ECORRUPT:
 * the entries do not add up. SB_EREFUSED: the period has not begun. */
int statement_make(struct books *books, void *ctx, struct sb_error *err);
void statement_release(struct statement *statement);

/* opening + the lines - the use = closing? SB_ECORRUPT. */
int statement_check(const struct statement *statement, struct sb_error *err);

int balances_of(const struct account *account, struct balances *ret, struct sb_error *err);

#endif
