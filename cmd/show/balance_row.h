/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A row of `subank balance`, worked out from the books or read from the published balances. */
#pragma once

#include "cmd/frame/env.h"
#include "cmd/show/account_text.h"
#include "cmd/show/output.h"
#include "ledger/books/nesting.h"

struct sums { /* seconds of the resource */
	int64_t allocated, used, available, charged, debt, waiting;
	int64_t in_flight, committed; /* of running jobs: no entry has them yet (funds.h) */
	int64_t settled; /* [available] without counting running jobs */
	bool unlimited; /* at least one account may spend more than [available] */
};

struct balance_row {
	char name[NAME_SIZE];
	char state[16]; /* account_state(), or by [blocker] "blocked" or "scavenge" */
	char causes[CAUSES_SIZE];
	char lever[16]; /* "set", "pending", "failed", or "" */
	char blocker[NAME_SIZE]; /* another account whose hold also blocks it: one above it or, for
				    a purse, its own account; "" for none */
	struct sums sums;
	int64_t read; /* when its use was last read from Slurm; 0: never */
	bool unread; /* use was never read, because Slurm does not measure the resource */
	bool has_running; /* running jobs are known: the row shows the present */
	int64_t seen; /* when squeue was last read; 0: the account is not metered by jobs */
	int64_t endless; /* the number of running jobs without a time limit */
	int64_t unentered; /* the part of [charged] that no entry has yet */
};

/* Works out the row of [account]. [nesting] finds held accounts above it; NULL asks for the row as
 * entries alone have it, for a moment in the past. */
int balance_row_make(const struct env *env, struct books *books, const struct account *account,
		     struct nesting *nesting, struct balance_row *ret, struct sb_error *err);

/* Whether an account has used at least [least] percent of its allocation; one without an allocation
 * has not. A negative [least] asks for all accounts. */
bool balance_reaches(int64_t used, int64_t allocated, int64_t least);
/* Printed if no account has used that much. */
#define BALANCE_NONE_REACHES "no account has used that much of its allocation"

/* Adds [more] to [to]. SB_EOVERFLOW leaves [to] half changed. */
int sums_add(struct sums *to, const struct sums *more, struct sb_error *err);

enum {
	BALANCE_ACCOUNT,
	BALANCE_STATE,
	BALANCE_UNIT,
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
	BALANCE_RESOURCE,
	BALANCE_USER,
	BALANCE_COLUMNS, /* without --forecast */
	BALANCE_WEEK = BALANCE_COLUMNS,
	BALANCE_MONTH,
	BALANCE_LASTS,
	BALANCE_UNUSED,
	BALANCE_COLUMNS_ALL,
};

extern const struct column balance_columns[BALANCE_COLUMNS_ALL];

/* Prints a row; in a tree it goes below [parent] ("" for a root). The age of its use is counted
 * from [now]; with BALANCE_NOT_READ that column stays empty. */
#define BALANCE_NOT_READ INT64_C(-1)
void balance_row_print(struct env *env, struct output *output, const struct balance_row *row,
		       const char *parent, int64_t now);

/* Prints the row of totals; the amounts are of [resource]. */
void balance_total_print(struct output *output, const struct sums *sums, const char *resource,
			 bool has_running);
/* Whether --total includes the purse: a total is of one resource; "" means SU. */
bool balance_total_has(const char *purse, const char *resource);
