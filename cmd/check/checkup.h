/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The main job: read Slurm, plan and commit, change Slurm, read back, enter the outcomes. */
#ifndef SUBANK_CMD_CHECK_CHECKUP_H
#define SUBANK_CMD_CHECK_CHECKUP_H

#include "cmd/frame/env.h"
#include "ledger/account/policy.h"

struct clusters;

struct checkup {
	const char *const *accounts; /* folded names; none: all */
	size_t account_count;
	bool dry_run;
	bool clock_ok;
	bool settling; /* after an entry; see struct check */
	bool must; /* EXIT_REFUSED, not EXIT_PART, when the clock is not to be trusted */
	bool put_right; /* also if the settings leave what was changed by hand */
	bool shut; /* see struct check */
};

/* Prints what was done to env->os.out. Returns the exit status: EXIT_PART when a cluster did not
 * answer, a limit could not be set or something else needs a look. */
int checkup_run(struct env *env, const struct checkup *checkup);

/* Plans a check of all accounts by what these clusters answered, enters nothing, and says how many
 * accounts it would hold. Writes that number. Returns EXIT_DONE, or that of an error. */
int checkup_foresee(struct env *env, const struct clusters *clusters, size_t *ret_held);

/* What is said of a bank that may not command Slurm from here. */
extern const char checkup_no_right[];

/* Says so if this bank may not command Slurm from here. */
void checkup_note_right(struct env *env);

/* Runs [fn] while no check runs, if this machine commands Slurm for the bank. Returns its exit
 * status, or EXIT_REFUSED. */
int checkup_locked(struct env *env, int (*fn)(struct env *env, void *ctx), void *ctx);

/* One pass for the accounts of [checkup], for who is in checkup_locked(). Sets [made] when entries
 * stand or Slurm was asked to change something, also before an error. */
int checkup_pass(struct env *env, const struct checkup *checkup, bool *made);

/* After entries on [accounts], 1 or more, which are held: brings Slurm in line at once, unless
 * --no-apply or a check that runs will do it. [status] is what the verb has come to so far; returns
 * the worse. */
int checkup_after(struct env *env, const char *const *accounts, size_t count, int status);

#endif
