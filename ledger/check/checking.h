/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of a check share. check.c plans one account after another: metering.c charges its
 * use, dates.c records what time brings, levers.c works out its limits. */
#pragma once

#include "ledger/check/check.h"

/* What is being planned. */
struct plan {
	struct books *books;
	struct check *check;
	struct sb_error *err;
	const struct account *account; /* the account or purse; NULL: all */
	const struct account *owner; /* the account that has the purse, or [account] itself */
	const struct rules *rules; /* those for [account]; a purse follows the terms of its owner */
	uint64_t decision; /* the last entry that decided on the owner or one of its purses */
	const char *cluster; /* NULL: none */
	const struct observation *observation; /* of the cluster */
	const struct observed *row; /* the row of the account or purse in it; NULL: none */
};

/* An account whose reading on a cluster does not measure its use, because another account moved
 * into or out of its subtree. */
struct move {
	char account[NAME_SIZE];
	bool purse; /* [account] is the name of a purse of another resource; else it may be any name
		       in Slurm */
	char cluster[NAME_SIZE];
	char mover[NAME_SIZE];
	char from[NAME_SIZE], to[NAME_SIZE]; /* the mover's parents */
	__int128 sum; /* from which [without] is computed */
	int64_t without; /* the reading if no account had moved; -1: past int64 */
	int64_t cut; /* the possible error of [without]: Slurm cuts each account to whole seconds,
			or the use of a TRES to whole minutes */
	bool waits; /* left to a later check: a usage that [without] depends on could not be read */
};

/* Returns the same plan for another cluster. */
struct plan check_on(const struct plan *plan, const struct observation *observation);

/* Returns the account's meter on the cluster of the plan; NULL: none yet. Valid until the next
 * append. */
static inline const struct meter *check_meter_of(const struct plan *plan)
{
	return account_meter(plan->account, plan->cluster);
}

/* Adds a finding with the names of the plan's account and cluster. */
int check_found(const struct plan *plan, struct finding finding);
void check_set_name(char to[NAME_SIZE], const char *from);
/* True if the check has an observation of the cluster. */
bool check_is_listed(const struct check *check, const char *cluster);
/* Gives what is available less [spent], at least -INT64_MAX. */
int check_available(const struct plan *plan, int64_t spent, int64_t *ret);

/* Gives what the last check read or, where that is lost, what the meter has. */
int check_reading(struct books *books, const struct account *account, const char *cluster,
		  struct reading *ret, struct sb_error *err);

/* Knows up to when an account cannot have used anything on a cluster; 0: unknown. */
struct no_use {
	int64_t (*until)(const void *ctx, const char *account, const char *cluster);
	const void *ctx;
};
/* Gives the time up to which the use of the account or purse is charged on all clusters, also that
 * of the accounts that it took over. [no_use] may be NULL. */
int check_charged_until(struct books *books, const struct account *account,
			const struct no_use *no_use, int64_t *ret, struct sb_error *err);

/* Records where counting starts for a share that the check opened: the present use. */
int check_count_from_now(const struct plan *plan, const char *share);
/* Finds the moves since the last check. Runs before any account is metered. */
int check_find_moves(const struct plan *plan);
/* Charges the use of the account on a cluster that answered; the charge may be deferred. */
int check_meter(const struct plan *plan);
/* Records the deferred charges of the account unless they may wait longer. */
int check_record_use(const struct plan *plan);
/* Records expired windows, crossed thresholds and notices, after the account was charged. A window
 * expires once every cluster of the account was read at or after its end, so that earlier use is
 * charged to it first; a cluster that does not answer delays that. */
int check_dates(const struct plan *plan);
/* Works out the limit on [tres] that the balance of the plan's purse allows on each cluster
 * observed, in their order. [caps] has room for these clusters and for the levers of the account.
 */
int check_deal_caps(const struct plan *plan, const char *tres, struct cap *caps);
/* Works out the account's limits in Slurm from all its purses. */
int check_settle(const struct plan *plan, const struct purses *purses);
