/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts of Slurm that change their place in the tree. RawUsage moves with them, and sacct names
 * only the account of a job: so the journal notes which account came below another, or went from
 * there, and when a check saw that. */
#ifndef SUBANK_LEDGER_CHECK_MOVES_H
#define SUBANK_LEDGER_CHECK_MOVES_H

#include "ledger/check/check.h"

/* Enters an EVENT_MOVE for each account of the bank that an account came below, or went from,
 * between the trees [before] and [now], which is that of the observation. An account that takes
 * others along has an entry for each of them, since each may move on by itself later. What is
 * entered already is not entered again. With [jobs] only accounts are looked at that are metered by
 * jobs. Where an account is metered by RawUsage, one that has used nothing makes no difference. */
int moves_record(struct books *books, const struct observation *observation,
		 const struct tree *before, const struct tree *now, bool jobs,
		 struct sb_error *err);

/* Whether [moved], one of the moves of an account, is about [slurm_account] on the cluster. */
bool moves_is_about(const struct moved *moved, const char *cluster, const char *slurm_account);

/* Whether the use of [slurm_account] at [time] (microseconds) counts for the account, whose moves
 * are given, by where the accounts hang in [tree] now. */
bool moves_counted(const struct moved *moves, size_t count, const char *account,
		   const char *cluster, const struct tree *tree, const char *slurm_account,
		   int64_t time);

/* Whether any account went from below it on the cluster. */
bool moves_any_went(const struct account *account, const char *cluster);

#endif
