/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `balance` says of one account: worked out from the books, or read from what was published.
 */
#ifndef SUBANK_CMD_SHOW_BALANCE_ROW_H
#define SUBANK_CMD_SHOW_BALANCE_ROW_H

#include "cmd/frame/env.h"
#include "cmd/show/account_text.h"
#include "cmd/show/output.h"
#include "ledger/books/nesting.h"

struct sums { /* billing-seconds */
	int64_t allocated, used, available, charged, debt, waiting;
	/* Of jobs that run, which no entry has yet: */
	int64_t in_flight, committed;
	int64_t settled; /* what would be available without them (funds.h) */
	bool unlimited; /* of one of them, what is available bounds nobody */
};

struct balance_row {
	char name[NAME_SIZE];
	char state[16]; /* account_state(), or "blocked" */
	char causes[CAUSES_SIZE];
	char lever[16]; /* "set", "pending", "failed", or "" */
	char blocker[NAME_SIZE]; /* the account above that is held; "" for none */
	struct sums sums;
	int64_t read; /* when its use was; 0: never */
	bool has_running; /* it is about this moment, so that those are known */
	int64_t seen; /* when they were; 0: it is not metered by jobs */
	int64_t endless; /* how many of those jobs have no time limit */
	int64_t unentered; /* of what is charged, what has no entry yet */
};

/* With [now] it is about this moment: accounts above are looked at, too. */
int balance_row_make(struct env *env, struct nesting *nesting, struct books *books,
		     const struct account *account, bool now, struct balance_row *ret,
		     struct sb_error *err);

int sums_add(struct sums *to, const struct sums *more, struct sb_error *err);

enum {
	BALANCE_ACCOUNT,
	BALANCE_STATE,
	BALANCE_ALLOCATED,
	BALANCE_USED,
	BALANCE_AVAILABLE,
	BALANCE_PERCENT,
	BALANCE_READ,
	BALANCE_CAUSES,
	BALANCE_LEVER,
	BALANCE_CHARGED,
	BALANCE_DEBT,
	BALANCE_WAITING,
	BALANCE_SETTLED,
	BALANCE_FLIGHT,
	BALANCE_COMMITTED,
	BALANCE_SEEN,
	BALANCE_ENDLESS,
	BALANCE_UNENTERED,
	BALANCE_UNLIMITED,
	BALANCE_COLUMNS, /* without --forecast */
	BALANCE_WEEK = BALANCE_COLUMNS,
	BALANCE_MONTH,
	BALANCE_LASTS,
	BALANCE_UNUSED,
	BALANCE_COLUMNS_ALL,
};

extern const struct column balance_columns[BALANCE_COLUMNS_ALL];

/* Prints the row, in a tree below [parent] ("": below none). [now] is what the age of its use
 * counts from; BALANCE_NOT_READ leaves that empty. */
#define BALANCE_NOT_READ INT64_C(-1)
void balance_row_print(struct env *env, struct output *output, const struct balance_row *row,
		       const char *parent, int64_t now);
void balance_total_print(struct output *output, const struct sums *sums, bool has_running);

#endif
