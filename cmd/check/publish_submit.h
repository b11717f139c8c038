/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes what slurmctld needs at the submission of a job: a plain file, read by a script in Lua
 * (init/job_submit/subank.lua), which knows no JSON. Fields are separated by one blank:
 *
 *     subank 2 TIME SEQUENCE CHECKSUM
 *     mode off|warn|refuse
 *     rule sum|max|max_gres
 *     scavenger QOS
 *     qos NAME USAGEFACTOR FACTOR
 *     partition NAME FACTOR
 *     reservation NAME FACTOR
 *     round SECONDS
 *     min BILLING-SECONDS
 *     account NAME FREE STATE MODE LIMIT METER [ABOVE]
 *     users ACCOUNT [UID…]
 *     share ACCOUNT UID RESOURCE FREE STATE MODE LIMIT METER SIZE UNIT
 *     budget ACCOUNT RESOURCE FREE STATE MODE LIMIT METER SIZE UNIT
 *     inside NAME ABOVE
 *     end
 *
 * All these lines are in the file twice, and slurmctld ignores a file whose halves differ: so no
 * amount that was damaged or edited is believed. Lua 5.1 reads and compares the second half of
 * 1,000 accounts in 40 microseconds; adding up their bytes took it 2 milliseconds.
 *
 * TIME, in seconds, is when a check of all accounts last read Slurm's use; SEQUENCE is the number
 * of the newest entry. The first line changes whenever anything else does. "rule" is how weights
 * make a billing, and "scavenger" the QOS whose jobs start where STATE is "scavenge". Factors are
 * in millionths; FACTOR, "round" and "min" apply to accounts metered by jobs.
 *
 * FREE is what is available, in seconds of the resource; where jobs are metered, less what running
 * jobs may still use until their time limits. STATE is that of `balance`, or "low"; MODE the one
 * that applies to this account: where a spent account may go on, nothing is refused; LIMIT
 * "limited" or "unlimited"; METER "rawusage" or "jobs"; ABOVE the nearest account of the bank that
 * contains it; SIZE the seconds in one UNIT. An account's users, budgets and shares follow it
 * directly, and the lines before the first account are about all of them. Only users with one of
 * the UIDs may submit jobs that the account pays for; without the line, these users are unknown. A
 * reader ignores lines of other kinds. Names that could break the format are left out. */
#pragma once

#include <jansson.h>

#include "cmd/check/clusters.h"
#include "cmd/check/public_file.h"

/* How old the file may be, in seconds: slurmctld ignores an older one. The script has the same
 * number. */
enum { SUBMIT_AGE_MAX = 3600 };

/* Whether the settings, or a file that an earlier check wrote, call for the file. */
bool submit_wanted(const struct env *env);

/* Collects the contents and writes the file. Call it with publish.lock, so that the newest books
 * win. A copy of a bank, which does not command Slurm, does nothing. */
int submit_publish(struct env *env, struct sb_error *err);

/* Tests whether the file can be written, as public_file_try(). */
int submit_try(struct env *env, int64_t slurm_user, bool write, struct sb_error *err);

/* Keeps what a whole check learned from Slurm about billing, SlurmUser and the factors of QOS, for
 * submit_publish(). Returns EXIT_DONE, or EXIT_PART after a warning. */
int submit_keep_facts(struct env *env, const struct clusters *clusters);
