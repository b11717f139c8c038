/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is left out of Slurm's record of a cluster's jobs: rows that cannot be read, and runaway
 * jobs. A runaway job has no end in slurmdbd, and slurmctld does not know it: it ended at an
 * unknown time, but sacct shows it as running for ever. */
#pragma once

#include "cmd/frame/env.h"
#include "slurm/sacct.h"
#include "slurm/scontrol.h"
#include "slurm/squeue.h"

/* At most this many rows are described; the others are counted. */
enum { LEFT_OUT_NAMED = 3, LEFT_OUT_TEXT_SIZE = 640 };

/* Starts zeroed. Needs no release. */
struct left_out {
	size_t count;
	char first[LEFT_OUT_NAMED][LEFT_OUT_TEXT_SIZE / LEFT_OUT_NAMED];
};

void left_out_add(struct left_out *left, const struct sacct_odd *odd);

/* Writes 'line 3: Start of job 12 of account bio is "soon"; … and 4 more' to [to]. It may have
 * any bytes that Slurm printed. Returns [to]. */
const char *left_out_text(char to[LEFT_OUT_TEXT_SIZE], const struct left_out *left);

/* Warns if there are any; [what] says what becomes of their jobs. Returns EXIT_PART then, else
 * EXIT_DONE. */
int left_out_warn(struct env *env, const char *cluster, const struct left_out *left,
		  const char *what);

/* Reads the jobs that the cluster's slurmctld knows. Fails when it hides jobs from this user: a
 * hidden job is not a runaway one. The caller calls known_jobs_release(). */
int runaway_read(struct env *env, const struct slurm_config *config, const char *cluster,
		 struct known_jobs *ret, struct sb_error *err);

/* Whether the job has run away. [asked]: when [known] was read; seconds. */
bool runaway_is(const struct sacct_job *job, const struct known_jobs *known, int64_t asked);

/* Warns if lines of squeue cannot be read, so that no job counts as runaway. Returns EXIT_PART
 * then, else EXIT_DONE. */
int runaway_warn(struct env *env, const char *cluster, const struct known_jobs *known);

/* Warns if rows of reservations cannot be read. Returns EXIT_PART then, else EXIT_DONE. */
int reservations_warn(struct env *env, const char *cluster,
		      const struct reservations *reservations);
