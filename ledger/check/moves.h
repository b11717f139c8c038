/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts of Slurm that change their place in the tree. RawUsage moves with them, and sacct names
 * only the account of a job. So the journal records which account came below another or went from
 * there, and when a check found that. */
#pragma once

#include "ledger/check/check.h"

/* Calls [each] with every account above [account] in the tree [before] only, then with [came] true
 * for every one above it in [now] only, until a call returns another value than 0. Returns what the
 * last call returned. */
typedef int moves_change(void *ctx, const char *above, bool came);
int moves_each_change(const struct tree *before, const struct tree *now, const char *account,
		      moves_change *each, void *ctx);

/* Appends an EVENT_MOVE for each account of the bank that another account came below or went from,
 * between the trees [before] and [now], which is that of the observation. An account that takes
 * others along has an entry for each of them, since each may move on by itself later. A move has
 * one entry however often this is called. With [jobs] only accounts metered by jobs get one. An
 * account metered by RawUsage gets none for an account without use. */
int moves_record(struct books *books, const struct observation *observation,
		 const struct tree *before, const struct tree *now, bool jobs,
		 struct sb_error *err);

/* True if [moved], one of the moves of an account, is that of [slurm_account] on the cluster. */
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

/* True if any account went from below it on the cluster. */
bool moves_any_went(const struct account *account, const char *cluster);
