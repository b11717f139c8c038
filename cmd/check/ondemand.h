/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes each user's balances for the dashboard of Open OnDemand, which warns users of projects
 * with little left. The dashboard of release 1.8 and later reads, where OOD_BALANCE_PATH names it:
 *
 *     {"version": 1, "timestamp": 1795797605,
 *      "config": {"unit": "SU", "project_type": "account"},
 *      "balances": [{"user": "alice", "project": "physics", "value": 12}, …]}
 *
 * A user has a row for each account of the bank that is the first to pay for his jobs
 * (membership.h). "value" is what is available, in SU, rounded down; or, as the settings may ask,
 * how many whole days it lasts at the rate of the last 30 days, and the unit is "day". Accounts
 * without a limit have no row, nor have, in days, accounts whose money lasts for ever. Other
 * budgets than SU are left out: the file has one unit. */
#pragma once

#include "cmd/frame/env.h"

/* Collects the rows and writes the file. Call it with publish.lock. A copy of a bank, which does
 * not command Slurm, does nothing. */
int ondemand_publish(struct env *env, struct sb_error *err);

/* Tests whether the file can be written, as public_file_try(). */
int ondemand_try(struct env *env, bool write, struct sb_error *err);
