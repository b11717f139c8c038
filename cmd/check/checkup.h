/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The check: reads Slurm, plans and commits, changes Slurm, reads back and records the outcomes. */
#pragma once

#include "cmd/frame/env.h"
#include "ledger/account/policy.h"

struct clusters;

struct checkup {
	const char *const *accounts; /* folded names; none: all */
	size_t account_count;
	bool dry_run;
	bool clock_ok;
	bool settling; /* after an entry; see struct check */
	bool must; /* a partial failure is a failure: EXIT_REFUSED, not EXIT_PART */
	bool put_right; /* set back limits changed by hand even if the settings leave them */
	bool shut; /* see struct check */
	/* Runs at the end of a whole check that was not dry, without its locks: the check's status
	 * and metrics include the status it returns. NULL: nothing. */
	int (*last)(struct env *env, const struct checkup *checkup);
	int64_t began; /* for [last] */
};

/* Whether a step was carried out, at least in part: the next step may follow. */
static inline bool status_goes_on(int status)
{
	return status == EXIT_DONE || status == EXIT_PART;
}

/* The first of two statuses that is not EXIT_DONE. */
static inline int status_join(int first, int second)
{
	return first == EXIT_DONE ? second : first;
}

/* Checks, and prints what was done to env->os.out. Returns the exit status: EXIT_PART when a
 * cluster did not answer, a limit could not be set or something else needs attention. */
int checkup_run(struct env *env, const struct checkup *checkup);

/* Plans a check of all accounts by the answers of these clusters and records nothing. Prints and
 * writes how many accounts it would hold. Returns EXIT_DONE, or the status of an error. */
int checkup_foresee(struct env *env, const struct clusters *clusters, size_t *ret_held);

/* The message about a bank that may not command Slurm from this machine and folder. */
extern const char checkup_no_right[];

/* Whether the bank may command Slurm from this machine and folder. */
int checkup_may_command(struct env *env, struct books *books, bool *ret, struct sb_error *err);

/* Prints checkup_no_right as a note if it applies. */
void checkup_note_right(struct env *env);

/* Runs [fn] while no check runs, if this machine commands Slurm for the bank. Returns the exit
 * status of [fn], or EXIT_REFUSED. */
int checkup_locked(struct env *env, int (*fn)(struct env *env, void *ctx), void *ctx);

/* Checks the accounts of [checkup] once. Call it only from inside checkup_locked(). Sets [made]
 * when entries were recorded or Slurm was asked to change something, also before an error. */
int checkup_pass(struct env *env, const struct checkup *checkup, bool *made);

/* After entries on [accounts], 1 or more: brings Slurm in line at once, unless --no-apply says not
 * to or a running check will do it. [status] is the verb's status so far; returns the worse. */
int checkup_after(struct env *env, const char *const *accounts, size_t count, int status);
