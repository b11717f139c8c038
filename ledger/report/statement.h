/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one account had, got and spent in a period. The balance of a statement is the money in lots
 * less debt. Only entries change it, so opening balance, entries and closing balance add up. */
#pragma once

#include "ledger/base/steps.h"
#include "ledger/books/books.h"
#include "ledger/report/invoice.h"
#include "ledger/report/use.h"

/* Available is balance - waiting - ended + credit. */
struct balances { /* billing-seconds */
	int64_t balance;
	int64_t waiting; /* in lots whose window has not started */
	int64_t ended; /* in lots whose window has ended, not yet expired */
	int64_t credit;
	int64_t available;
	bool unlimited; /* never held for funds, whatever is available */
};

/* The sum of the entries of one sort. */
struct statement_line {
	size_t sort; /* statement_sort() names it */
	char cluster[NAME_SIZE]; /* "" for entries of no cluster */
	uint64_t entries;
	int64_t amount; /* signed */
};

/* Called for each entry that moves money: its signed amount and the balance after it. */
typedef int statement_each(const struct entry *entry, int64_t amount, int64_t balance, void *ctx,
			   struct sb_error *err);

/* Called with the state at the start of the period, and with that after each entry in it. Lots that
 * start or end later in the period are still among its lots. */
typedef int statement_state(const struct account *account, void *ctx, struct sb_error *err);

struct statement {
	/* in */
	const char *account;
	int64_t since, until; /* microseconds; [since, until) */
	statement_each *each; /* NULL: none */
	statement_state *state; /* NULL: none */
	void *ctx;
	struct use *use; /* owned by the caller, filled anew each time. Takes the entries about use
			    that count in it, which are then in no line; NULL: they are in lines */
	struct billed *billed; /* owned by the caller, filled anew each time; NULL: none */
	const struct steps *steps; /* called while the journal is read; NULL: none */
	/* out; statement_release() frees */
	bool so_far; /* the period is not over: the newest entry of the bank was made in it or
			before */
	struct head head; /* the newest entry, when so_far */
	struct head last; /* the newest entry of the bank before [until]: from the entries up to it
			     the statement follows. All zero: there is none */
	int64_t time; /* of the closing balance: until or, when so_far, the head's */
	struct balances opening, closing;
	struct statement_line *lines; /* by sort and cluster */
	size_t count;
	struct books *books; /* private */
};

/* "deposits"; NULL past the last. */
const char *statement_sort(size_t sort);

/* Makes the statement. A period that is over always gives the same statement; one that is not over
 * gives the same statement while the head is the same. SB_ECORRUPT: the entries do not add up.
 * SB_EREFUSED: the period has not begun. A books_fn: [ctx] is a struct statement. Each run fills
 * its output anew. */
int statement_make(struct books *books, void *ctx, struct sb_error *err);
void statement_release(struct statement *statement);

/* Returns SB_ECORRUPT unless opening + the lines - the use = closing. */
int statement_check(const struct statement *statement, struct sb_error *err);

/* Works out the balances of the account at its time. */
int balances_of(const struct account *account, struct balances *ret, struct sb_error *err);
