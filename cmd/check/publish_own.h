/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Publishes each account for its own users (`publish: own`). user_folders.h describes the folders.
 * The files of an account are written anew when what they show has changed, and once a day:
 *
 * ACCOUNT.json: the rows of its purses and of the shares of users, in the form of publish.h, each
 * with its money, its forecast and the lines of `subank why`, in SU and in seconds:
 *
 *     {"subank": 1, "account": "physics", "chain": ["faculty"],
 *      "purses": [{"account": "physics", …, "read": true, "mark": "…",
 *        "lots": [[entry, start, end, amount, rest], …],
 *        "forecast": {"rates": TIME, "week": 0, "month": 0, "lasts": 0, "unused": 0,
 *          "spent": false, "seq": 12, "hash": "…"},
 *        "why": {"lines": "physics is fine: …\n", "lines_seconds": "…\n",
 *          "entries": [7, 0, …], "seq": 12, "hash": "…"}}, …]}
 *
 * "chain" names the accounts above it in the bank, the nearest first. "read" and "seen" are true
 * where they are the times that most accounts have. The common file has those times, so a check
 * without news writes no account's file. Times are in microseconds. No account outside the chain is
 * named.
 *
 * ACCOUNT.use: the use of its purses by day, user, account in Slurm, partition and QOS:
 *
 *     {"subank": 1, "account": "physics", "bank": "…", "below": "…",
 *      "purses": [{"account": "physics", "seq": 12, "hash": "…", "from": 20260830,
 *        "use": [[20261122, "alice", "physics", "cpu", "normal", jobs, entries, amount,
 *                CPU-seconds, GPU-seconds], …]}]}
 *
 * "below" stands for the accounts of the bank below it. Their users may be others, so their use is
 * in one row a day, "(accounts below)" (use_days.h).
 *
 * accounts/state, which only the bank's owner reads, has what the next run needs: which users may
 * read which account, and the marks of the files. While accounts/changing exists, this state may be
 * wrong, and the next run compares all users' folders with what they should have. */
#pragma once

#include <jansson.h>

#include "cmd/check/public_file.h"
#include "cmd/frame/env.h"

/* The days of use that are published, and today. */
enum { USE_DAYS = 92 };

/* Asks Slurm for the users of accounts if that is due; *ret becomes NULL if it is not. That may
 * take many seconds: call it without a lock. The caller calls json_decref(). */
int publish_own_ask(struct env *env, const struct public_file *common, json_t **ret,
		    struct sb_error *err);

/* Writes what has changed. [members] is from publish_own_ask(); NULL: Slurm's previous answer
 * counts. [common] describes the common file. *ret_common becomes its content, which the caller
 * writes and releases; NULL if this is a copy of the bank, which publishes nothing. Call it with
 * publish.lock. */
int publish_own(struct env *env, const struct public_file *common, json_t *members,
		json_t **ret_common, struct sb_error *err);
