/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Balances for those who may not look into the bank: a file of JSON beside, written anew and
 * renamed by whoever enters something or checks, so that it is always whole. Who reads it writes,
 * locks and asks for nothing (published.h).
 *
 *     {"subank": 1, "time": "2026-11-22T17:00:05.123456Z",
 *      "accounts": [{"account": "physics", "state": "open", "causes": "", "lever": "",
 *        "blocked_by": "", "above": "faculty", "allocated_seconds": 3600, "used_seconds": 0,
 *        "available_seconds": 3600, "charged_seconds": 0, "debt_seconds": 0, "waiting_seconds": 0,
 *        "read": "2026-11-22T17:00:00.000000Z", "unlimited": false}, …],
 *      "inside": {"theory": "physics", …}}
 *
 * "above" is the account of the bank that it is inside of, "inside" names that of accounts which
 * the bank does not have, and "inside_odd", if there are any, that of those which no bank can have,
 * by published_key(); "read" is null when use was never read. A new form gets a new number. */
#ifndef SUBANK_CMD_CHECK_PUBLISH_H
#define SUBANK_CMD_CHECK_PUBLISH_H

#include "cmd/frame/env.h"

/* Writes the file that the settings ask for. A copy of a bank, which does not command Slurm, does
 * not publish either. What fails is said, and the status then EXIT_PART. */
int publish(struct env *env);

/* Whether it could be written there: the folder is there, nobody else can put files into it, and
 * this user can. With [write] a file is written, renamed and removed beside it. Fails as publish()
 * does, with what to do. */
int publish_try(struct env *env, bool write, struct sb_error *err);

#endif
