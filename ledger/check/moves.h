/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts of Slurm that change their place in the tree. RawUsage moves with them, and sacct names
 * only a job's own account, not those above it. So the journal records which account moved into or
 * out of the subtree of another, and when a check noticed that. */
#pragma once

#include "ledger/check/check.h"

/* Calls [each] for every account that is above [account] in the tree [before] and not in [now],
 * then, with [came] true, for every account that is above it in [now] and not in [before]. A call
 * that returns another value than 0 is the last one; that value is returned. */
typedef int moves_change(void *ctx, const char *above, bool came);
int moves_each_change(const struct tree *before, const struct tree *now, const char *account,
		      moves_change *each, void *ctx);

/* Compares the trees [before] and [now], the latter being that of the observation. Appends an
 * EVENT_MOVE to each account of the bank for each account that moved into or out of its subtree. If
 * a whole subtree moved, each of its accounts gets entries of its own, since it may move on by
 * itself later. A second call for the same move appends nothing. With [jobs] only accounts metered
 * by jobs get one. An account metered by RawUsage gets none for an account without use. */
int moves_record(struct books *books, const struct observation *observation,
		 const struct tree *before, const struct tree *now, bool jobs,
		 struct sb_error *err);

/* True if [moved] is a move of [slurm_account] on the cluster. */
bool moves_is_about(const struct moved *moved, const char *cluster, const char *slurm_account);

/* An account on a cluster, with its moves and the cluster's tree of today. Borrowed. */
struct moves_place {
	const struct moved *moves;
	size_t count;
	const char *account;
	const char *cluster;
	const struct tree *tree;
};

/* True if the use of [slurm_account] at [time] (microseconds) counts for the account. */
bool moves_counted(const struct moves_place *place, const char *slurm_account, int64_t time);

/* True if any account moved out of the subtree of [account] on the cluster. */
bool moves_any_went(const struct account *account, const char *cluster);
