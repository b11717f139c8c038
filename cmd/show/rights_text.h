/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reports what Slurm hides from the user who runs subank, and how to change that. */
#pragma once

#include "cmd/frame/env.h"
#include "slurm/rights.h"

/* Returns the user that Slurm knows the caller as; valid as long as env->os.here(). */
struct caller caller_of(struct env *env);

/* Writes that [where] ("slurmdbd", a cluster) hides other users' [what] ("jobs", "use") from the
 * caller, and what to do about it. Returns [to]. */
enum { RIGHTS_TEXT_SIZE = 1024 };
const char *rights_text(struct env *env, const struct rights *rights, const char *where,
			const char *what, char to[RIGHTS_TEXT_SIZE]);

/* Writes the command of sacctmgr that gives AdminLevel Operator to the caller, who has [level] now.
 * Returns [to]. */
const char *rights_advice(struct env *env, const char *level, char to[RIGHTS_TEXT_SIZE]);

/* Fails with SB_EFAILED and that text if slurmdbd hides jobs from the caller: sacct then lists only
 * the caller's own, or none. Runs the commands of rights_of_slurmdbd(). */
int rights_check_sacct(struct env *env, struct sb_error *err);

/* The same for associations: sacctmgr then lists only the caller's own. */
int rights_check_assocs(struct env *env, struct sb_error *err);

/* The same for the slurmctld of [config], whose squeue then lists only the caller's jobs, or none.
 */
int rights_check_squeue(struct env *env, const struct slurm_config *config, struct sb_error *err);

/* The same for use: sshare then has no rows of accounts. */
int rights_check_sshare(struct env *env, const struct slurm_config *config, struct sb_error *err);
