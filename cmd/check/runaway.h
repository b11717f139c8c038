/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runaway jobs: slurmdbd has no end of them and slurmctld does not know them. They ended at an
 * unknown time, while sacct shows them as running for ever. */
#ifndef SUBANK_CMD_CHECK_RUNAWAY_H
#define SUBANK_CMD_CHECK_RUNAWAY_H

#include "cmd/frame/env.h"
#include "slurm/sacct.h"
#include "slurm/squeue.h"

/* Reads the jobs that the cluster's slurmctld knows. Fails when it hides jobs from this user: a
 * hidden job is not a runaway one. The caller calls known_jobs_release(). */
int runaway_read(struct env *env, const struct slurm_config *config, const char *cluster,
		 struct known_jobs *ret, struct sb_error *err);

/* Whether the job has run away. [asked]: when [known] was read; seconds. */
bool runaway_is(const struct sacct_job *job, const struct known_jobs *known, int64_t asked);

/* Warns if lines of squeue cannot be read, so that no job counts as runaway. Returns EXIT_PART
 * then, else EXIT_DONE. */
int runaway_warn(struct env *env, const char *cluster, const struct known_jobs *known);

#endif
