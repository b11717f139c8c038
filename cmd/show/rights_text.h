/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Says what Slurm hides from the user who runs subank, and what changes that. */
#ifndef SUBANK_CMD_SHOW_RIGHTS_TEXT_H
#define SUBANK_CMD_SHOW_RIGHTS_TEXT_H

#include "cmd/frame/env.h"
#include "slurm/rights.h"

/* The user whom Slurm sees; valid as long as env->os.here(). */
struct caller caller_of(struct env *env);

/* Says that [where] ("slurmdbd", a cluster) hides [what] ("jobs", "use") of others from the caller,
 * and what to do. Returns [to]. */
enum { RIGHTS_TEXT_SIZE = 1024 };
const char *rights_text(struct env *env, const struct rights *rights, const char *where,
			const char *what, char to[RIGHTS_TEXT_SIZE]);

/* The command of sacctmgr that gives the caller AdminLevel Operator, when he has [level] now.
 * Returns [to].
 */
const char *rights_advice(struct env *env, const char *level, char to[RIGHTS_TEXT_SIZE]);

/* Fails with SB_EFAILED and such a text when slurmdbd hides jobs from the caller: sacct then
 * answers with none, or with his own alone. Asks as rights_of_slurmdbd() does. */
int rights_check_sacct(struct env *env, struct sb_error *err);

/* The same when the slurmctld of [config] hides jobs: squeue then shows none, or his own alone. */
int rights_check_squeue(struct env *env, const struct slurm_config *config, struct sb_error *err);

/* The same when it hides use: sshare then has no rows of accounts. */
int rights_check_sshare(struct env *env, const struct slurm_config *config, struct sb_error *err);

#endif
