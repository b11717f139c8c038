/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Publishes balances for users who may not read the bank: a JSON file beside it. Each process that
 * records entries or checks writes it anew and renames it, so that it is always whole. Readers
 * only read the file (published.h): they take no lock and run no command.
 *
 *     {"subank": 1, "time": "2026-11-22T17:00:05.123456Z",
 *      "accounts": [{"account": "physics", "state": "open", "causes": "", "lever": "",
 *        "blocked_by": "", "above": "faculty", "allocated_seconds": 3600, "used_seconds": 0,
 *        "available_seconds": 3600, "charged_seconds": 0, "debt_seconds": 0, "waiting_seconds": 0,
 *        "read": "2026-11-22T17:00:00.000000Z", "in_flight_seconds": 0, "committed_seconds": 0,
 *        "settled_seconds": 3600, "no_limit": 0, "seen": null, "unentered_seconds": 0,
 *        "unlimited": false}, …],
 *      "inside": {"theory": "physics", …}}
 *
 * "purses", which may be missing, lists budgets of other resources than SU in the same form. There
 * "account" is a name such as "physics:gres/gpu", _seconds are seconds of the resource, and "above"
 * is that of the purse's account. Each also has "resource" and "unit", and "unmetered" if Slurm
 * does not measure the resource.
 *
 * "above" is the account of the bank that contains it. "inside" names that account for
 * accounts that the bank does not have; "inside_odd", which may be missing, does so for names that
 * no bank can have, by published_key(). "read" is null when use was never read. "no_limit" is the
 * number of running jobs without a time limit, and "seen" the time when squeue was read. A new form
 * gets a new number.
 *
 * Under `publish: own` all users can read the file, and it has no account: "own" is then true, and
 * "read" and "seen" are the times that most accounts have. */
#pragma once

#include "cmd/frame/env.h"

/* Writes the file that the settings ask for; under `publish: own`, those of publish_own.h; and
 * those for the check at submission (publish_submit.h) and Open OnDemand (ondemand.h). With [ask],
 * Slurm may be asked for the users of accounts. A copy of a bank, which does not command Slurm,
 * does not publish either. Returns EXIT_DONE, or EXIT_PART after a warning. */
int publish(struct env *env, bool ask);

/* Takes the lock of the processes that publish, so that the newest books win. The caller drops it.
 */
int publish_lock(struct env *env, int *ret, struct sb_error *err);

/* Tests whether the file of balances can be written: its folder exists, no other user can put files
 * there, and this user can. With [write] writes, renames and removes a file. The error says what to
 * do. */
int publish_try(struct env *env, bool write, struct sb_error *err);
