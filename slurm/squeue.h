/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which jobs slurmctld knows. A job that slurmdbd has no end of and slurmctld does not know has
 * ended, nobody knows when, and sacct has it run on for ever: Slurm calls it runaway. */
#ifndef SUBANK_SLURM_SQUEUE_H
#define SUBANK_SLURM_SQUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "slurm/slurm.h"

struct known_jobs {
	int64_t *ids; /* sorted; each element of an array and component of a job has its own */
	size_t count;
	size_t odd; /* lines that are no number */
	char first_odd[256]; /* the first of them, for people; it may hold any bytes */
};

/* Asks slurmctld for all jobs of a cluster, whatever their state: `squeue -a -t all -M CLUSTER -o
 * %A`. Those that ended are among them for MinJobAge (300 s if the site says nothing). A line that
 * is no number is left out and counted. An answer that is cut off, has a NUL byte or no header is
 * SB_EFORMAT. known_jobs_release() frees [ret]. */
int squeue_read(const struct slurm *slurm, const char *cluster, struct known_jobs *ret,
		struct sb_error *err);

/* Whether slurmctld knows the job, or may: a line that was left out could be any job's. [id]:
 * sacct's JobIDRaw. */
bool known_jobs_have(const struct known_jobs *known, int64_t id);

/* Also of a zeroed one. */
void known_jobs_release(struct known_jobs *known);

#endif
