/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The use of a purse by local day and by all that use.h groups it by, except jobs. It can be
 * stored, continued with later entries, and grouped for any period of whole days. */
#pragma once

#include "ledger/books/nesting.h"
#include "ledger/report/use.h"

/* Stands for user, account, partition and QOS of jobs of accounts below that have a budget of their
 * own: the users of an account above may not be in those. It also stands for jobs of accounts that
 * Slurm no longer has and the bank never had. */
#define USE_BELOW "(accounts below)"

struct use_day {
	int day; /* of the entries: 20261122 */
	char *names[USE_BY_MONTH - USE_BY_USER]; /* of the group, by enum use_by - USE_BY_USER */
	uint64_t jobs, entries;
	int64_t amount; /* seconds of the resource, less refunds */
	struct use_hours hours;
};

/* Zeroed, it has no use. use_days_release() frees it. */
struct use_days {
	uint64_t seq; /* the purse's last entry that was counted; 0: none */
	int from; /* the first day that is complete; 0: it has all use ever */
	struct use_day *list; /* by day and names */
	size_t count;
	bool without_hours; /* it was stored by a version that did not count hours */
};

/* Returns the local day of a time. */
int use_day_of(int64_t when);

/* Counts the purse's entries after days->seq that were made at or after [since], the start of a
 * local day, and removes the days before it. [nesting] tells which jobs are of accounts below. */
int use_days_follow(struct books *books, struct nesting *nesting, const struct account *account,
		    int64_t since, struct use_days *days, struct sb_error *err);

/* Adds a stored day. Copies the names. */
int use_days_add(struct use_days *days, const struct use_day *day, struct sb_error *err);

/* Groups the use of the days [since, until) by use->by, which is not USE_BY_JOB, and use->then, as
 * statement_make() does. Jobs' ends are not known: use->by_end is false. [use] is empty otherwise;
 * the caller calls use_release(). */
int use_days_sum(const struct use_days *days, int since, int until, struct use *use,
		 struct sb_error *err);

void use_days_release(struct use_days *days);
